// How the client is: what connect() and disconnect() wait for.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <holdfast/reason_code.hpp>

namespace holdfast::client {

/// What the network thread is about. In brackets: what may follow.
enum class State : std::uint8_t {
  idle,        ///< Not told to connect, or disconnected, or the first attempt failed. [connecting]
  connecting,  ///< An attempt is under way. [connected, waiting, idle, refused, taken_over]
  connected,   ///< CONNACK with success. [waiting, closing, refused, taken_over]
  waiting,     ///< Until the next attempt. [connecting, idle]
  closing,     ///< disconnect() drains and says goodbye. [idle, waiting]
  refused,     ///< The broker does not want us. [connecting]
  taken_over,  ///< Another client has our Client Identifier. [connecting]
  closed,      ///< The client is being destroyed.
};

[[nodiscard]] constexpr std::string_view name_of(State state) noexcept {
  constexpr std::array<std::string_view, 8> names{"idle",    "connecting", "connected",  "waiting",
                                                  "closing", "refused",    "taken_over", "closed"};
  return names.at(static_cast<std::size_t>(state));
}

/// Whether attempts have ended until connect() is called again.
[[nodiscard]] constexpr bool is_final(State state) noexcept {
  return state == State::idle || state == State::refused || state == State::taken_over ||
         state == State::closed;
}

/// Why the last attempt or connection ended.
struct Failure {
  std::error_code error;
  std::string what;
  std::optional<ReasonCode> reason_code;
  std::string reason_string;
};

class Status {
 public:
  struct Snapshot {
    State state;
    Failure failure;
    bool drained;
  };

  /// Network thread. Makes what `announce()` tells and the new state known at once: whoever hears of the one
  /// finds the other.
  template <class Announce>
  void set(State state, Failure failure, Announce announce) {
    const std::lock_guard lock(mutex_);
    state_ = state;
    if (failure.error) failure_ = std::move(failure);
    connected_.store(state == State::connected, std::memory_order_release);
    announce();
    changed_.notify_all();
  }
  /// Network thread. Before it ends for this reason: whoever finds the queue closed is told so.
  void set_failure(Failure failure) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
    ending_ = true;
  }
  /// Network thread. Whether the last disconnect() left nothing behind.
  void set_drained(bool drained) {
    const std::lock_guard lock(mutex_);
    drained_ = drained;
  }

  /// connect(): whether a new start is needed; if so, the state is `connecting` from here on.
  bool begin_connecting() {
    const std::lock_guard lock(mutex_);
    if (!is_final(state_) || state_ == State::closed || ending_) return false;
    state_ = State::connecting;
    failure_ = {};
    return true;
  }

  /// disconnect(): whether there is anything to end.
  bool begin_disconnecting() {
    const std::lock_guard lock(mutex_);
    if (is_final(state_)) return false;
    state_ = State::closing;
    return true;
  }

  /// Waits until `reached(state)` or `deadline`.
  template <class Reached>
  Snapshot wait(std::chrono::steady_clock::time_point deadline, Reached reached) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [&] { return reached(state_); });
    return {state_, failure_, drained_};
  }

  [[nodiscard]] bool is_connected() const noexcept { return connected_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> connected_{false};
  std::mutex mutex_;  // Guards all below.
  std::condition_variable changed_;
  State state_ = State::idle;
  Failure failure_;
  bool ending_ = false;
  bool drained_ = true;
};

}  // namespace holdfast::client
