// How far a library that calls back has come.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
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
    waiting_ = true;
    changed_.wait(lock, [&] { return begun_ - finished_ < outstanding_max_; });
    waiting_ = false;
    ++begun_;
  }
  void finish_one() {
    const std::lock_guard lock(mutex_);
    ++finished_;
    if (finished_ == awaited_ || (waiting_ && begun_ - finished_ <= outstanding_max_ - outstanding_max_ / 8))
      changed_.notify_all();
  }
  void wait_for(std::uint32_t count) {
    std::unique_lock lock(mutex_);
    awaited_ = count;
    if (!changed_.wait_for(lock, std::chrono::minutes(2), [&] { return finished_ >= count; }))
      throw std::runtime_error(library_ + ": only " + std::to_string(finished_) + " messages");
  }

 private:
  const std::string library_;
  const std::uint32_t outstanding_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint32_t begun_ = 0;
  std::uint32_t finished_ = 0;
  std::uint32_t awaited_ = 0;
  bool waiting_ = false;
};

}  // namespace holdfast::bench
