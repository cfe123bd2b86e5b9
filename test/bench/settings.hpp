// The command line of the benchmarks.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace holdfast::bench {

struct Settings {
  int rounds = 5;
  std::string json;               ///< The file for the figures; empty: none.
  bool check = false;             ///< Fail when a promise is not kept.
  std::vector<std::string> only;  ///< One case alone, over and over.
};

/// `only_values`: how many values --only takes. Throws std::invalid_argument.
Settings parse(const std::vector<std::string>& arguments, std::size_t only_values);

}  // namespace holdfast::bench
