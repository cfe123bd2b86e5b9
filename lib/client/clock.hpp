// The network thread's clock; the engine has none.
#pragma once

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

}  // namespace holdfast::client
