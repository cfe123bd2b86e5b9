// When things are due that happen at a rate, however late those before them were.
#pragma once

#include <chrono>
#include <cstdint>

namespace holdfast::tools {

class Schedule {
 public:
  using Clock = std::chrono::steady_clock;

  /// `rate` a second, the first `phase` intervals after `start`. A rate of 0: all at `start`.
  Schedule(Clock::time_point start, double rate, double phase = 0)
      : start_(start), interval_(rate > 0 ? 1e9 / rate : 0), phase_(phase) {}

  /// Counted from the start each time, so that no rounding adds up.
  [[nodiscard]] Clock::time_point at(std::uint64_t number) const {
    const double since = (static_cast<double>(number) + phase_) * interval_;
    return start_ + std::chrono::nanoseconds(static_cast<std::int64_t>(since));
  }

 private:
  Clock::time_point start_;
  double interval_;  // Nanoseconds.
  double phase_;
};

}  // namespace holdfast::tools
