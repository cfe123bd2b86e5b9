// The descriptor behind Client::fd(): readable while a message or an event waits.
#pragma once

#include <memory>
#include <mutex>

#include "net/waker.hpp"

namespace holdfast::client {

/// Made on first use: who never asks for the descriptor pays no system call for it.
class Readiness {
 public:
  enum class Source : unsigned { messages = 1, events = 2 };

  /// Any thread, also under the lock of the queue it speaks of.
  void set(Source source, bool waiting) {
    const std::lock_guard lock(mutex_);
    const unsigned bit = static_cast<unsigned>(source);
    change(waiting ? waiting_ | bit : waiting_ & ~bit);
  }

  [[nodiscard]] int descriptor() {
    const std::lock_guard lock(mutex_);
    if (!waker_) {
      waker_ = std::make_unique<net::Waker>();
      if (waiting_ != 0) waker_->wake();
    }
    return waker_->descriptor();
  }

 private:
  void change(unsigned waiting) {
    if (waker_ && waiting_ == 0 && waiting != 0) waker_->wake();
    if (waker_ && waiting_ != 0 && waiting == 0) waker_->clear();
    waiting_ = waiting;
  }

  std::mutex mutex_;  // Guards all below.
  unsigned waiting_ = 0;
  std::unique_ptr<net::Waker> waker_;
};

}  // namespace holdfast::client
