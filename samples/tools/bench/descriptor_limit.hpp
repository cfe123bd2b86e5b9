// How many files the process may have open: sockets count.
#pragma once

#include <cstddef>

namespace holdfast::tools {

/// Raises the limit where it is too low for so many clients. Throws Error (Errc::invalid_argument) saying
/// what to do where the system does not allow that.
void allow_descriptors_for(std::size_t clients);

}  // namespace holdfast::tools
