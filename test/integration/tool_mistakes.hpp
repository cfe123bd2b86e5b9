// What holdfast_pub and holdfast_sub make of command lines that cannot be meant.
#pragma once

#include <string>
#include <vector>

#include "tool_under_test.hpp"

namespace holdfast::support {

using Words = std::vector<std::string>;

/// Empty if that run of holdfast_pub or holdfast_sub failed with one line that has all the words in it.
[[nodiscard]] std::string fault_of_pub(const Outcome& outcome, const Words& words);
[[nodiscard]] std::string fault_of_sub(const Outcome& outcome, const Words& words);

struct Mistake {
  Arguments arguments;
  Words words;
};

/// Empty if each, put behind `-h 127.0.0.1 -p PORT`, is refused in one line before anything is sent to a
/// broker.
[[nodiscard]] std::string fault_with_pub(const std::vector<Mistake>& mistakes);
[[nodiscard]] std::string fault_with_sub(const std::vector<Mistake>& mistakes);

/// The same with the arguments as they stand, which have to be refused with exit status 1, as a wrong command
/// line is; with the word "secret" never in the line.
[[nodiscard]] std::string fault_with_whole(const char* program, const std::vector<Mistake>& mistakes);

}  // namespace holdfast::support
