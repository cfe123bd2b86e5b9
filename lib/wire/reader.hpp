// Takes the standard's data types off the front of a packet. [MQTT 5, 1.5]
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "wire/variable_byte_integer.hpp"

namespace holdfast::wire {

/// Reading past the end gives zeros and empty views and is remembered: a parser reads all its fields and asks
/// failed() once.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::span<const std::byte> rest() const noexcept { return rest_; }

  std::span<const std::byte> bytes(std::size_t size) noexcept {
    if (size > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  std::uint8_t byte() noexcept { return static_cast<std::uint8_t>(big_endian(1)); }
  std::uint16_t two_bytes() noexcept { return static_cast<std::uint16_t>(big_endian(2)); }
  std::uint32_t four_bytes() noexcept { return big_endian(4); }
  std::span<const std::byte> binary() noexcept { return bytes(two_bytes()); }
  std::string_view string() noexcept {
    const auto text = binary();
    return {reinterpret_cast<const char*>(text.data()), text.size()};
  }
  std::uint32_t variable() noexcept {
    const VariableByteInteger integer = decode_variable_byte_integer(rest_);
    if (integer.status != VariableByteInteger::Status::complete) {
      failed_ = true;
      rest_ = {};
      return 0;
    }
    rest_ = rest_.subspan(integer.size);
    return integer.value;
  }

 private:
  std::uint32_t big_endian(std::size_t size) noexcept {
    std::uint32_t value = 0;
    for (const std::byte b : bytes(size))
      value = value << 8 | std::to_integer<std::uint32_t>(b);
    return value;
  }

  std::span<const std::byte> rest_;
  bool failed_ = false;
};

}  // namespace holdfast::wire
