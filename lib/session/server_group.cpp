#include "session/server_group.hpp"

#include <algorithm>

namespace holdfast::session {

namespace {

// Takes the first endpoint off a group that is not empty.
std::string_view take_first(std::string_view& group) noexcept {
  const std::size_t end = std::min(group.find(' '), group.size());
  const std::string_view first = group.substr(0, end);
  group.remove_prefix(std::min(end + 1, group.size()));
  return first;
}

}  // namespace

std::string server_group(const std::vector<std::string>& endpoints) {
  std::string group;
  for (const std::string& endpoint : endpoints) {
    if (is_in_group(endpoint, group)) continue;
    if (!group.empty()) group += ' ';
    group += endpoint;
  }
  return group;
}

bool is_in_group(std::string_view endpoint, std::string_view group) noexcept {
  while (!group.empty()) {
    if (take_first(group) == endpoint) return true;
  }
  return false;
}

bool is_same_group(std::string_view one, std::string_view other) noexcept {
  if (one == other) return true;
  while (!one.empty()) {
    if (is_in_group(take_first(one), other)) return true;
  }
  return false;
}

}  // namespace holdfast::session
