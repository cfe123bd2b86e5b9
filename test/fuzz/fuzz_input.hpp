// The bytes of a fuzzer, read as choices. When they are used up every choice is 0.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

namespace holdfast::fuzz {

inline void require(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%d: does not hold\n", file, line);
  std::abort();
}

class Input {
 public:
  explicit Input(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  std::uint8_t byte() noexcept {
    if (rest_.empty()) return 0;
    const auto first = std::to_integer<std::uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return first;
  }
  std::uint32_t four_bytes() noexcept {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i)
      value = value << 8 | byte();
    return value;
  }
  /// At most `size`.
  std::span<const std::byte> bytes(std::size_t size) noexcept {
    const auto taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  /// 0 to `bound` - 1.
  std::size_t below(std::size_t bound) noexcept { return byte() % bound; }
  bool one_in(std::size_t bound) noexcept { return below(bound) == bound - 1; }
  template <class Value, std::size_t size>
  Value one_of(const std::array<Value, size>& values) noexcept {
    return values[below(size)];
  }

 private:
  std::span<const std::byte> rest_;
};

}  // namespace holdfast::fuzz
