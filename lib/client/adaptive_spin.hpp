// Looking for something for a moment before sleeping until it comes.
//
// To fall asleep and be woken takes several times as long as a broker on the same machine takes to answer.
// With a distant broker looking would only cost processor time, so it is given up as long as it is in vain.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

namespace holdfast::client {

class AdaptiveSpin {
 public:
  using Clock = std::chrono::steady_clock;

  /// How long one looks, at most: a broker on the same machine, or on a quick network, answers within.
  static constexpr std::chrono::microseconds longest{100};
  /// After so many times in vain, one after the other, one call does not look at all; after each further time
  /// twice as many do not, up to a most. A find ends that: a broker that was slow for a moment is soon waited
  /// for as before, and a distant one costs next to nothing.
  static constexpr int vain_max = 3;
  static constexpr int calls_without_max = 64;

  /// Any thread. Whether `condition()` holds, after a moment at most; false at once if there is no such
  /// moment before `deadline`. Of several threads one looks and the others sleep, lest they keep what they
  /// wait for from running.
  template <class Condition>
  bool operator()(std::optional<Clock::time_point> deadline, const Condition& condition) {
    const Clock::time_point end = Clock::now() + longest;
    if (deadline && *deadline < end) return false;
    if (without_.load(std::memory_order_relaxed) > 0) {
      without_.fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
    if (looking_.exchange(true, std::memory_order_acquire)) return false;
    const bool found = look(end, condition);
    learn(found && Clock::now() < end);  // Whoever had the processor meanwhile may have had it for long.
    looking_.store(false, std::memory_order_release);
    return found;
  }

 private:
  template <class Condition>
  static bool look(Clock::time_point end, const Condition& condition) {
    while (!condition()) {
      if (Clock::now() >= end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  void learn(bool in_time) {
    if (in_time) {
      vain_ = 0;
      pause_ = 1;
    } else if (vain_ + 1 < vain_max) {
      ++vain_;
    } else {
      without_.store(pause_, std::memory_order_relaxed);
      pause_ = std::min(2 * pause_, calls_without_max);
    }
  }

  std::atomic<bool> looking_{false};
  std::atomic<int> without_{0};
  // Of who looks: how often in vain, and how many calls do not look after the next time.
  int vain_ = 0;
  int pause_ = 1;
};

}  // namespace holdfast::client
