// The time of a store: goes on while no process runs, and does not jump when the system's clock is set.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>

#include "session/record.hpp"

namespace holdfast::store {

/// What a store saves of the time: its own, and what else was known at that moment.
struct ClockReading {
  std::chrono::milliseconds clock{0};
  std::chrono::milliseconds wall{0};  ///< The calendar, since 1970.
  std::string boot_id;                ///< Of the system's run; empty if unknown.
  std::chrono::milliseconds boot{0};  ///< Since that run began.
};

/// Milliseconds that count up from the making of the store: by monotonic time while a process has it or the
/// system runs, and by the calendar over a restart of the system, as far as that can be believed.
class StoreClock {
 public:
  using Milliseconds = std::chrono::milliseconds;

  /// What the system says besides the monotonic time; tests say other things.
  struct System {
    std::function<Milliseconds()> wall;
    std::string boot_id;
  };

  explicit StoreClock(System system) : system_(std::move(system)) {}

  /// Goes on from what was saved last, `now`.
  void start(const ClockReading& saved, session::TimePoint now) {
    base_ = std::clamp(saved.clock, Milliseconds(0), base_max);
    base_ = std::min(base_ + passed_since(saved, now), base_max);
    started_ = now;
  }
  [[nodiscard]] Milliseconds at(session::TimePoint time) const {
    return base_ + std::chrono::duration_cast<Milliseconds>(time - started_);
  }
  [[nodiscard]] session::TimePoint time_at(Milliseconds clock) const {
    return started_ + (std::clamp(clock, Milliseconds(0), time_max) - base_);
  }
  [[nodiscard]] ClockReading reading(session::TimePoint now) const {
    return {at(now), system_.wall(), system_.boot_id, since_boot(now)};
  }

  /// No time that anybody asks for is later: the longest expiry, 136 years, after the latest start.
  static constexpr Milliseconds time_max{8'000'000'000'000};

 private:
  // 110 years: a calendar that jumps far ahead and back, again and again, must not carry the time to where it
  // does not fit into nanoseconds. Then it stands still while no process runs.
  static constexpr Milliseconds base_max{3'500'000'000'000};
  // 2026 began: no calendar that is set says less.
  static constexpr Milliseconds earliest{std::chrono::seconds(1'767'225'600)};

  [[nodiscard]] static Milliseconds since_boot(session::TimePoint now) {
    return std::chrono::duration_cast<Milliseconds>(now.time_since_epoch());
  }
  [[nodiscard]] Milliseconds passed_since(const ClockReading& saved, session::TimePoint now) const {
    const bool same_run = !system_.boot_id.empty() && saved.boot_id == system_.boot_id;
    if (same_run && saved.boot >= Milliseconds(0) && since_boot(now) >= saved.boot)
      return since_boot(now) - saved.boot;
    // A board without a battery boots in 1970, and a clock may have been set back: then no time has passed,
    // as far as anybody knows. What was to expire is kept rather than lost.
    const Milliseconds wall = system_.wall();
    const bool believable = saved.wall >= earliest && wall >= saved.wall;
    return believable ? wall - saved.wall : Milliseconds(0);
  }

  System system_;
  Milliseconds base_{0};
  session::TimePoint started_{};
};

}  // namespace holdfast::store
