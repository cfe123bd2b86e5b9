// The keys of a JSON object, those of objects in it as outer.inner.
#pragma once

#include <set>
#include <string>

#include "json_output.hpp"

namespace holdfast::tools {

inline std::set<std::string> keys_of(const Json& object, const std::string& before = "") {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) {
    if (value.is_object() && !value.empty())
      keys.merge(keys_of(value, before + key + "."));
    else
      keys.insert(before + key);
  }
  return keys;
}

}  // namespace holdfast::tools
