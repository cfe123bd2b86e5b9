// Where Deliveries are waited for. Shared by a client and its Deliveries, so that these may outlive it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "client/blocked_calls.hpp"
#include "session/outbound_message.hpp"

namespace holdfast::client {

class Completions {
 public:
  explicit Completions(std::shared_ptr<Doorbell> doorbell) : blocked_(std::move(doorbell)) {}

  /// Any thread. Waits until the message has ended, or `deadline` passed; whether it has ended.
  bool wait(const session::OutboundMessage& message,
            std::optional<std::chrono::steady_clock::time_point> deadline) {
    if (message.done()) return true;
    const BlockedCalls::Scope scope(blocked_);
    std::unique_lock lock(mutex_);
    const auto done = [&] { return message.done(); };
    if (deadline) return ended_.wait_until(lock, *deadline, done);
    ended_.wait(lock, done);
    return true;
  }

  /// Network thread. Lets all who wait see how these messages ended.
  void publish(const std::vector<session::OutboundMessagePtr>& finished) {
    for (const auto& message : finished)
      message->set_done();
    if (!blocked_.any_that_saw_before()) return;
    { const std::lock_guard lock(mutex_); }  // Whoever looked before done() is waiting by now.
    ended_.notify_all();
  }

  [[nodiscard]] BlockedCalls& blocked() noexcept { return blocked_; }

 private:
  BlockedCalls blocked_;
  std::mutex mutex_;  // Guards the moment between looking at done() and waiting.
  std::condition_variable ended_;
};

}  // namespace holdfast::client
