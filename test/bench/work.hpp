// What the benchmarks have in common: the window, the topic, and what a measured run took.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace holdfast::bench {

/// Messages unfinished at a time; also Receive Maximum, both ways.
constexpr std::uint16_t window = 1'000;
constexpr const char* topic = "plant/17/temperature";

struct Sample {
  double seconds = 0;
  double cpu_seconds = 0;  ///< User and system time of all threads of the client's process.
  double commits = 0;      ///< Of the store, where there is one.
  double memory = 0;       ///< MiB, the most that the process took; where it is asked for.
};

/// Runs from its making.
class Stopwatch {
 public:
  [[nodiscard]] Sample stop() const {
    return {std::chrono::duration<double>(Clock::now() - started_).count(), cpu_now() - cpu_started_, 0, 0};
  }

 private:
  using Clock = std::chrono::steady_clock;

  static double cpu_now() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }

  Clock::time_point started_ = Clock::now();
  double cpu_started_ = cpu_now();
};

}  // namespace holdfast::bench
