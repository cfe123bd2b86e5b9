// The engine's time: a parameter of every input, never read inside.
#pragma once

#include <chrono>

namespace holdfast::session {

/// Monotonic time that goes on through a suspend. It has no now(), so that nothing in this layer can read a
/// clock by accident; the network thread makes time points from CLOCK_BOOTTIME, tests from thin air.
struct BootClock {
  using rep = std::chrono::nanoseconds::rep;
  using period = std::chrono::nanoseconds::period;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
};
using TimePoint = BootClock::time_point;

inline constexpr TimePoint never = TimePoint::max();

}  // namespace holdfast::session
