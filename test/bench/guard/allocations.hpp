// Every allocation of the process through operator new, counted.
#pragma once

#include <cstdint>

namespace holdfast::guard {

/// How many there were.
[[nodiscard]] std::uint64_t allocations() noexcept;
/// What all that was not given back takes of memory, with what the allocator adds to each.
[[nodiscard]] std::uint64_t bytes_in_use() noexcept;

}  // namespace holdfast::guard
