// What this process has taken of the processor.
#pragma once

#include <time.h>

namespace holdfast::support {

[[nodiscard]] inline double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace holdfast::support
