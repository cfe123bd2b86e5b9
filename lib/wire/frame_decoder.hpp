// Cuts a byte stream into packets, whatever the pieces it comes in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <holdfast/types.hpp>

#include "wire/decoded.hpp"
#include "wire/packets.hpp"

namespace holdfast::wire {

/// What next() found.
enum class Step : std::uint8_t {
  need_more,  ///< All that was fed is used up.
  frame,      ///< A packet.
  oversize,   ///< A packet above the maximum; its bytes are passed over as they come.
  malformed,  ///< error() says why. The stream cannot be followed any further.
};

/// A packet above the maximum. Of a PUBLISH as much is read as tells how to answer it.
struct Oversize {
  PacketType type = PacketType::publish;
  QoS qos = QoS::at_most_once;
  std::optional<std::uint16_t> packet_identifier = std::nullopt;
};

/// Feed bytes, then call next() until it needs more. The bodies of frames are views into the bytes fed, or,
/// for a packet that came in pieces, into a buffer of the decoder; both hold until the next call of feed().
/// Nothing is allocated for bytes that have not come, nor for a packet above the maximum.
class FrameDecoder {
 public:
  /// `maximum_packet_size` counts the whole packet, fixed header included. [MQTT 5, 3.1.2.11.4]
  explicit FrameDecoder(std::uint32_t maximum_packet_size) noexcept : maximum_(maximum_packet_size) {}

  /// Needs that next() has asked for more.
  void feed(std::span<const std::byte> bytes) noexcept { input_ = bytes; }
  [[nodiscard]] Step next(Frame& frame, Oversize& oversize);
  [[nodiscard]] const DecodeError& error() const noexcept { return error_; }
  /// A new stream begins.
  void reset();

 private:
  struct Header {
    std::size_t size;
    std::size_t body;
  };
  [[nodiscard]] Step next_from_input(Frame& frame, Oversize& oversize);
  [[nodiscard]] Step next_from_pieces(Frame& frame, Oversize& oversize);
  [[nodiscard]] Step begin_oversize(std::span<const std::byte> bytes, const Header& header,
                                    Oversize& oversize);
  /// Reads the fixed header at the front of `bytes`; false if it is malformed, nothing if it is not all
  /// there.
  [[nodiscard]] std::optional<Header> read_header(std::span<const std::byte> bytes);
  void take(std::size_t wanted);

  const std::uint32_t maximum_;
  std::span<const std::byte> input_;  // Fed and not used up.
  std::vector<std::byte> pieces_;     // The front of a packet that is not all there.
  std::size_t to_skip_ = 0;           // Bytes of an oversized packet yet to come.
  bool pieces_done_ = false;          // pieces_ was handed out as a frame.
  bool broken_ = false;
  DecodeError error_{ReasonCode::success, {}};
};

}  // namespace holdfast::wire
