// What makes a client id one's own.
#pragma once

#include <string>

namespace holdfast::tools {

/// "-" and six random digits or small letters: on another machine, and in another container, there may be a
/// process with our number.
[[nodiscard]] std::string random_part();

}  // namespace holdfast::tools
