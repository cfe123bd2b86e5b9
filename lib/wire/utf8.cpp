#include "wire/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace holdfast::wire {

namespace {

constexpr std::size_t longest_string = 65535;

// How many bytes at the front are ASCII without a null character, eight at a time.
std::size_t leading_ascii(const char* data, std::size_t size) noexcept {
  std::size_t at = 0;
  for (; at + 8 <= size; at += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, data + at, 8);
    constexpr std::uint64_t high = 0x8080808080808080;
    constexpr std::uint64_t ones = 0x0101010101010101;
    // The second term has a high bit set where a byte is 0; a false one may only follow a true one.
    if (((eight | ((eight - ones) & ~eight)) & high) != 0) break;
  }
  while (at < size && static_cast<unsigned char>(data[at] - 1) < 0x7F)
    ++at;
  return at;
}

// The length of the multi-byte sequence at the front; 0 if it is ill-formed. The ranges are those of
// Unicode's table 3-7: the second byte's range depends on the first.
std::size_t sequence_length(const unsigned char* data, std::size_t size) noexcept {
  const unsigned char first = data[0];
  const auto follows = [&](std::size_t i, unsigned char low = 0x80, unsigned char high = 0xBF) {
    return i < size && data[i] >= low && data[i] <= high;
  };
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned char low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = first == 0xED ? 0x9F : 0xBF;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned char low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xF4 ? 0x8F : 0xBF;
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_valid_utf8_string(std::string_view text) noexcept {
  if (text.size() > longest_string) return false;
  for (;;) {
    text.remove_prefix(leading_ascii(text.data(), text.size()));
    if (text.empty()) return true;
    const std::size_t length =
        sequence_length(reinterpret_cast<const unsigned char*>(text.data()), text.size());
    if (length == 0) return false;
    text.remove_prefix(length);
  }
}

bool is_well_formed_utf8(std::string_view text) noexcept {
  for (;;) {
    text.remove_prefix(leading_ascii(text.data(), text.size()));
    if (text.empty()) return true;
    const std::size_t length =
        text.front() == '\0'
            ? 1
            : sequence_length(reinterpret_cast<const unsigned char*>(text.data()), text.size());
    if (length == 0) return false;
    text.remove_prefix(length);
  }
}

}  // namespace holdfast::wire
