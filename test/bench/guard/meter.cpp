#include "bench/guard/meter.hpp"

#include <valgrind/callgrind.h>

#include <iostream>

#include "bench/guard/allocations.hpp"

namespace holdfast::guard {

void Meter::start() {
  running_ = true;
  allocations_before_ = allocations();
  CALLGRIND_TOGGLE_COLLECT;
}

void Meter::stop() {
  CALLGRIND_TOGGLE_COLLECT;
  running_ = false;
  allocations_ += allocations() - allocations_before_;
}

void Meter::report(const char* figure, std::uint64_t messages) {
  CALLGRIND_DUMP_STATS_AT(figure);  // And sets the counters to 0.
  std::cout << figure << ' ' << messages << " allocations " << allocations_ << '\n';
  allocations_ = 0;
}

}  // namespace holdfast::guard
