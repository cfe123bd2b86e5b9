// Runs what may hang on a thread of its own that nobody has to wait for.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "net/thread_signals.hpp"

namespace holdfast::net {

/// A function at work on a detached thread that takes no signals. Dropping the task abandons it: the thread
/// ends alone when the function returns, and touches nothing but the state it shares with the task.
template <class Result>
class DetachedTask {
 public:
  /// `finished` runs on the helper thread after the result is there, also when the task was abandoned; it
  /// must hold all it needs by value. Throws std::system_error if no thread can be had.
  DetachedTask(std::function<Result()> function, std::function<void()> finished)
      : state_(std::make_shared<State>()) {
    const SignalsBlocked blocked;
    std::thread([state = state_, function = std::move(function), finished = std::move(finished)] {
      std::optional<Result> result;
      std::exception_ptr error;
      try {
        result = function();
      } catch (...) {
        error = std::current_exception();
      }
      {
        const std::lock_guard lock(state->mutex);
        state->result = std::move(result);
        state->error = std::move(error);
      }
      finished();
    }).detach();
  }

  /// Whether take() would give a result or throw.
  [[nodiscard]] bool finished() const {
    const std::lock_guard lock(state_->mutex);
    return state_->result.has_value() || state_->error != nullptr;
  }

  /// The result, once there is one; then never again. Rethrows what the function threw.
  std::optional<Result> take() {
    const std::lock_guard lock(state_->mutex);
    if (auto error = std::exchange(state_->error, nullptr)) std::rethrow_exception(error);
    return std::exchange(state_->result, std::nullopt);
  }

 private:
  struct State {
    std::mutex mutex;  // Guards all below.
    std::optional<Result> result;
    std::exception_ptr error;
  };
  std::shared_ptr<State> state_;
};

}  // namespace holdfast::net
