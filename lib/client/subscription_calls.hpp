// subscribe() and unsubscribe() calls that wait for their answers.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

#include "client/status.hpp"
#include "session/engine.hpp"

namespace holdfast::client {

class SubscriptionCalls {
 public:
  /// The answer, or why none will come.
  using Outcome = std::variant<session::SubscriptionAnswer, Failure>;
  /// What a call does that begins while no connection will come by itself.
  enum class WhenEnded : std::uint8_t {
    wait,  ///< For the next connect(), too.
    fail,
  };

  /// Any thread. A ticket for a request about to be made.
  std::uint64_t open(WhenEnded when_ended) {
    const std::lock_guard lock(mutex_);
    auto& outcome = waiting_[++last_ticket_];
    if (ended_ && when_ended == WhenEnded::fail) outcome = *ended_;
    return last_ticket_;
  }

  /// Any thread. Waits for the answer until `deadline`; the ticket is void then.
  std::optional<Outcome> wait(std::uint64_t ticket, std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    answered_.wait_until(lock, deadline, [&] { return waiting_.at(ticket).has_value() || closed_; });
    auto outcome = std::move(waiting_.at(ticket));
    waiting_.erase(ticket);
    return outcome;
  }

  /// Network thread. False if nobody waits for this answer any more.
  bool complete(const session::SubscriptionAnswer& answer) {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(answer.request.ticket);
    if (found == waiting_.end()) return false;
    found->second = answer;
    answered_.notify_all();
    return true;
  }

  /// Network thread. No connection will come by itself: whoever waits now is told why.
  void interrupt(const Failure& failure) {
    const std::lock_guard lock(mutex_);
    ended_ = failure;
    for (auto& [ticket, outcome] : waiting_) {
      if (!outcome) outcome = failure;
    }
    answered_.notify_all();
  }

  /// Any thread. A connection is being made again.
  void resume() {
    const std::lock_guard lock(mutex_);
    ended_.reset();
  }

  /// The client is being destroyed: nobody waits any more.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    answered_.notify_all();
  }

 private:
  std::mutex mutex_;  // Guards all below.
  std::condition_variable answered_;
  std::map<std::uint64_t, std::optional<Outcome>> waiting_;
  std::uint64_t last_ticket_ = 0;
  std::optional<Failure> ended_;  // Why there is no connection, nor any to come.
  bool closed_ = false;
};

}  // namespace holdfast::client
