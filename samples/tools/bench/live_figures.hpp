// How a run goes, second by second: one line on a terminal, written again and again, or lines of JSON.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "bench_options.hpp"
#include "measurements.hpp"

namespace holdfast::tools {

class LiveFigures {
 public:
  LiveFigures(const BenchOptions& options, const Measurements& figures);
  ~LiveFigures() { clear(); }
  LiveFigures(const LiveFigures&) = delete;
  LiveFigures& operator=(const LiveFigures&) = delete;

  /// To be called often: shows them when a second has passed.
  void tick();
  /// Takes the line back, for what is to be said instead.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  /// What was counted up to a moment.
  struct Counted {
    explicit Counted(const Measurements& figures);
    std::uint64_t published;
    std::uint64_t acknowledged;
    std::uint64_t received;
    LatencyCounts acknowledging;
    LatencyCounts end_to_end;
  };

  void show(const Counted& counted, double seconds);
  [[nodiscard]] std::string line_of(const Counted& counted, double seconds) const;
  [[nodiscard]] std::string json_of(const Counted& counted, double seconds) const;

  const BenchOptions& options_;
  const Measurements& figures_;
  const bool on_terminal_;
  bool written_ = false;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point last_ = start_;
  Counted before_;
};

}  // namespace holdfast::tools
