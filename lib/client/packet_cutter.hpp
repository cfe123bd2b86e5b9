// Cuts the bytes of one direction of a connection into packets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "wire/packets.hpp"

namespace holdfast::client {

/// A packet as it went over the wire, or what is kept of it.
struct CutPacket {
  std::span<const std::byte> header;  ///< The fixed header.
  std::span<const std::byte> body;    ///< What is kept of the rest.
  std::size_t remaining_length = 0;   ///< The rest's whole size. [MQTT 5, 2.1.4]

  [[nodiscard]] wire::PacketType type() const noexcept;
  /// As the standard writes the type.
  [[nodiscard]] std::string_view name() const noexcept;
  /// Of a PUBLISH, and not checked: it may be 3.
  [[nodiscard]] unsigned qos() const noexcept;
  [[nodiscard]] bool dup() const noexcept { return (header.front() & std::byte{8}) != std::byte{0}; }
  [[nodiscard]] bool retain() const noexcept { return (header.front() & std::byte{1}) != std::byte{0}; }
  /// Of the types that have one.
  [[nodiscard]] std::optional<std::uint16_t> packet_identifier() const;
  /// Of a packet that has one, and one only.
  [[nodiscard]] std::optional<unsigned> reason_code() const;
};

/// Keeps no more than the beginning of a packet, however large the packet is.
class PacketCutter {
 public:
  /// How many bytes of a packet are kept at most.
  static constexpr std::size_t kept_max = 4096;

  /// Calls `on_packet` with each packet that ends within `bytes`, and `on_malformed` with the fixed header
  /// after which no packet can begin any more.
  template <class OnPacket, class OnMalformed>
  void feed(std::span<const std::byte> bytes, OnPacket on_packet, OnMalformed on_malformed) {
    while (!bytes.empty() && !malformed_) {
      bytes = bytes.subspan(header_size_ == 0 ? take_header_byte(bytes.front()) : take_body(bytes));
      if (malformed_) on_malformed(std::span<const std::byte>(kept_));
      if (malformed_ || header_size_ == 0 || missing_ != 0) continue;
      const std::span kept(kept_);
      on_packet(CutPacket{kept.first(header_size_), kept.subspan(header_size_), remaining_length_});
      begin_packet();
    }
  }
  /// A new connection begins.
  void reset();

 private:
  void begin_packet();
  // Both return how many bytes they took.
  std::size_t take_header_byte(std::byte next);
  std::size_t take_body(std::span<const std::byte> bytes);

  std::vector<std::byte> kept_;  // The first bytes of the packet, fixed header included.
  std::size_t header_size_ = 0;  // 0: the fixed header is not all there.
  std::size_t missing_ = 0;      // Bytes of the packet yet to come.
  std::size_t remaining_length_ = 0;
  bool malformed_ = false;  // Where packets begin is not known any more.
};

}  // namespace holdfast::client
