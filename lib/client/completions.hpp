// Where Deliveries are waited for. Shared by a client and its Deliveries, so that these may outlive it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "client/adaptive_spin.hpp"
#include "client/blocked_calls.hpp"
#include "session/outbound_message.hpp"
#include "session/record.hpp"

namespace holdfast::client {

class Completions {
 public:
  explicit Completions(std::shared_ptr<Doorbell> doorbell) : blocked_(std::move(doorbell)) {}

  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  /// Any thread. Waits until the message has ended, or `deadline` passed; whether it has ended.
  bool wait(const session::OutboundMessage& message, Deadline deadline) {
    const auto done = [&] { return message.done(); };
    if (done() || spin_(deadline, done)) return true;
    const BlockedCalls::Scope scope(blocked_);
    return sleep_until(deadline, done);
  }
  /// The same until it is in the store; a message that has ended will not come there any more.
  bool wait_stored(const session::OutboundMessage& message, Deadline deadline) {
    // Not for the broker: it is no reason to go on reading while the inbox is full.
    if (!message.stored() && !message.done()) {
      const StoreWaiter waiter(*this);
      sleep_until(deadline, [&] { return message.stored() || message.done(); });
    }
    return message.stored();
  }

  /// Network thread. Lets all who wait see how these messages ended.
  void publish(const std::vector<session::OutboundMessagePtr>& finished) {
    for (const auto& message : finished)
      message->set_done();
    wake();
  }
  /// Network thread. Lets all who wait see that the store has what these records promise.
  void publish_stored(const session::Journal& committed) {
    bool any = false;
    for (const session::Record& record : committed) {
      const auto* accepted = std::get_if<session::record::Accepted>(&record);
      if (accepted == nullptr) continue;
      accepted->message->set_stored();
      any = true;
    }
    if (any) wake();
  }

  [[nodiscard]] BlockedCalls& blocked() noexcept { return blocked_; }

 private:
  struct StoreWaiter {
    explicit StoreWaiter(Completions& completions) : count(completions.store_waiters_) { ++count; }
    ~StoreWaiter() { --count; }
    StoreWaiter(const StoreWaiter&) = delete;
    StoreWaiter& operator=(const StoreWaiter&) = delete;
    std::atomic<int>& count;
  };

  template <class Condition>
  bool sleep_until(Deadline deadline, const Condition& condition) {
    std::unique_lock lock(mutex_);
    if (deadline) return changed_.wait_until(lock, *deadline, condition);
    changed_.wait(lock, condition);
    return true;
  }
  void wake() {
    // As BlockedCalls::any_that_saw_before(): who is missed here begins later and sees the change.
    const bool store_waiters = store_waiters_.fetch_add(0) != 0;
    if (!blocked_.any_that_saw_before() && !store_waiters) return;
    { const std::lock_guard lock(mutex_); }  // Whoever looked before the change is waiting by now.
    changed_.notify_all();
  }

  AdaptiveSpin spin_;
  BlockedCalls blocked_;
  std::atomic<int> store_waiters_{0};
  std::mutex mutex_;  // Guards the moment between looking and waiting.
  std::condition_variable changed_;
};

}  // namespace holdfast::client
