#include "wire/topic.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "wire/utf8.hpp"

namespace holdfast::wire {

namespace {

constexpr std::string_view share_prefix = "$share/";

// Takes the first level off `rest`; the separator after it goes too, and `last` tells whether there was none.
std::string_view take_level(std::string_view& rest, bool& last) noexcept {
  const std::size_t separator = rest.find('/');
  last = separator == std::string_view::npos;
  const std::string_view level = rest.substr(0, separator);
  rest.remove_prefix(last ? rest.size() : separator + 1);
  return level;
}

bool wildcards_stand_alone(std::string_view filter) noexcept {
  for (bool last = false; !last;) {
    const std::string_view level = take_level(filter, last);
    if (level == "#") return last;
    if (level != "+" && has_wildcard(level)) return false;
  }
  return true;
}

std::string_view without_share(std::string_view filter) noexcept {
  if (!is_shared(filter)) return filter;
  const std::size_t end_of_name = filter.find('/', share_prefix.size());
  return end_of_name == std::string_view::npos ? std::string_view() : filter.substr(end_of_name + 1);
}

// Whether these eight bytes are ASCII characters, none of them null, + or #. A byte behind one of those may
// be taken for one, too.
bool are_plain(const char* bytes) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t high_bits = ones * 0x80;
  std::uint64_t eight = 0;
  std::memcpy(&eight, bytes, sizeof(eight));
  const auto zero_bytes = [](std::uint64_t of) { return (of - ones) & ~of; };
  const std::uint64_t wildcards = (eight & ~(ones * ('+' ^ '#'))) ^ (ones * '#');  // They differ in one bit.
  return ((eight | zero_bytes(eight) | zero_bytes(wildcards)) & high_bits) == 0;
}

// What nearly all topic names are, seen eight bytes at a time: each message has one.
bool is_plain(std::string_view name) noexcept {
  if (name.size() < 8 || name.size() > 65535) return false;
  for (std::size_t at = 0; at + 8 < name.size(); at += 8) {
    if (!are_plain(name.data() + at)) return false;
  }
  return are_plain(name.data() + name.size() - 8);
}

}  // namespace

bool is_shared(std::string_view filter) noexcept {
  return filter.substr(0, share_prefix.size()) == share_prefix;
}

bool has_wildcard(std::string_view filter) noexcept {
  for (const char c : filter) {
    if (c == '+' || c == '#') return true;
  }
  return false;
}

}  // namespace holdfast::wire

namespace holdfast {

using namespace wire;

bool is_valid_topic_name(std::string_view name) noexcept {
  if (is_plain(name)) return true;
  return !name.empty() && !has_wildcard(name) && is_valid_utf8_string(name);
}

bool is_valid_topic_filter(std::string_view filter) noexcept {
  if (filter.empty() || !is_valid_utf8_string(filter)) return false;
  if (is_shared(filter)) {
    const std::string_view name =
        filter.substr(share_prefix.size(), filter.find('/', share_prefix.size()) - share_prefix.size());
    filter = without_share(filter);
    if (name.empty() || has_wildcard(name) || filter.empty()) return false;  // [MQTT-4.8.2-1] [MQTT-4.8.2-2]
  }
  return wildcards_stand_alone(filter);
}

bool topic_matches(std::string_view filter, std::string_view name) noexcept {
  filter = without_share(filter);
  if (!name.empty() && name.front() == '$' && !filter.empty() && has_wildcard(filter.substr(0, 1)))
    return false;
  bool filter_last = false;
  bool name_last = false;
  while (!filter_last && !name_last) {
    const std::string_view wanted = take_level(filter, filter_last);
    if (wanted == "#") return true;
    const std::string_view found = take_level(name, name_last);
    if (wanted != "+" && wanted != found) return false;
  }
  // "sport/#" also matches "sport": the parent level. [MQTT 5, 4.7.1.2]
  return filter_last == name_last || (name_last && filter == "#");
}

}  // namespace holdfast
