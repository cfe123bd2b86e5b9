// The time of a store: goes on while no process runs, and does not jump when the system's clock is set.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "session/record.hpp"

namespace holdfast::store {

/// Milliseconds that count up from the making of the store: by monotonic time while a process has it, and by
/// the calendar in between, as far as that can be believed.
class StoreClock {
 public:
  using Milliseconds = std::chrono::milliseconds;
  using Wall = std::function<Milliseconds()>;  ///< The calendar, since 1970.

  explicit StoreClock(Wall wall) : wall_(std::move(wall)) {}

  /// Goes on from what was saved last, `now`.
  void start(Milliseconds saved_clock, Milliseconds saved_wall, session::TimePoint now) {
    const Milliseconds wall = wall_();
    // A board without a battery boots in 1970, and a clock may have been set back: then no time has passed,
    // as far as anybody knows. What was to expire is kept rather than lost.
    const bool believable = saved_wall >= earliest && wall >= saved_wall;
    base_ = saved_clock + (believable ? wall - saved_wall : Milliseconds(0));
    started_ = now;
  }
  [[nodiscard]] Milliseconds at(session::TimePoint time) const {
    return base_ + std::chrono::duration_cast<Milliseconds>(time - started_);
  }
  [[nodiscard]] session::TimePoint time_at(Milliseconds clock) const { return started_ + (clock - base_); }
  [[nodiscard]] Milliseconds wall() const { return wall_(); }

 private:
  // 2026 began: no calendar that is set says less.
  static constexpr Milliseconds earliest{std::chrono::seconds(1'767'225'600)};

  Wall wall_;
  Milliseconds base_{0};
  session::TimePoint started_{};
};

}  // namespace holdfast::store
