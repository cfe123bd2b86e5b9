// What the tests of the reconnect policy begin with.
#pragma once

#include <chrono>

#include "session/reconnect_policy.hpp"

namespace holdfast::session {

inline ReconnectOptions policy_options() {
  ReconnectOptions options;
  options.min_delay = std::chrono::milliseconds(100);
  options.max_delay = std::chrono::seconds(10);
  options.stable_after = std::chrono::seconds(5);
  return options;
}

inline const TimePoint start(std::chrono::hours(1'000));

}  // namespace holdfast::session
