// Takes what the clients of a run receive, messages and events: one thread for all.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "bench_client.hpp"
#include "bench_options.hpp"
#include "measurements.hpp"
#include "stamp.hpp"

namespace holdfast::tools {

class Receiving {
 public:
  /// Throws std::system_error.
  Receiving(const BenchOptions& options, std::uint32_t run, const StampClock& clock, Measurements& figures);
  ~Receiving();
  Receiving(const Receiving&) = delete;
  Receiving& operator=(const Receiving&) = delete;

  /// Any thread. From now on what comes for it is taken; it has to outlive stop().
  void add(BenchClient& client);
  /// Returns once nothing is taken any more.
  void stop();

 private:
  void run();
  void take(BenchClient& client);
  void on_message(BenchClient& client, const Message& message);
  void on_event(BenchClient& client, const Event& event);

  const BenchOptions& options_;
  const std::uint32_t run_;
  const StampClock& clock_;
  Measurements& figures_;
  const int epoll_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace holdfast::tools
