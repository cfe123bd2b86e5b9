// Variable Byte Integer: one to four bytes, seven bits each, the shortest form. [MQTT 5, 1.5.5]
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::wire {

inline constexpr std::uint32_t variable_byte_integer_max = 268'435'455;

[[nodiscard]] constexpr std::size_t variable_byte_integer_size(std::uint32_t value) noexcept {
  return value < 128 ? 1 : value < 16'384 ? 2 : value < 2'097'152 ? 3 : 4;
}

inline void encode_variable_byte_integer(std::uint32_t value, std::vector<std::byte>& out) {
  while (value >= 128) {
    out.push_back(static_cast<std::byte>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::byte>(value));
}

/// What the front of some bytes says.
struct VariableByteInteger {
  enum class Status : std::uint8_t { complete, incomplete, malformed };
  Status status;
  std::uint8_t size = 0;  ///< Bytes taken, when complete.
  std::uint32_t value = 0;
};

/// Reads one from the front of `bytes`. More than four bytes, or more than the value needs, is malformed.
[[nodiscard]] constexpr VariableByteInteger decode_variable_byte_integer(
    std::span<const std::byte> bytes) noexcept {
  using Status = VariableByteInteger::Status;
  std::uint32_t value = 0;
  for (std::uint8_t i = 0; i < 4; ++i) {
    if (i == bytes.size()) return {Status::incomplete};
    const auto digit = std::to_integer<std::uint32_t>(bytes[i]);
    value |= (digit & 0x7F) << (7 * i);
    if ((digit & 0x80) != 0) continue;
    if (digit == 0 && i != 0) return {Status::malformed};
    return {Status::complete, static_cast<std::uint8_t>(i + 1), value};
  }
  return {Status::malformed};
}

}  // namespace holdfast::wire
