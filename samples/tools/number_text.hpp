// Numbers for people.
#pragma once

#include <cstdint>
#include <string>

namespace holdfast::tools {

/// 1,234,567.
[[nodiscard]] std::string with_commas(std::uint64_t number);

}  // namespace holdfast::tools
