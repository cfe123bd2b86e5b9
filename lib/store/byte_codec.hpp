// Numbers as the BLOBs of a store's file hold them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::store {

using Bytes = std::vector<std::byte>;

/// Seven bits a byte, the lowest first: small numbers are short.
inline void put_number(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::byte>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::byte>(value));
}

/// As put_number(); small numbers of either sign are short.
inline void put_signed(Bytes& out, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  put_number(out, value < 0 ? ~(bits << 1) : bits << 1);
}

/// Reading past the end gives zeros and is remembered: who reads asks failed() once.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

  std::uint8_t byte() noexcept {
    if (rest_.empty()) {
      failed_ = true;
      return 0;
    }
    const auto first = std::to_integer<std::uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return first;
  }
  std::uint64_t number() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t digit = byte();
      value |= (digit & 0x7F) << shift;
      if (digit < 0x80) return value;
    }
    failed_ = true;
    return 0;
  }
  std::int64_t signed_number() noexcept {
    const std::uint64_t bits = number();
    return static_cast<std::int64_t>((bits & 1) != 0 ? ~(bits >> 1) : bits >> 1);
  }

 private:
  std::span<const std::byte> rest_;
  bool failed_ = false;
};

}  // namespace holdfast::store
