#include "client/inbox.hpp"

#include <algorithm>
#include <utility>

#include "client/clock.hpp"

namespace holdfast::client {

namespace {
bool is_qos0(const session::InboundMessage::Ptr& message) {
  return message->qos() == QoS::at_most_once;
}
}  // namespace

Inbox::Inbox(Settings settings, std::shared_ptr<Doorbell> doorbell, std::shared_ptr<Readiness> readiness)
    : settings_(settings), doorbell_(std::move(doorbell)), readiness_(std::move(readiness)) {}

Inbox::Inbox(Settings settings, const std::shared_ptr<Inbox>& acknowledgements,
             std::shared_ptr<Readiness> readiness)
    : settings_(settings),
      doorbell_(acknowledgements->doorbell_),
      readiness_(std::move(readiness)),
      acknowledgements_(acknowledgements) {}

std::optional<Message> Inbox::receive(std::chrono::milliseconds timeout, bool until_closed) {
  std::unique_lock lock(mutex_);
  if (messages_.empty()) {
    ++waiters_;
    // Only who waits looks at the clock.
    arrived_.wait_until(lock, after(timeout),
                        [&] { return !messages_.empty() || abandoned_ || (until_closed && closed_); });
    --waiters_;
  }
  if (messages_.empty()) return std::nullopt;
  const bool owes = messages_.front()->owes_acknowledgement();
  const bool automatic = settings_.ack == Ack::on_handover;
  // First: where there is no memory for it, the message stays.
  if (owes && automatic && acknowledgements_) acknowledgements_->acknowledge(messages_.front()->token());
  if (owes && automatic && !acknowledgements_) acknowledged_.push_back(messages_.front()->token());
  session::InboundMessage::Ptr message = take_front();
  if (messages_.empty()) readiness_->set(Readiness::Source::messages, false);
  const bool room_again = has_room_again();
  lock.unlock();
  if (acknowledgements_) return Message(message.release(), owes && !automatic ? acknowledgements_ : nullptr);
  if (room_again || (owes && automatic)) doorbell_->ring();
  return Message(message.release(), owes && !automatic ? shared_from_this() : nullptr);
}

void Inbox::acknowledge(session::InboundToken token) {
  {
    const std::lock_guard lock(mutex_);
    acknowledged_.push_back(token);
  }
  doorbell_->ring();
}

void Inbox::acknowledge(session::InboundAnswer answer) {
  {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
    has_answers_ = true;
  }
  doorbell_->ring();
}

std::size_t Inbox::size() const {
  const std::lock_guard lock(mutex_);
  return messages_.size();
}

std::size_t Inbox::unread() const {
  const std::lock_guard lock(mutex_);
  return messages_.size() - qos0_messages_;
}

std::uint64_t Inbox::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

std::uint64_t Inbox::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void Inbox::exchange(std::vector<session::InboundMessage::Ptr>& messages,
                     std::vector<session::InboundToken>& acknowledged, bool reading_on) {
  const std::lock_guard lock(mutex_);
  acknowledged.swap(acknowledged_);
  if (!messages.empty()) put_all(messages, reading_on);
}

void Inbox::put(std::vector<session::InboundMessage::Ptr>& messages, bool reading_on) {
  const std::lock_guard lock(mutex_);
  put_all(messages, reading_on);
}

void Inbox::put_all(std::vector<session::InboundMessage::Ptr>& messages, bool reading_on) {
  const bool was_empty = messages_.empty();
  for (auto& message : messages)
    add(std::move(message), reading_on);
  messages.clear();
  if (over_bound()) full_ = true;
  if (was_empty && !messages_.empty()) readiness_->set(Readiness::Source::messages, true);
  if (waiters_ == 1) {
    arrived_.notify_one();
  } else if (waiters_ != 0) {
    arrived_.notify_all();
  }
}

void Inbox::take_acknowledgements(std::vector<session::InboundToken>& acknowledged) {
  const std::lock_guard lock(mutex_);
  acknowledged.insert(acknowledged.end(), acknowledged_.begin(), acknowledged_.end());
  acknowledged_.clear();
}

std::vector<session::InboundAnswer> Inbox::take_answers() {
  if (!has_answers_) return {};
  const std::lock_guard lock(mutex_);
  has_answers_ = false;
  return std::exchange(answers_, {});
}

bool Inbox::full() {
  const std::lock_guard lock(mutex_);
  return full_ && settings_.when_full == InboxFull::pause;
}

bool Inbox::has_acknowledgements() const {
  const std::lock_guard lock(mutex_);
  return !acknowledged_.empty() || !answers_.empty();
}

void Inbox::set_closed(bool closed) {
  const std::lock_guard lock(mutex_);
  closed_ = closed;
  arrived_.notify_all();
}

void Inbox::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  arrived_.notify_all();
}

bool Inbox::has_room_again() noexcept {
  const bool room_again = full_ && !over_bound() &&
                          qos0_messages_ <= settings_.messages_max - settings_.messages_max / 8 &&
                          qos0_bytes_ <= settings_.bytes_max - settings_.bytes_max / 8;
  if (room_again) full_ = false;
  return room_again;
}

bool Inbox::over_bound() const noexcept {
  return qos0_messages_ >= settings_.messages_max || qos0_bytes_ >= settings_.bytes_max;
}

void Inbox::add(session::InboundMessage::Ptr message, bool reading_on) {
  if (is_qos0(message)) {
    const bool drop_newest = settings_.when_full == InboxFull::drop_newest ||
                             (settings_.when_full == InboxFull::pause && reading_on);
    if (over_bound() && drop_newest) {
      ++dropped_;
      return;
    }
    while (over_bound() && settings_.when_full == InboxFull::drop_oldest)
      drop_oldest_qos0();
    ++qos0_messages_;
    qos0_bytes_ += message->size();
  }
  ++received_;
  messages_.push_back(std::move(message));
}

void Inbox::drop_oldest_qos0() {
  const auto oldest = std::find_if(messages_.begin(), messages_.end(), is_qos0);
  --qos0_messages_;
  qos0_bytes_ -= (*oldest)->size();
  messages_.erase(oldest);
  ++dropped_;
}

session::InboundMessage::Ptr Inbox::take_front() {
  session::InboundMessage::Ptr message = std::move(messages_.front());
  messages_.pop_front();
  count_out(*message);
  return message;
}

void Inbox::count_out(const session::InboundMessage& message) noexcept {
  if (message.qos() != QoS::at_most_once) return;
  --qos0_messages_;
  qos0_bytes_ -= message.size();
}

}  // namespace holdfast::client
