// The options of a fuzzed engine: all that change what it does, in any combination that passes their check.
#pragma once

#include <holdfast/options.hpp>

#include "fuzz/fuzz_input.hpp"

namespace holdfast::fuzz {

/// The method of every enhanced authentication here.
inline constexpr const char* authentication_method = "method";

[[nodiscard]] Options options_from(Input& input);

}  // namespace holdfast::fuzz
