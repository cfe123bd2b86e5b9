// How far a library that calls back has come.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "bench/work.hpp"

namespace holdfast::bench {

/// Counts what the library's thread has done, and keeps the application from running ahead of it.
class Progress {
 public:
  explicit Progress(std::string library, std::uint32_t outstanding_max = window)
      : library_(std::move(library)), outstanding_max_(outstanding_max) {}

  /// Waits until fewer than the most are unfinished. Woken when an eighth of the room is free, as Holdfast
  /// does it inside: a wake-up a message would be the library's loss.
  void begin_one() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.wait(lock, [&] { return begun_ - finished_ < outstanding_max_; });
    --waiting_;
    ++begun_;
  }
  void finish_one() {
    const std::lock_guard lock(mutex_);
    if (finished_ >= recorded_from_ && finished_ - recorded_from_ < ended_.size())
      ended_[finished_ - recorded_from_] = std::chrono::steady_clock::now();
    ++finished_;
    if (finished_ == awaited_ ||
        (waiting_ > 0 && begun_ - finished_ <= outstanding_max_ - outstanding_max_ / 8))
      changed_.notify_all();
  }
  void wait_for(std::uint32_t count) {
    std::unique_lock lock(mutex_);
    awaited_ = count;
    if (!changed_.wait_for(lock, std::chrono::minutes(5), [&] { return finished_ >= count; }))
      throw std::runtime_error(library_ + ": only " + std::to_string(finished_) + " messages");
  }
  /// For all that was begun.
  void wait_for_all() {
    std::unique_lock lock(mutex_);
    const std::uint32_t begun = begun_;
    lock.unlock();
    wait_for(begun);
  }
  /// Notes when each of those that finish from now on does. They finish in the order in which they began.
  void record(std::span<std::chrono::steady_clock::time_point> ended) {
    const std::lock_guard lock(mutex_);
    ended_ = ended;
    recorded_from_ = finished_;
  }

 private:
  const std::string library_;
  const std::uint32_t outstanding_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint32_t begun_ = 0;
  std::uint32_t finished_ = 0;
  std::uint32_t awaited_ = 0;
  unsigned waiting_ = 0;  // Publishers that wait for room.
  std::span<std::chrono::steady_clock::time_point> ended_;
  std::uint32_t recorded_from_ = 0;
};

}  // namespace holdfast::bench
