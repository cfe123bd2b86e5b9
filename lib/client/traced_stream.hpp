// Cuts the bytes of one direction of a connection into packets, and describes each as a line of JSON.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "session/time.hpp"

namespace holdfast::client {

/// Keeps no more of a packet than a line may show of it, however large the packet is.
class TracedStream {
 public:
  /// How many bytes of a packet a line shows at most.
  static constexpr std::size_t shown_max = 4096;

  /// `direction` is a literal: "in" or "out". A line shows at most `payload_max` bytes of a payload.
  TracedStream(std::string_view direction, std::size_t payload_max) noexcept
      : direction_(direction), payload_max_(payload_max) {}

  /// Appends a line to `lines` for each packet that ends within `bytes`, and one where no packet can begin
  /// any more.
  void feed(std::span<const std::byte> bytes, session::TimePoint now, std::string& lines);
  /// A new connection begins. Since MQTT 5 packets have properties.
  void reset(bool has_properties);

 private:
  void begin_packet();
  [[nodiscard]] bool read_remaining_length(std::byte next);
  void append_line(session::TimePoint now, std::string& lines) const;

  void append_raw(std::string& lines) const;
  void append_malformed(session::TimePoint now, std::string& lines) const;
  [[nodiscard]] std::span<const std::byte> body() const noexcept {
    return std::span(front_).subspan(header_size_);
  }
  [[nodiscard]] std::size_t shown_of_body() const;

  const std::string_view direction_;
  const std::size_t payload_max_;
  std::vector<std::byte> front_;  // The first bytes of the packet, fixed header included.
  std::size_t header_size_ = 0;   // 0: the fixed header is not all there.
  std::size_t remaining_ = 0;     // Bytes of the packet yet to come, or the length read so far.
  std::size_t remaining_length_ = 0;
  bool has_properties_ = true;
  bool malformed_ = false;  // Where packets begin is not known any more.
};

}  // namespace holdfast::client
