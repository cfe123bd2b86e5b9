#include "client_id.hpp"

#include <algorithm>
#include <random>
#include <string_view>

namespace holdfast::tools {

std::string random_part() {
  constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::random_device random;
  std::uniform_int_distribution<std::size_t> one_of(0, digits.size() - 1);
  std::string part(7, '-');
  std::generate(part.begin() + 1, part.end(), [&] { return digits[one_of(random)]; });
  return part;
}

}  // namespace holdfast::tools
