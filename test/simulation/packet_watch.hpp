// Sees every packet of the client twice: when the engine has made it, and when its last byte has left.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "session/output_buffer.hpp"
#include "simulation/world.hpp"
#include "support/broker_packets.hpp"

namespace holdfast::simulation {

class PacketWatch {
 public:
  explicit PacketWatch(World& world) : world_(world) {}

  /// A new connection begins.
  void reset();
  /// The engine was fed: what is new in `output` was made.
  void on_made(session::OutputBuffer& output);
  /// All before this offset has left.
  void on_written(std::uint64_t offset);
  /// Whether the CONNECT of this connection asked for a clean start.
  [[nodiscard]] bool clean_start() const noexcept { return clean_start_; }

 private:
  struct Waiting {
    support::Packet packet;
    std::uint64_t end_offset;
  };

  World& world_;
  std::uint64_t seen_ = 0;  // Offset up to which on_made() has looked.
  std::deque<Waiting> waiting_;
  std::vector<std::span<const std::byte>> pieces_;
  bool clean_start_ = false;
};

}  // namespace holdfast::simulation
