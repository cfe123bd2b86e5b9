// Describes each packet of one direction of a connection as a line of JSON.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "client/packet_cutter.hpp"
#include "session/time.hpp"

namespace holdfast::client {

class TracedStream {
 public:
  /// `direction` is a literal: "in" or "out". A line shows at most `payload_max` bytes of a payload, and of a
  /// packet no more than a PacketCutter keeps.
  TracedStream(std::string_view direction, std::size_t payload_max) noexcept
      : direction_(direction), payload_max_(payload_max) {}

  /// Appends a line to `lines` for each packet that ends within `bytes`, and one where no packet can begin
  /// any more.
  void feed(std::span<const std::byte> bytes, session::TimePoint now, std::string& lines);
  /// A new connection begins. Since MQTT 5 packets have properties.
  void reset(bool has_properties);

 private:
  void append_line(const CutPacket& packet, session::TimePoint now, std::string& lines) const;
  void append_raw(const CutPacket& packet, std::string& lines) const;
  void append_malformed(std::span<const std::byte> header, session::TimePoint now, std::string& lines) const;
  [[nodiscard]] std::size_t shown_of_body(const CutPacket& packet) const;

  const std::string_view direction_;
  const std::size_t payload_max_;
  PacketCutter cutter_;
  bool has_properties_ = true;
};

}  // namespace holdfast::client
