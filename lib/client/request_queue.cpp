#include "client/request_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "client/clock.hpp"
#include "store/store.hpp"

namespace holdfast::client {

namespace {

// Who publishes faster than the disk writes waits for it: enough for a large commit, little beside the memory
// of the outbox.
constexpr std::size_t untaken_memory_max = std::size_t{4} << 20;

constexpr std::size_t releases_a_turn = 64;

bool is_given_up(const RequestQueue::Patience& patience) noexcept {
  return patience.given_up != nullptr && patience.given_up->load(std::memory_order_relaxed);
}

}  // namespace

RequestQueue::RequestQueue(const Options& options, BlockedCalls& blocked)
    : bounds_{options.outbox_messages_max, options.outbox_bytes_max},
      drops_(options.outbox_full == OutboxFull::drop_oldest ||
             options.outbox_full == OutboxFull::drop_newest),
      store_sets_pace_(options.store && options.store->frees_memory()),
      lower_qos_(options.lower_qos),
      blocked_(blocked) {
  // What was chosen needs no broker to be known.
  if (options.protocol == Protocol::mqtt_3_1_1) {
    limits_.protocol = Protocol::mqtt_3_1_1;
    limits_.subscription_identifiers_available = false;
  }
}

RequestQueue::Push RequestQueue::push(session::OutboundMessagePtr message, Patience patience,
                                      std::optional<session::LimitViolation>& violation) {
  std::unique_lock lock(mutex_);
  if (!closed_ && !has_room(*message) && patience.timeout.count() > 0) {
    const BlockedCalls::Scope scope(blocked_);
    wait_for_room(lock, *message, patience);
  }
  if (closed_) return Push::closed;
  const bool given_up = is_given_up(patience);
  const bool fits = has_room(*message);
  if (fits && !given_up) {
    if (const auto exceeded = session::exceeded_limit(limits_, *message, lower_qos_))
      violation = session::explain_limit(*exceeded, limits_, *message);
  }
  if (given_up || !fits || violation) {
    wake_some();  // Whoever was woken and does not take the room leaves it to the next.
    return given_up ? Push::given_up : fits ? Push::forbidden : Push::full;
  }
  admit(message);
  if (drops_ || store_sets_pace_) {
    untaken_bytes_ += message->size();
    untaken_memory_ += message->memory();
  }
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
  if (groups_.back().unfinished != 0) groups_.push_back({last_sequence_ + 1, 0});
  const std::uint64_t target = groups_.back().first;
  const BlockedCalls::Scope scope(blocked_);
  const auto passed = [&] { return groups_.front().first >= target || load_.messages == 0; };
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

void RequestQueue::look_again() {
  const std::lock_guard lock(mutex_);
  wake_all();
}

void RequestQueue::take_all(std::vector<session::OutboundMessagePtr>& messages,
                            std::vector<Command>& commands) {
  const std::lock_guard lock(mutex_);
  messages.swap(messages_);
  untaken_bytes_ = untaken_memory_ = 0;
  if (drops_ || store_sets_pace_) wake_all();
  commands.swap(commands_);
}

bool RequestQueue::has_work() const {
  const std::lock_guard lock(mutex_);
  return !messages_.empty() || !commands_.empty();
}

std::uint64_t RequestQueue::last_sequence() const {
  const std::lock_guard lock(mutex_);
  return last_sequence_;
}

void RequestQueue::release(const std::vector<session::OutboundMessagePtr>& finished) {
  std::size_t bytes = 0;
  for (const auto& message : finished)
    bytes += message->size();
  // Publishing threads wait while this is locked: without a flush() there is nothing to do for each message.
  const std::lock_guard lock(mutex_);
  load_.messages -= finished.size();
  load_.bytes -= bytes;
  if (groups_.size() == 1) {
    groups_.front().unfinished -= finished.size();
  } else {
    for (const auto& message : finished)
      --group_of(message->sequence).unfinished;
  }
  close_flush_groups();
  // A wake-up a message would cost more than the message: an eighth of the room makes it worth while.
  const bool worth_while = load_.messages <= bounds_.messages - bounds_.messages / 8 &&
                           load_.bytes <= bounds_.bytes - bounds_.bytes / 8;
  if (!worth_while) return;
  // Who was woken may publish so slowly that the outbox is never full again: the others get their turn all
  // the same.
  if (wake_next_ == 1 || ++releases_ % releases_a_turn == 0) wake_some();
}

void RequestQueue::settle() {
  const std::lock_guard lock(mutex_);
  wake_some();
}

void RequestQueue::set_limits(const BrokerLimits& limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
}

void RequestQueue::adopt(std::size_t messages, std::size_t bytes, std::uint64_t last_sequence) {
  const std::lock_guard lock(mutex_);
  load_.messages += messages;
  load_.bytes += bytes;
  load_.accepted += messages;
  last_sequence_ = last_sequence;
  groups_.front().unfinished += messages;
}

RequestQueue::Bounds RequestQueue::excess() const {
  const std::lock_guard lock(mutex_);
  const auto above = [](std::size_t value, std::size_t bound) { return value > bound ? value - bound : 0; };
  return {above(load_.messages - messages_.size(), bounds_.messages),
          above(load_.bytes - untaken_bytes_, bounds_.bytes)};
}

void RequestQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  wake_all();
  flushed_.notify_all();
}

// A message larger than the bound is let through alone: it would wait for ever else.
bool RequestQueue::has_room(const session::OutboundMessage& message) const noexcept {
  const bool paced = store_sets_pace_ && untaken_memory_ != 0;
  if (paced && untaken_memory_ + message.memory() > untaken_memory_max) return false;
  const std::size_t bytes = message.size();
  const std::size_t messages_used = drops_ ? messages_.size() : load_.messages;
  const std::size_t bytes_used = drops_ ? untaken_bytes_ : load_.bytes;
  if (messages_used == 0) return true;
  return messages_used < bounds_.messages && bytes <= bounds_.bytes && bytes_used <= bounds_.bytes - bytes;
}

void RequestQueue::wait_for_room(std::unique_lock<std::mutex>& lock, const session::OutboundMessage& message,
                                 Patience patience) {
  WaitingPublisher self{message};
  const auto position = waiting_.insert(waiting_.end(), &self);
  wake_next_ = 1;
  self.woken.wait_until(lock, after(patience.timeout),
                        [&] { return closed_ || is_given_up(patience) || has_room(message); });
  waiting_.erase(position);
}

// One that publishes on and on fills the room by itself, and several would only meet at the lock. If the room
// is still there at the next opportunity, twice as many are woken.
void RequestQueue::wake_some() {
  std::size_t woken = 0;
  for (WaitingPublisher* publisher : waiting_) {
    if (woken == wake_next_) break;
    if (!has_room(publisher->message)) continue;
    publisher->woken.notify_one();
    ++woken;
  }
  if (woken != 0) wake_next_ = std::min(wake_next_ * 2, waiting_.size() + 1);
}

void RequestQueue::wake_all() {
  for (WaitingPublisher* publisher : waiting_)
    publisher->woken.notify_one();
}

void RequestQueue::admit(const session::OutboundMessagePtr& message) {
  ++load_.messages;
  ++load_.accepted;
  load_.bytes += message->size();
  message->sequence = ++last_sequence_;
  ++groups_.back().unfinished;
}

RequestQueue::FlushGroup& RequestQueue::group_of(std::uint64_t sequence) noexcept {
  if (sequence >= groups_.back().first) return groups_.back();
  const auto after = [](std::uint64_t wanted, const FlushGroup& group) { return wanted < group.first; };
  return *std::prev(std::upper_bound(groups_.begin(), groups_.end(), sequence, after));
}

void RequestQueue::close_flush_groups() {
  bool passed = load_.messages == 0;
  while (groups_.size() > 1 && groups_.front().unfinished == 0) {
    groups_.pop_front();
    passed = true;
  }
  if (passed) flushed_.notify_all();
}

}  // namespace holdfast::client
