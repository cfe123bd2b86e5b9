// reauthenticate() calls that wait for the end of the exchange.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "session/engine.hpp"

namespace holdfast::client {

/// There is one exchange at a time: whoever waits, waits for that one.
class AuthenticationCalls {
 public:
  /// Any thread. How many exchanges have ended.
  [[nodiscard]] std::uint64_t ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

  /// Any thread. The outcome of one that ends when `ended` have; nothing if none does before `deadline`.
  [[nodiscard]] std::optional<session::AuthenticationOutcome> wait(
      std::uint64_t ended, std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [&] { return ended_ > ended || closed_; });
    if (ended_ > ended) return last_;
    if (!closed_) return std::nullopt;
    return session::AuthenticationOutcome{Errc::closed, "reauthenticate: the client ended", {}, {}};
  }

  /// Network thread.
  void complete(session::AuthenticationOutcome outcome) {
    const std::lock_guard lock(mutex_);
    last_ = std::move(outcome);
    ++ended_;
    changed_.notify_all();
  }

  /// Network thread, as it ends.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  mutable std::mutex mutex_;  // Guards all below.
  std::condition_variable changed_;
  session::AuthenticationOutcome last_;
  std::uint64_t ended_ = 0;
  bool closed_ = false;
};

}  // namespace holdfast::client
