// Tells messages apart by what they say: the same topic and payload, the same number.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace holdfast::session {

// Eight bytes at a time, since every QoS 1 message pays for it: a hash for strings takes three times as long.
inline std::uint64_t hash_on(std::uint64_t hash, const char* data, std::size_t size) noexcept {
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15;
  const auto take = [&hash](std::uint64_t word) { hash = std::rotl((hash ^ word) * odd, 29); };
  const auto take_eight_at = [&take](const char* position) {
    std::uint64_t word = 0;
    std::memcpy(&word, position, sizeof word);
    take(word);
  };
  take(size);
  const char* const end = data + size;
  if (size < sizeof(std::uint64_t)) {
    while (data != end)
      take(static_cast<unsigned char>(*data++));
    return hash;
  }
  for (; end - data > 8; data += 8)
    take_eight_at(data);
  take_eight_at(end - 8);  // The last of them may overlap.
  return hash;
}

inline std::uint64_t content_hash(std::string_view topic, std::span<const std::byte> payload) noexcept {
  return hash_on(hash_on(0, topic.data(), topic.size()), reinterpret_cast<const char*>(payload.data()),
                 payload.size());
}

}  // namespace holdfast::session
