// What the engine sends, looked at as it is made: every packet is one that a client may send at that point,
// no identifier names two things at once, the window is kept, and DUP is true.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "session/output_buffer.hpp"
#include "session/record.hpp"
#include "wire/frame_decoder.hpp"
#include "wire/packets.hpp"
#include "wire/version.hpp"

namespace holdfast::fuzz {

/// What CONNECT says, and a broker goes by.
struct Greeting {
  wire::Version version = wire::Version::mqtt_5;
  bool clean_start = false;
  bool authenticates = false;  ///< It names an authentication method.
};

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
  /// The engine was asked to authenticate again.
  void on_reauthenticate() noexcept { reauthentication_asked_ = true; }
  /// The message has ended on our side.
  void on_failed(std::uint32_t number);
  /// The application has acknowledged one more message that came under this identifier.
  void on_acknowledged(std::uint16_t packet_identifier);
  /// Looks at what was made since the last call.
  void on_output(session::OutputBuffer& output);
  /// The connection is to be closed: nothing more may come.
  void on_closing() noexcept { closing_ = true; }

  [[nodiscard]] std::vector<Unanswered>& unanswered() noexcept { return unanswered_; }
  /// The numbers of the messages of QoS 1 and 2 that were sent since this was emptied.
  [[nodiscard]] std::vector<std::uint32_t>& published() noexcept { return published_; }
  [[nodiscard]] bool connect_sent() const noexcept { return connect_sent_; }
  [[nodiscard]] bool accepted() const noexcept { return accepted_; }
  /// Of this connection or the last one.
  [[nodiscard]] const Greeting& greeting() const noexcept { return greeting_; }
  /// Whether the window surely has room for one more.
  [[nodiscard]] bool has_room(QoS qos) const noexcept;

 private:
  struct Use {
    std::optional<std::uint32_t> number;  // Of a message; else it is a request.
    bool left = false;                    // A PUBLISH has left entirely on an earlier connection.
    bool released = false;                // PUBREC came.
    bool held = false;                    // The message has ended on our side.
    std::uint64_t end_offset = 0;
    bool on_this_connection = false;
    bool in_window = false;
    bool exactly_once = false;
  };

  void look_at(std::span<const std::byte> bytes);
  void on_frame(const wire::Frame& frame, std::size_t size);
  void on_connect(const wire::Frame& frame);
  void on_publish(const wire::Frame& frame);
  void on_auth(const wire::Frame& frame);
  void take_acknowledgement(const wire::Frame& frame);
  void take_answer(const wire::Frame& frame);
  void take_auth(const wire::Frame& frame);
  void on_acknowledgement(const wire::Frame& frame);
  void on_request(std::uint16_t packet_identifier, wire::PacketType type, std::size_t filters);
  void use_window(Use& use, QoS qos);
  void free(std::uint16_t packet_identifier);

  const std::size_t in_flight_max_;
  // The session.
  bool exact_ = true;
  std::map<std::uint16_t, Use> uses_;
  // By packet identifier of received messages, those that the grammar uses.
  std::array<unsigned, 16> acknowledged_{};  // By the application.
  std::array<unsigned, 16> pubacks_{};       // That say so.
  // The connection.
  Greeting greeting_;
  wire::FrameDecoder decoder_{0xFFFFFFFF};
  std::array<std::span<const std::byte>, 512> pieces_;
  std::uint64_t seen_ = 0;
  std::uint64_t packet_end_ = 0;
  bool connect_sent_ = false;
  bool accepted_ = false;
  bool closing_ = false;
  bool ended_ = false;
  std::size_t quota_ = 0;
  std::optional<std::uint32_t> maximum_packet_size_;
  std::size_t window_ = 0;               // Messages in it,
  std::size_t window_exactly_once_ = 0;  // and those of QoS 2 among them.
  std::size_t challenges_ = 0;           // AUTH packets that are to be answered.
  bool reauthentication_asked_ = false;
  bool reauthenticating_ = false;
  std::vector<Unanswered> unanswered_;
  std::vector<std::uint32_t> published_;
};

}  // namespace holdfast::fuzz
