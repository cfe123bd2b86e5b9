// What the checks of arguments say.
#pragma once

#include <optional>
#include <string>

#include <holdfast/error.hpp>

#include "tools.hpp"

namespace holdfast::test {

struct Refusal {
  std::error_code code;
  std::string what;
};

/// What `call()` throws; nothing if it returns.
template <class Call>
std::optional<Refusal> refusal_of(Call&& call) {
  try {
    static_cast<void>(call());
  } catch (const Error& error) {
    return Refusal{error.code(), error.what()};
  }
  return std::nullopt;
}

/// Strings that MQTT has no room for, with what each stands for.
struct BadString {
  const char* why;
  std::string value;
};
inline const BadString bad_strings[] = {
    {"a null character", std::string("a\0b", 3)},
    {"not UTF-8", "\xC3("},
    {"a surrogate", "\xED\xA0\x80"},
    {"too long", std::string(65536, 'x')},
};

}  // namespace holdfast::test
