// What the application's threads and the network thread of one client share. Each part does its own locking.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <spdlog/logger.h>

#include <holdfast/options.hpp>
#include <holdfast/statistics.hpp>

#include "client/authentication_calls.hpp"
#include "client/completions.hpp"
#include "client/doorbell.hpp"
#include "client/event_queue.hpp"
#include "client/inbox.hpp"
#include "client/readiness.hpp"
#include "client/request_queue.hpp"
#include "client/requests.hpp"
#include "client/status.hpp"
#include "client/subscribers.hpp"
#include "client/subscription_calls.hpp"

namespace holdfast::client {

/// A value handed over whole.
template <class Value>
class Published {
 public:
  void set(Value value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
  }
  [[nodiscard]] Value get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  mutable std::mutex mutex_;  // Guards value_.
  Value value_;
};

struct Shared {
  explicit Shared(Options given);
  /// Any thread. The counters, and how queue and inbox are at this moment.
  [[nodiscard]] Statistics statistics() const;
  /// Any thread.
  void pause_receiving(bool pause);
  /// Any thread. A connection is being made again: who waits for something waits on.
  void resume();

  const Options options;
  const std::shared_ptr<spdlog::logger> logger;
  const std::shared_ptr<Doorbell> doorbell;
  const std::shared_ptr<Readiness> readiness;
  const std::shared_ptr<Completions> completions;
  const std::shared_ptr<Inbox> inbox;
  Subscribers subscribers;
  Requests requests;
  RequestQueue queue;
  EventQueue events;
  SubscriptionCalls calls;
  AuthenticationCalls authentications;
  Status status;
  Published<Statistics> counters;  ///< What only the network thread knows.
  Published<std::string> client_id;
  std::atomic<bool> receiving_paused{false};  ///< The application wants nothing to be read.
};

}  // namespace holdfast::client
