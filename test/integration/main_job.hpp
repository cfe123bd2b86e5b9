// Holdfast's main job: numbered messages at QoS 1 and QoS 2 from one client to another, while a test breaks
// what lies between them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "client_under_test.hpp"

namespace holdfast::support {

class MainJob {
 public:
  /// Connects both clients and begins to publish, about `rate` messages a second of each QoS.
  MainJob(const Options& publisher, const Options& subscriber, std::size_t rate = 2'000);
  ~MainJob();
  MainJob(const MainJob&) = delete;
  MainJob& operator=(const MainJob&) = delete;

  /// Waits until so many more messages have come; whether they did.
  [[nodiscard]] bool goes_on(std::size_t messages, std::chrono::milliseconds deadline = patience) const;
  /// No more messages than these of each QoS, or those that are published already.
  void stop_publishing_at(std::size_t messages) noexcept { wanted_ = messages; }
  /// Whether all that is to be published has been acknowledged and has come.
  [[nodiscard]] bool done() const noexcept { return done_; }
  /// Waits until it is done; prints the figures and checks them: nothing is missing,
  /// the order is kept, at QoS 2 nothing comes twice.
  void check(const std::string& name, std::chrono::milliseconds deadline);

  [[nodiscard]] Client& publisher() noexcept { return publisher_; }
  [[nodiscard]] Client& subscriber() noexcept { return subscriber_; }

 private:
  struct Arrivals {
    std::vector<std::string> numbers;
    std::set<std::string> distinct;
  };

  void work();
  [[nodiscard]] bool all_came() const;
  void publish_what_is_due();
  void take_what_comes();

  Client publisher_;
  Client subscriber_;
  const std::size_t rate_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::atomic<std::size_t> wanted_;
  std::atomic<std::size_t> received_ = 0;
  std::atomic<bool> done_ = false;
  std::atomic<bool> stopping_ = false;
  // The thread's, until it has ended.
  std::size_t published_ = 0;
  Arrivals at_qos_1_;
  Arrivals at_qos_2_;

  std::thread thread_;
};

}  // namespace holdfast::support
