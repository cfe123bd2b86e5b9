// Events on their way to the application.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

#include <holdfast/event.hpp>

#include "client/readiness.hpp"

namespace holdfast::client {

/// Keeps the newest events; an application that takes none loses the oldest, not memory.
class EventQueue {
 public:
  static constexpr std::size_t kept = 1000;

  explicit EventQueue(std::shared_ptr<Readiness> readiness) : readiness_(std::move(readiness)) {}

  /// Network thread.
  void push(Event event) {
    const std::lock_guard lock(mutex_);
    if (merged(event)) return;
    if (events_.size() == kept) events_.pop_front();
    events_.push_back(std::move(event));
    if (events_.size() == 1) readiness_->set(Readiness::Source::events, true);
    arrived_.notify_one();
  }

  /// Any thread. Waits for one until `deadline`.
  std::optional<Event> next(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_until(lock, deadline, [this] { return !events_.empty() || closed_; }))
      return std::nullopt;
    if (events_.empty()) return std::nullopt;
    Event event = std::move(events_.front());
    events_.pop_front();
    if (events_.empty()) readiness_->set(Readiness::Source::events, false);
    return event;
  }

  /// The client is being destroyed: nobody waits any more.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    arrived_.notify_all();
  }

 private:
  // Telemetry that gives way all day must not push everything else out.
  bool merged(const Event& event) {
    const auto* more = std::get_if<MessagesDropped>(&event);
    if (more == nullptr) return false;
    const auto other = std::find_if_not(events_.rbegin(), events_.rend(), [](const Event& one) {
      return std::holds_alternative<MessagesDropped>(one);
    });
    const auto same = std::find_if(events_.rbegin(), other, [more](const Event& one) {
      return std::get<MessagesDropped>(one).error == more->error;
    });
    if (same == other) return false;
    auto& earlier = std::get<MessagesDropped>(*same);
    earlier.messages += more->messages;
    earlier.topic = more->topic;
    return true;
  }

  const std::shared_ptr<Readiness> readiness_;
  std::mutex mutex_;  // Guards all below.
  std::condition_variable arrived_;
  std::deque<Event> events_;
  bool closed_ = false;
};

}  // namespace holdfast::client
