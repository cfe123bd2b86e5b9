// How a tool says that its user is mistaken.
#pragma once

#include <string>

#include <holdfast/error.hpp>

namespace holdfast::tools {

/// Throws Error (Errc::invalid_argument): what is wrong, and what to do instead.
[[noreturn]] inline void refuse(const std::string& what) {
  throw Error(Errc::invalid_argument, what);
}

}  // namespace holdfast::tools
