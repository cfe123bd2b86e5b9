#include "topic_pattern.hpp"

#include <algorithm>

namespace holdfast::tools {

namespace {

bool varies(std::string_view level) {
  for (const std::string_view placeholder : {"%i", "%c", "%n"}) {
    if (level.find(placeholder) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

std::string expand(std::string_view pattern, std::size_t client, std::string_view client_id,
                   std::size_t topic) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char kind = pattern[i] == '%' && i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (kind == 'i') {
      text += std::to_string(client);
    } else if (kind == 'c') {
      text += client_id;
    } else if (kind == 'n') {
      text += std::to_string(topic);
    } else {
      text += pattern[i];
      continue;
    }
    ++i;
  }
  return text;
}

std::string filter_of(std::string_view pattern) {
  std::string filter;
  for (std::size_t begin = 0; begin <= pattern.size();) {
    const std::size_t end = std::min(pattern.find('/', begin), pattern.size());
    const std::string_view level = pattern.substr(begin, end - begin);
    filter += varies(level) ? "+" : level;
    if (end < pattern.size()) filter += '/';
    begin = end + 1;
  }
  return filter;
}

std::string_view unshared(std::string_view filter) {
  constexpr std::string_view share = "$share/";
  if (!filter.starts_with(share)) return filter;
  const std::size_t end = filter.find('/', share.size());
  return end == std::string_view::npos ? filter : filter.substr(end + 1);
}

}  // namespace holdfast::tools
