// One connection through a Gateway.
#pragma once

#include <poll.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/descriptor.hpp"
#include "support/gateway_layer.hpp"

namespace holdfast::support {

class GatewayConnection {
 public:
  /// Connects to the target at once; nothing is read from the client before that has succeeded, so that a
  /// target that refuses is felt as one. The layers: the one at the client's socket first.
  GatewayConnection(Descriptor client, std::uint16_t target_port,
                    std::vector<std::unique_ptr<GatewayLayer>> layers);

  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(client_.socket); }
  /// What to poll: the client's side and the target's.
  [[nodiscard]] pollfd client_interest() const noexcept;
  [[nodiscard]] pollfd target_interest() const noexcept;
  void act(short client_events, short target_events);

 private:
  struct Side {
    Descriptor socket;
    std::string outgoing;
    bool ended = false;         ///< No more comes from there.
    bool told_the_end = false;  ///< Nothing more can go there.
    bool broken = false;        ///< Writing failed; what it had sent before may still be read.
    bool hung_up = false;       ///< poll(2) says so for ever, and nothing else is wanted of it.
  };

  [[nodiscard]] static short wanted_events(const Side& side, const Side& other) noexcept;
  [[nodiscard]] static pollfd interest(const Side& side, const Side& other) noexcept;
  void finish_connecting();
  /// Looks after one side's reports; whether there is something to be read.
  [[nodiscard]] bool is_readable(Side& side, const Side& other, short events);
  /// What has come. Notes an end; closes both sides after a reset.
  [[nodiscard]] std::string receive(Side& side);
  void read_from_client();
  void read_from_target();
  /// Brings what the layers have to say out through those outside of them.
  void collect();
  static void write_to(Side& side);
  void pass_on_ends();
  /// The other side was reset.
  void break_other(const Side& side);
  void close();

  Side client_;
  Side target_;
  std::vector<std::unique_ptr<GatewayLayer>> layers_;
  bool connected_ = false;
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace holdfast::support
