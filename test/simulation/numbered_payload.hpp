// Every message of a day has a number, and its payload begins with it: so whoever sees a packet knows which
// message it carries, whatever packet identifier it has.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "simulation/trace.hpp"

namespace holdfast::simulation {

inline constexpr std::size_t number_digits = 6;

[[nodiscard]] inline std::string numbered_payload(std::uint32_t number, std::size_t size) {
  const std::string digits = std::to_string(number);
  std::string payload(std::max(size, number_digits), '.');
  payload.replace(0, number_digits, std::string(number_digits - digits.size(), '0') + digits);
  return payload;
}

[[nodiscard]] inline std::uint32_t number_of(std::string_view payload) {
  require(payload.size() >= number_digits, [] { return "a payload came that nobody sent"; });
  std::uint32_t number = 0;
  for (const char digit : payload.substr(0, number_digits)) {
    require(digit >= '0' && digit <= '9', [] { return "a payload came that nobody sent"; });
    number = number * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  return number;
}

}  // namespace holdfast::simulation
