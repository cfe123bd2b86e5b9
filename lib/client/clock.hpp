// The network thread's clock, and the clock of the calls that wait for it; the engine has none.
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>

#include "session/time.hpp"

namespace holdfast::client {

/// Goes on through a suspend where the system can tell: a session may have expired while the lid was closed.
[[nodiscard]] inline session::TimePoint boot_time_now() noexcept {
#ifdef CLOCK_BOOTTIME
  constexpr clockid_t clock = CLOCK_BOOTTIME;
#else
  constexpr clockid_t clock = CLOCK_MONOTONIC;
#endif
  timespec now{};
  clock_gettime(clock, &now);
  return session::TimePoint(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

/// What a time-out without end, such as milliseconds::max(), is taken for: longer than any process lives,
/// short enough that no clock overflows.
inline constexpr std::chrono::milliseconds longest_wait = std::chrono::hours(24 * 365 * 10);

/// A point in steady time, `timeout` from now.
[[nodiscard]] inline std::chrono::steady_clock::time_point after(std::chrono::milliseconds timeout) {
  return std::chrono::steady_clock::now() + std::min(timeout, longest_wait);
}

}  // namespace holdfast::client
