// Memory that runs out at a chosen moment.
#pragma once

#include <functional>

namespace holdfast::test {

/// Runs `work`, in which so many allocations of this thread succeed and the next one fails. Whether it came
/// to that; what `work` throws is its own business.
bool fails_at(long allocation, const std::function<void()>& work);

}  // namespace holdfast::test
