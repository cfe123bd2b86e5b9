// Finds the control packets in a stream of bytes: as much of MQTT 5 as the sink and the bare-socket client
// need. It trusts its peer; a benchmark has no hostile one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/stream.hpp"

namespace holdfast::bench {

// First bytes, flags included where they are fixed. [MQTT 5, 2.1]
namespace packet {
constexpr std::uint8_t connect = 0x10;
constexpr std::uint8_t connack = 0x20;
constexpr std::uint8_t publish = 0x30;
constexpr std::uint8_t puback = 0x40;
constexpr std::uint8_t pubrec = 0x50;
constexpr std::uint8_t pubrel = 0x62;
constexpr std::uint8_t pubcomp = 0x70;
constexpr std::uint8_t subscribe = 0x82;
constexpr std::uint8_t suback = 0x90;
constexpr std::uint8_t pingreq = 0xC0;
constexpr std::uint8_t pingresp = 0xD0;
constexpr std::uint8_t disconnect = 0xE0;
}  // namespace packet

/// A complete packet: its first byte, and what follows the remaining length.
struct Packet {
  std::uint8_t first;
  std::string_view body;

  [[nodiscard]] bool is(std::uint8_t type) const { return (first & 0xF0) == (type & 0xF0); }
  [[nodiscard]] int qos() const { return (first >> 1) & 3; }
  /// The two bytes of the packet identifier of a PUBLISH of QoS 1 or 2, or of an acknowledgement.
  [[nodiscard]] std::string_view identifier() const;
};

/// Bytes read from a connection, cut into packets.
class PacketScanner {
 public:
  PacketScanner() : buffer_(std::size_t{1} << 20) {}

  /// Reads once. False when there is nothing to read now. Throws EndOfStream.
  bool read(Stream& stream);
  /// Calls `take(Packet)` for each complete packet; the rest stays.
  template <class Take>
  void scan(Take&& take) {
    Packet packet{};
    std::size_t at = 0;
    while (const std::size_t size = packet_at(at, packet)) {
      take(packet);
      at += size;
    }
    drop(at);
  }

 private:
  /// Bytes of the packet that begins at `at`; 0 if it is not complete.
  [[nodiscard]] std::size_t packet_at(std::size_t at, Packet& packet) const;
  void drop(std::size_t bytes);

  std::vector<char> buffer_;
  std::size_t filled_ = 0;
};

/// A PUBLISH, encoded once: only its identifier changes from one to the next.
class EncodedPublish {
 public:
  EncodedPublish(int qos, std::size_t payload_size);
  /// `identifier` is left out at QoS 0.
  void append_to(std::string& out, std::uint16_t identifier);

 private:
  std::string packet_;
  std::size_t identifier_at_ = 0;  // 0: it has none.
};

/// Appends PUBACK, PUBREC, PUBREL or PUBCOMP in its short form.
void append_answer(std::string& out, std::uint8_t type, std::string_view identifier);

}  // namespace holdfast::bench
