// Waiting for a condition with a deadline: what tests do instead of sleeping.
#pragma once

#include <chrono>
#include <thread>

namespace holdfast::support {

/// How long a test waits for what must happen. Generous, since a sanitizer on a busy machine is slow and a
/// passing test never waits that long.
inline constexpr std::chrono::milliseconds patience{20'000};

/// Waits until `condition()` holds, asking every millisecond; whether it did before `deadline` passed.
template <typename Condition>
[[nodiscard]] bool eventually(Condition&& condition, std::chrono::milliseconds deadline = patience) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return condition();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

/// Whether `condition()` keeps holding for all of `period`: for promises that something does not happen.
template <typename Condition>
[[nodiscard]] bool throughout(std::chrono::milliseconds period, Condition&& condition) {
  return !eventually([&] { return !condition(); }, period);
}

}  // namespace holdfast::support
