#include "session/outbox.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace holdfast::session {

namespace {

bool expires_later(const OutboundMessagePtr& a, const OutboundMessagePtr& b) noexcept {
  return a->expires_at() > b->expires_at();
}

}  // namespace

void Outbox::push_back(OutboundMessagePtr message) {
  watch_expiry(message);
  waiting_.push_back(std::move(message));
}

void Outbox::push_front(std::vector<OutboundMessagePtr>&& messages) {
  for (auto& message : messages) {
    message->left_outbox = false;
    watch_expiry(message);
  }
  waiting_.insert(waiting_.begin(), std::make_move_iterator(messages.begin()),
                  std::make_move_iterator(messages.end()));
  messages.clear();
}

OutboundMessage* Outbox::front() {
  while (!waiting_.empty() && waiting_.front()->left_outbox) {
    waiting_.pop_front();
    --expired_in_waiting_;
  }
  return waiting_.empty() ? nullptr : waiting_.front().get();
}

OutboundMessagePtr Outbox::pop_front() {
  OutboundMessagePtr message = std::move(waiting_.front());
  waiting_.pop_front();
  message->left_outbox = true;
  if (waiting_.empty()) expiring_.clear();
  return message;
}

TimePoint Outbox::deadline() const noexcept {
  return expiring_.empty() ? never : expiring_.front()->expires_at();
}

void Outbox::take_expired(TimePoint now, std::vector<OutboundMessagePtr>& expired) {
  while (!expiring_.empty() && expiring_.front()->expires_at() <= now) {
    std::pop_heap(expiring_.begin(), expiring_.end(), expires_later);
    OutboundMessagePtr message = std::move(expiring_.back());
    expiring_.pop_back();
    if (message->left_outbox) continue;
    message->left_outbox = true;
    ++expired_in_waiting_;
    expired.push_back(std::move(message));
  }
  if (expired_in_waiting_ > 64 && expired_in_waiting_ > waiting_.size() / 2) {
    std::erase_if(waiting_, [](const OutboundMessagePtr& message) { return message->left_outbox; });
    expired_in_waiting_ = 0;
  }
}

void Outbox::take_qos0(std::vector<OutboundMessagePtr>& taken) {
  std::deque<OutboundMessagePtr> kept;
  for (auto& message : waiting_) {
    if (message->left_outbox) continue;
    if (message->qos == QoS::at_most_once) {
      message->left_outbox = true;
      taken.push_back(std::move(message));
    } else {
      kept.push_back(std::move(message));
    }
  }
  waiting_.swap(kept);
  expired_in_waiting_ = 0;
}

void Outbox::watch_expiry(const OutboundMessagePtr& message) {
  if (message->expires_at() == never) return;
  if (expiring_.size() >= look_through_at_) {
    // A message sent at once would otherwise be kept for as long as it may live, a day say.
    std::erase_if(expiring_, [](const OutboundMessagePtr& other) { return other->left_outbox; });
    std::make_heap(expiring_.begin(), expiring_.end(), expires_later);
    look_through_at_ = std::max<std::size_t>(64, 2 * expiring_.size());
  }
  expiring_.push_back(message);
  std::push_heap(expiring_.begin(), expiring_.end(), expires_later);
}

}  // namespace holdfast::session
