// What the engine sends, looked at as it is made: every packet is one that a client may send at that point,
// no identifier names two things at once, the window is kept, and DUP is true.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "session/output_buffer.hpp"
#include "session/record.hpp"
#include "wire/frame_decoder.hpp"
#include "wire/packets.hpp"

namespace holdfast::fuzz {

/// A packet of ours that an honest broker answers.
struct Unanswered {
  wire::PacketType type = wire::PacketType::publish;
  std::uint16_t packet_identifier = 0;
  QoS qos = QoS::at_most_once;
  std::size_t filters = 0;
};

/// The number of a message: the front of its payload.
[[nodiscard]] std::uint32_t number_in(std::span<const std::byte> payload);

class EngineWatch {
 public:
  explicit EngineWatch(std::size_t in_flight_max) : in_flight_max_(in_flight_max) {}

  void on_process_began(const session::Snapshot& snapshot);
  void on_connected();
  void on_disconnected(std::uint64_t written);
  /// The engine has taken CONNACK with success.
  void on_accepted(bool session_present, std::size_t receive_maximum,
                   std::optional<std::uint32_t> maximum_packet_size);
  /// The engine has taken this packet, and the connection goes on.
  void on_taken(const wire::Frame& frame);
  /// The connection ended in the middle of several packets: nobody knows which of them were taken.
  void on_lost_track() noexcept { exact_ = false; }
  /// The message has ended on our side.
  void on_failed(std::uint32_t number);
  /// Looks at what was made since the last call.
  void on_output(session::OutputBuffer& output);
  /// The connection is to be closed: nothing more may come.
  void on_closing() noexcept { closing_ = true; }

  [[nodiscard]] std::vector<Unanswered>& unanswered() noexcept { return unanswered_; }
  [[nodiscard]] bool accepted() const noexcept { return accepted_; }

 private:
  struct Use {
    std::optional<std::uint32_t> number;  // Of a message; else it is a request.
    bool left = false;                    // A PUBLISH has left entirely on an earlier connection.
    bool released = false;                // PUBREC came.
    bool held = false;                    // The message has ended on our side.
    std::uint64_t end_offset = 0;
    bool on_this_connection = false;
  };

  void look_at(std::span<const std::byte> bytes);
  void on_frame(const wire::Frame& frame, std::size_t size);
  void on_publish(const wire::Frame& frame);
  void on_request(std::uint16_t packet_identifier, wire::PacketType type, std::size_t filters);
  void free(std::uint16_t packet_identifier);

  const std::size_t in_flight_max_;
  // The session.
  bool exact_ = true;
  std::map<std::uint16_t, Use> uses_;
  // The connection.
  wire::FrameDecoder decoder_{0xFFFFFFFF};
  std::uint64_t seen_ = 0;
  std::uint64_t packet_end_ = 0;
  bool connect_sent_ = false;
  bool accepted_ = false;
  bool closing_ = false;
  bool ended_ = false;
  std::size_t quota_ = 0;
  std::optional<std::uint32_t> maximum_packet_size_;
  std::set<std::uint16_t> window_;
  std::vector<Unanswered> unanswered_;
};

}  // namespace holdfast::fuzz
