#include "client/request_queue.hpp"

#include <algorithm>
#include <utility>

#include "client/clock.hpp"

namespace holdfast::client {

RequestQueue::RequestQueue(Bounds bounds, bool lower_qos, BlockedCalls& blocked)
    : bounds_(bounds), lower_qos_(lower_qos), blocked_(blocked) {}

RequestQueue::Push RequestQueue::push(session::OutboundMessagePtr message, std::chrono::milliseconds patience,
                                      std::optional<session::LimitViolation>& violation) {
  const std::size_t bytes = message->size();
  std::unique_lock lock(mutex_);
  if (!closed_ && !has_room(bytes) && patience.count() > 0) {
    const BlockedCalls::Scope scope(blocked_);
    ++room_waiters_;
    room_.wait_until(lock, after(patience), [&] { return closed_ || has_room(bytes); });
    --room_waiters_;
  }
  if (closed_) return Push::closed;
  if (!has_room(bytes)) return Push::full;
  violation = session::check_limits(limits_, *message, lower_qos_);
  if (violation) return Push::forbidden;
  admit(message);
  messages_.push_back(std::move(message));
  return Push::accepted;
}

bool RequestQueue::push(Command command) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  commands_.push_back(std::move(command));
  return true;
}

bool RequestQueue::flush(Deadline deadline) {
  std::unique_lock lock(mutex_);
  if (load_.messages == 0) return true;
  if (groups_.back() != 0) groups_.push_back(0);
  const std::uint32_t target = first_group_ + static_cast<std::uint32_t>(groups_.size()) - 1;
  const BlockedCalls::Scope scope(blocked_);
  const auto passed = [&] {
    return static_cast<std::int32_t>(first_group_ - target) >= 0 || load_.messages == 0;
  };
  flushed_.wait_until(lock, deadline, [&] { return closed_ || passed(); });
  return passed();
}

RequestQueue::Load RequestQueue::load() const {
  const std::lock_guard lock(mutex_);
  return load_;
}

BrokerLimits RequestQueue::limits() const {
  const std::lock_guard lock(mutex_);
  return limits_;
}

void RequestQueue::take_all(std::vector<session::OutboundMessagePtr>& messages,
                            std::vector<Command>& commands) {
  const std::lock_guard lock(mutex_);
  messages.swap(messages_);
  commands.swap(commands_);
}

bool RequestQueue::has_work() const {
  const std::lock_guard lock(mutex_);
  return !messages_.empty() || !commands_.empty();
}

void RequestQueue::release(const std::vector<session::OutboundMessagePtr>& finished) {
  const std::lock_guard lock(mutex_);
  for (const auto& message : finished) {
    --load_.messages;
    load_.bytes -= message->size();
    --groups_[message->flush_group - first_group_];
  }
  close_flush_groups();
  // A waiter a message would be a wake-up a message: an eighth of the room makes it worth while.
  const bool worth_while = load_.messages <= bounds_.messages - bounds_.messages / 8 &&
                           load_.bytes <= bounds_.bytes - bounds_.bytes / 8;
  if (room_waiters_ != 0 && worth_while) room_.notify_all();
}

void RequestQueue::settle() {
  const std::lock_guard lock(mutex_);
  if (room_waiters_ != 0) room_.notify_all();
}

void RequestQueue::set_limits(const BrokerLimits& limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
}

void RequestQueue::adopt(const std::vector<session::OutboundMessagePtr>& messages) {
  const std::lock_guard lock(mutex_);
  for (const auto& message : messages)
    admit(message);
}

void RequestQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  room_.notify_all();
  flushed_.notify_all();
}

// A message larger than the bound is let through alone: it would wait for ever else.
bool RequestQueue::has_room(std::size_t bytes) const noexcept {
  if (load_.messages == 0) return true;
  return load_.messages < bounds_.messages && bytes <= bounds_.bytes && load_.bytes <= bounds_.bytes - bytes;
}

void RequestQueue::admit(const session::OutboundMessagePtr& message) {
  ++load_.messages;
  ++load_.accepted;
  load_.bytes += message->size();
  message->flush_group = first_group_ + static_cast<std::uint32_t>(groups_.size()) - 1;
  ++groups_.back();
}

void RequestQueue::close_flush_groups() {
  bool passed = load_.messages == 0;
  while (groups_.size() > 1 && groups_.front() == 0) {
    groups_.pop_front();
    ++first_group_;
    passed = true;
  }
  if (passed) flushed_.notify_all();
}

}  // namespace holdfast::client
