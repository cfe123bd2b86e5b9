// Wakes the network thread, with a system call only if it sleeps.
#pragma once

#include <atomic>

#include "net/waker.hpp"

namespace holdfast::client {

/// Any thread rings after it has put something where the network thread will look. The network thread
/// declares its sleep first and looks once more after that: whoever comes later sees the declaration.
class Doorbell {
 public:
  /// Any thread.
  void ring() noexcept {
    if (sleeping_.load(std::memory_order_seq_cst) && sleeping_.exchange(false, std::memory_order_seq_cst))
      waker_.wake();
  }

  // Network thread.
  void declare_sleep() noexcept { sleeping_.store(true, std::memory_order_seq_cst); }
  /// poll() found the descriptor readable. A ring may be written late, after its reader woke by itself.
  void clear() noexcept { waker_.clear(); }
  /// Awake again: by a ring or by itself.
  void declare_awake() noexcept { sleeping_.store(false, std::memory_order_seq_cst); }
  [[nodiscard]] int descriptor() const noexcept { return waker_.descriptor(); }

 private:
  net::Waker waker_;
  std::atomic<bool> sleeping_{false};
};

}  // namespace holdfast::client
