// How many calls of the application wait for something that only the broker's answers can bring. While there
// is one, the network thread goes on reading although the inbox is full, or receiving was paused: else the
// two would wait for each other.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "client/doorbell.hpp"

namespace holdfast::client {

class BlockedCalls {
 public:
  explicit BlockedCalls(std::shared_ptr<Doorbell> doorbell) : doorbell_(std::move(doorbell)) {}

  /// A call that waits, for as long as the scope lives. Any thread.
  class Scope {
   public:
    explicit Scope(BlockedCalls& calls) : calls_(calls) {
      calls_.count_.fetch_add(1, std::memory_order_seq_cst);
      calls_.tell_of_change();
    }
    ~Scope() {
      if (calls_.count_.fetch_sub(1, std::memory_order_seq_cst) == 1) calls_.tell_of_change();
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    BlockedCalls& calls_;
  };

  [[nodiscard]] bool any() const noexcept { return count_.load(std::memory_order_seq_cst) != 0; }
  /// As any(), asked after something was made visible: a call that is missed here begins later and will see
  /// it. A read-modify-write and not a fence, which the thread sanitizer does not understand.
  [[nodiscard]] bool any_that_saw_before() noexcept {
    return count_.fetch_add(0, std::memory_order_seq_cst) != 0;
  }
  /// Network thread: whether reading is to pause when no call waits. After saying `true` it asks any() once
  /// more: a call that begins or ends now sees it and rings.
  void set_pause_wanted(bool wanted) noexcept { pause_wanted_.store(wanted, std::memory_order_seq_cst); }
  void set_reading_paused(bool paused) noexcept { reading_paused_.store(paused, std::memory_order_relaxed); }
  [[nodiscard]] bool reading_paused() const noexcept {
    return reading_paused_.load(std::memory_order_relaxed);
  }

 private:
  void tell_of_change() {
    if (pause_wanted_.load(std::memory_order_seq_cst)) doorbell_->ring();
  }

  const std::shared_ptr<Doorbell> doorbell_;
  std::atomic<int> count_{0};
  std::atomic<bool> pause_wanted_{false};
  std::atomic<bool> reading_paused_{false};
};

}  // namespace holdfast::client
