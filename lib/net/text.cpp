#include "net/text.hpp"

#include <algorithm>

namespace holdfast::net {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string shown(std::string_view text) {
  constexpr std::size_t size_max = 100;
  std::string made(text.substr(0, size_max));
  std::replace_if(
      made.begin(), made.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text.size() > size_max ? made + "..." : made;
}

bool list_has(std::string_view list, std::string_view element) {
  const std::string wanted = lower_case(element);
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (lower_case(trimmed(list.substr(0, comma))) == wanted) return true;
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return false;
}

}  // namespace holdfast::net
