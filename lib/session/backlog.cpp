#include "session/backlog.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace holdfast::session {

namespace {

// Looking through a segment costs a read; messages that expire one by one must not cost one each.
constexpr std::chrono::seconds between_looks{1};

bool before(const OutboundMessagePtr& a, const OutboundMessagePtr& b) noexcept {
  return a->sequence < b->sequence;
}

}  // namespace

Backlog::Backlog(const Limits& limits, Load load, Loaded loaded)
    : limits_(limits), load_(std::move(load)), loaded_(std::move(loaded)), look_at_(limits.memory) {}

bool Backlog::has_room(const OutboundMessagePtr& message) const noexcept {
  if (segments_.empty() || segments_.back().spilled || segments_.back().messages.empty()) return false;
  const RangeLimits& most = limits_.segment;
  const Segment& last = segments_.back();
  // To load a range means to read what other queues have of these sequences, too.
  const std::uint64_t span = message->sequence - last.messages.front()->sequence;
  return last.messages.size() < most.messages && last.bytes + message->size() <= most.bytes &&
         span < 8 * most.messages;
}

void Backlog::push_back(OutboundMessagePtr message) {
  if (!has_room(message)) {
    segments_.emplace_back().messages = std::exchange(spare_, {});
    segments_.back().messages.reserve(limits_.segment.messages);
  }
  in_memory_ += message->memory();
  segments_.back().bytes += message->size();
  segments_.back().messages.push_back(std::move(message));
}

void Backlog::push_back(const WaitingRange& range) {
  Segment& segment = segments_.emplace_back();
  segment.spilled = true;
  segment.range = range;
  spilled_deadline_ = std::min(spilled_deadline_, range.expires_at);
}

OutboundMessage* Backlog::front() {
  while (!segments_.empty()) {
    Segment& segment = segments_.front();
    if (segment.spilled) load(segment);
    while (!segment.messages.empty()) {
      if (!segment.messages.front()->left_outbox) return segment.messages.front().get();
      drop_front(segment);
    }
    drop_front_segment();
  }
  return nullptr;
}

OutboundMessagePtr Backlog::pop_front() {
  Segment& segment = segments_.front();
  OutboundMessagePtr message = segment.messages.front();
  drop_front(segment);
  if (segment.messages.empty()) drop_front_segment();
  return message;
}

OutboundMessagePtr Backlog::take_back() {
  while (!segments_.empty()) {
    Segment& segment = segments_.back();
    if (segment.spilled) load(segment);
    while (!segment.messages.empty()) {
      OutboundMessagePtr message = std::move(segment.messages.back());
      segment.messages.pop_back();
      in_memory_ -= message->memory();
      if (!message->left_outbox) return message;
    }
    segments_.pop_back();
  }
  return {};
}

void Backlog::drop_front(Segment& segment) {
  in_memory_ -= segment.messages.front()->memory();
  segment.messages.pop_front();
}

void Backlog::drop_front_segment() {
  spare_ = std::move(segments_.front().messages);
  segments_.pop_front();
}

void Backlog::take_expired(TimePoint now, std::vector<OutboundMessagePtr>& expired) {
  if (spilled_deadline_ > now) return;
  for (Segment& segment : segments_) {
    if (!segment.spilled || segment.range.expires_at > now) continue;
    load(segment);
    for (const auto& message : segment.messages) {
      if (message->left_outbox || message->expires_at() > now) continue;
      message->left_outbox = true;
      expired.push_back(message);
    }
    spill(segment);
    if (segment.range.expires_at != never)
      segment.range.expires_at = std::max(segment.range.expires_at, now + between_looks);
    break;
  }
  find_deadline();
}

// `expired` still holds what has just left, which can go all the same.
bool Backlog::can_let_go(const OutboundMessagePtr& message) const noexcept {
  if (message->left_outbox) return true;
  // An outbox that watches its expiry holds it, too.
  const std::uint32_t ours = message->expires_at() == never ? 1 : 2;
  return message->stored() && message->references() <= ours;
}

bool Backlog::worth_spilling(const Segment& segment) const noexcept {
  const auto stay = std::count_if(segment.messages.begin(), segment.messages.end(),
                                  [this](const auto& message) { return !can_let_go(message); });
  return !segment.messages.empty() && static_cast<std::size_t>(stay) <= segment.messages.size() / 8;
}

bool Backlog::spill() {
  look_at_ = std::min(look_at_, std::max(limits_.memory, in_memory_ + limits_.memory / 2));
  if (!load_ || in_memory_ <= look_at_) return false;
  const std::size_t before = in_memory_;
  // From the end: what is sent next stays.
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    if (in_memory_ <= limits_.memory / 2) break;
    const bool first = std::next(segment) == segments_.rend();
    if (!first && !segment->spilled && worth_spilling(*segment)) spill(*segment);
  }
  look_at_ = std::max(limits_.memory, in_memory_ + limits_.memory / 2);
  return in_memory_ < before;
}

void Backlog::spill(Segment& segment) {
  segment.range = {};
  Fifo<OutboundMessagePtr> stay;
  for (auto& message : segment.messages) {
    const bool left = message->left_outbox;
    if (!left) {
      WaitingRange& range = segment.range;
      if (range.messages == 0) range.first = message->sequence;
      range.last = message->sequence;
      ++range.messages;
      range.bytes += message->size();
    }
    if (!can_let_go(message)) {
      stay.push_back(std::move(message));
      continue;
    }
    if (!left) segment.range.expires_at = std::min(segment.range.expires_at, message->expires_at());
    in_memory_ -= message->memory();
    message->left_outbox = true;  // An outbox that watches its expiry need not any more.
  }
  segment.messages = std::move(stay);
  segment.spilled = true;
  spilled_deadline_ = std::min(spilled_deadline_, segment.range.expires_at);
}

void Backlog::load(Segment& segment) {
  std::vector<OutboundMessagePtr> loaded;
  if (segment.range.messages != 0) loaded = load_(segment.range);  // First: it may throw.
  segment.spilled = false;
  Fifo<OutboundMessagePtr> all = std::exchange(segment.messages, {});
  for (auto& message : loaded) {
    const auto same = std::lower_bound(all.begin(), all.end(), message, before);
    if (same != all.end() && (*same)->sequence == message->sequence) continue;  // It stayed.
    in_memory_ += message->memory();
    loaded_(message);
    segment.messages.push_back(std::move(message));
  }
  for (auto& message : all)
    segment.messages.push_back(std::move(message));
  std::sort(segment.messages.begin(), segment.messages.end(), before);
  if (segment.range.expires_at == spilled_deadline_) find_deadline();
}

void Backlog::find_deadline() noexcept {
  spilled_deadline_ = never;
  for (const Segment& segment : segments_) {
    if (segment.spilled) spilled_deadline_ = std::min(spilled_deadline_, segment.range.expires_at);
  }
}

void Backlog::sweep() {
  for (Segment& segment : segments_) {
    Fifo<OutboundMessagePtr>& messages = segment.messages;
    const auto left = std::remove_if(messages.begin(), messages.end(), [this](const auto& message) {
      if (message->left_outbox) in_memory_ -= message->memory();
      return message->left_outbox;
    });
    messages.erase(left, messages.end());
  }
  std::erase_if(segments_,
                [](const Segment& segment) { return !segment.spilled && segment.messages.empty(); });
}

}  // namespace holdfast::session
