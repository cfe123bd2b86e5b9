// How far a long publishing is: one line on a terminal, written again and again.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <holdfast/client.hpp>

namespace holdfast::tools {

class ProgressLine {
 public:
  /// `shown`: false leaves it all out.
  ProgressLine(const Client& client, bool shown) : client_(client), shown_(shown) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// To be called often: writes the line when it is time, not before a second has passed.
  void tick();
  /// Takes the line back, for what is to be said instead.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  const Client& client_;
  const bool shown_;
  bool written_ = false;
  Clock::time_point last_ = Clock::now();
  Clock::time_point next_ = last_ + std::chrono::seconds(1);
  std::uint64_t finished_ = 0;
};

/// "1,234/s, 5,678 acknowledged, 90 pending, 1 reconnect".
[[nodiscard]] std::string describe_progress(const Statistics& statistics, double rate);

}  // namespace holdfast::tools
