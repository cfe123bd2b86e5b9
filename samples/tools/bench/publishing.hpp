// What one publisher of a run does, on a thread of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include <holdfast/client.hpp>

#include "bench_client.hpp"
#include "bench_options.hpp"
#include "measurements.hpp"
#include "schedule.hpp"
#include "stamp.hpp"

namespace holdfast::tools {

/// What all publishers have in common.
struct PublishingPlan {
  const BenchOptions& options;
  const StampClock& clock;
  std::uint32_t run = 0;
  PublishOptions publish_options = {};
  std::chrono::steady_clock::time_point start = {};
  std::chrono::steady_clock::time_point end = {};
  const std::atomic<bool>& stop;
};

class Publishing {
 public:
  Publishing(const PublishingPlan& plan, BenchClient& client, Measurements& figures);

  /// Publishes until it is time, or enough, or Plan::stop; then waits for what is not acknowledged.
  void run();
  /// Afterwards: what it published, by topic.
  [[nodiscard]] const std::vector<PublishedStream>& streams() const noexcept { return streams_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Unfinished {
    Delivery delivery;
    Clock::time_point due;
    std::uint64_t number;
  };

  void publish_all();
  [[nodiscard]] bool enough() const;
  [[nodiscard]] Clock::time_point wait_for_room();
  [[nodiscard]] bool wait_until(Clock::time_point due);
  [[nodiscard]] bool publish(Clock::time_point due);
  [[nodiscard]] std::string_view make_payload(Clock::time_point due);
  void wait_for_oldest(std::chrono::nanoseconds longest);
  void finish();
  void harvest();
  void take_end_of(const Unfinished& message, Clock::time_point now);
  void note_not_delivered(std::uint64_t number);

  const PublishingPlan& plan_;
  BenchClient& client_;
  Measurements& figures_;
  std::vector<PublishedStream> streams_;
  std::deque<Unfinished> unfinished_;
  std::uint64_t number_ = 0;  // Of the next message.
  std::string payload_;
  std::mt19937 random_;
  std::uniform_int_distribution<std::size_t> size_;
};

}  // namespace holdfast::tools
