// Tells messages apart by what they say: the same message sent again has the same number.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "wire/packets.hpp"
#include "wire/property.hpp"

namespace holdfast::session {

/// Eight bytes at a time, since every QoS 1 message pays for it: std::hash takes twice as long.
class ContentHash {
 public:
  void add(std::string_view text) noexcept {
    add(text.size());
    if (text.size() < sizeof(std::uint64_t)) {
      for (const char c : text)
        add(static_cast<unsigned char>(c));
      return;
    }
    const char* const last = text.data() + text.size() - sizeof(std::uint64_t);
    for (const char* position = text.data(); position < last; position += sizeof(std::uint64_t))
      add(word_at(position));
    add(word_at(last));  // It may overlap the one before.
  }
  /// A change anywhere in `word` reaches most of the hash before the next one comes.
  void add(std::uint64_t word) noexcept {
    hash_ = std::rotl(hash_ ^ (word * 0xC2B2AE3D27D4EB4F), 31) * 0x9E3779B185EBCA87;
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return hash_; }

 private:
  static std::uint64_t word_at(const char* position) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, position, sizeof word);
    return word;
  }

  std::uint64_t hash_ = 0;
};

/// Without those that a broker may change when it sends a message again.
void add_properties(ContentHash& hash, wire::PropertiesView properties) noexcept;

/// Of a large payload only size, beginning and end count: it is not to be read once more.
inline std::uint64_t content_hash(const wire::Publish& publish, std::string_view topic) noexcept {
  constexpr std::size_t whole_max = 256;
  ContentHash hash;
  hash.add(topic);
  const std::string_view payload(reinterpret_cast<const char*>(publish.payload.data()),
                                 publish.payload.size());
  if (payload.size() <= whole_max) {
    hash.add(payload);
  } else {
    hash.add(payload.size());
    hash.add(payload.substr(0, whole_max / 2));
    hash.add(payload.substr(payload.size() - whole_max / 2));
  }
  if (!publish.properties.empty()) add_properties(hash, publish.properties);
  return hash.value();
}

}  // namespace holdfast::session
