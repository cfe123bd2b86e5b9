#include "session/outbox.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <holdfast/topic.hpp>

namespace holdfast::session {

namespace {

bool expires_later(const OutboundMessagePtr& a, const OutboundMessagePtr& b) noexcept {
  return a->expires_at() > b->expires_at();
}

// All lanes together are to stay within the limit.
Backlog::Limits share_of_a_lane(Backlog::Limits limits, const std::vector<OutboxRule>& rules) {
  std::set<int> priorities{0};
  for (const OutboxRule& rule : rules)
    priorities.insert(rule.priority);
  limits.memory /= priorities.size();
  return limits;
}

OutboundMessagePtr left(OutboundMessagePtr message) {
  if (message) message->left_outbox = true;
  return message;
}

}  // namespace

Outbox::Outbox(std::vector<OutboxRule> rules, Backlog::Load load, const Backlog::Limits& limits)
    : rules_(std::move(rules)), load_(std::move(load)), limits_(share_of_a_lane(limits, rules_)) {}

const OutboxRule& Outbox::rule_of(const OutboundMessage& message) const {
  static const OutboxRule none;
  const auto found = std::find_if(rules_.begin(), rules_.end(), [&message](const OutboxRule& rule) {
    return topic_matches(rule.filter, message.topic());
  });
  return found == rules_.end() ? none : *found;
}

Outbox::Lane& Outbox::lane(int priority) {
  const auto found = lanes_.find(priority);
  if (found != lanes_.end()) return found->second;
  Backlog::Load load;
  if (load_) load = [this, priority](const WaitingRange& range) { return this->load(range, priority); };
  Backlog backlog(limits_, std::move(load),
                  [this](const OutboundMessagePtr& message) { on_waiting(message); });
  return lanes_.emplace(priority, Lane{std::move(backlog), {}}).first->second;
}

// The range's sequences may belong to messages of other lanes, too, and to last values, which stay in memory.
std::vector<OutboundMessagePtr> Outbox::load(const WaitingRange& range, int priority) const {
  std::vector<OutboundMessagePtr> messages = load_(range);
  // An earlier process may have had other rules: what it had in flight can lie between the range's.
  std::set<std::uint64_t> returned;
  for (const auto& message : returned_)
    returned.insert(message->sequence);
  std::erase_if(messages,
                [&returned](const auto& message) { return returned.count(message->sequence) != 0; });
  if (rules_.empty()) return messages;
  std::erase_if(messages, [this, priority](const OutboundMessagePtr& message) {
    const OutboxRule& rule = rule_of(*message);
    return rule.priority != priority || rule.keep_latest;
  });
  return messages;
}

void Outbox::adopt(const std::vector<WaitingRange>& ranges, std::vector<OutboundMessagePtr>& superseded) {
  for (const WaitingRange& range : ranges) {
    if (rules_.empty()) {
      lane(0).backlog.push_back(range);
      continue;
    }
    for (auto& message : load_(range)) {
      if (auto older = push_back(std::move(message))) superseded.push_back(std::move(older));
    }
    spill();
  }
}

OutboundMessagePtr Outbox::push_back(OutboundMessagePtr message) {
  on_waiting(message);
  const OutboxRule& rule = rule_of(*message);
  Lane& lane = this->lane(rule.priority);
  if (rule.keep_latest) return lane.latest.put(std::move(message));
  lane.backlog.push_back(std::move(message));
  return {};
}

void Outbox::push_front(std::vector<OutboundMessagePtr>&& messages) {
  for (auto& message : messages) {
    message->left_outbox = false;
    on_waiting(message);
  }
  returned_.insert(returned_.begin(), std::make_move_iterator(messages.begin()),
                   std::make_move_iterator(messages.end()));
  messages.clear();
}

bool Outbox::latest_is_next(Lane& lane) {
  const OutboundMessage* queued = lane.backlog.front();
  if (lane.latest.front() == nullptr) return false;
  return queued == nullptr || lane.latest.front_place() < queued->sequence;
}

OutboundMessage* Outbox::front(Lane& lane) {
  return latest_is_next(lane) ? lane.latest.front() : lane.backlog.front();
}

OutboundMessagePtr Outbox::pop_front(Lane& lane) {
  return left(latest_is_next(lane) ? lane.latest.pop_front() : lane.backlog.pop_front());
}

OutboundMessage* Outbox::front() {
  while (!returned_.empty() && returned_.front()->left_outbox)
    returned_.pop_front();
  if (!returned_.empty()) return returned_.front().get();
  for (auto& [priority, lane] : lanes_) {
    if (OutboundMessage* message = front(lane)) return message;
  }
  expiring_.clear();
  return nullptr;
}

OutboundMessagePtr Outbox::pop_front() {
  if (returned_.empty()) {
    const auto next = std::find_if(lanes_.begin(), lanes_.end(),
                                   [](auto& entry) { return front(entry.second) != nullptr; });
    return pop_front(next->second);
  }
  OutboundMessagePtr message = std::move(returned_.front());
  returned_.pop_front();
  return left(std::move(message));
}

Outbox::Lane* Outbox::lowest_lane() {
  const auto lowest = std::find_if(lanes_.rbegin(), lanes_.rend(),
                                   [](auto& entry) { return front(entry.second) != nullptr; });
  return lowest == lanes_.rend() ? nullptr : &lowest->second;
}

OutboundMessagePtr Outbox::take_oldest() {
  Lane* lane = lowest_lane();
  return lane == nullptr ? OutboundMessagePtr() : pop_front(*lane);
}

OutboundMessagePtr Outbox::take_newest() {
  Lane* lane = lowest_lane();
  if (lane == nullptr) return {};
  auto message = lane->backlog.take_back();
  return left(message ? std::move(message) : lane->latest.take_back());
}

TimePoint Outbox::deadline() const noexcept {
  TimePoint first = expiring_.empty() ? never : expiring_.front()->expires_at();
  for (const auto& [priority, lane] : lanes_)
    first = std::min(first, lane.backlog.deadline());
  return first;
}

void Outbox::take_expired(TimePoint now, std::vector<OutboundMessagePtr>& expired) {
  const std::size_t before = expired.size();
  while (!expiring_.empty() && expiring_.front()->expires_at() <= now) {
    std::pop_heap(expiring_.begin(), expiring_.end(), expires_later);
    OutboundMessagePtr message = std::move(expiring_.back());
    expiring_.pop_back();
    if (!message->left_outbox) expired.push_back(left(std::move(message)));
  }
  for (auto& [priority, lane] : lanes_)
    lane.backlog.take_expired(now, expired);
  on_left_in_place(expired.size() - before);
}

void Outbox::take_qos0(std::vector<OutboundMessagePtr>& taken) {
  if (!std::exchange(qos0_came_, false)) return;
  const std::size_t before = taken.size();
  for_each_in_memory([&taken](const OutboundMessagePtr& message) {
    if (!message->left_outbox && message->qos == QoS::at_most_once) taken.push_back(left(message));
  });
  on_left_in_place(taken.size() - before);
}

void Outbox::spill() {
  bool any = false;
  for (auto& [priority, lane] : lanes_)
    any = lane.backlog.spill() || any;
  if (any) forget_left_expiring();
}

void Outbox::forget_left_expiring() {
  std::erase_if(expiring_, [](const OutboundMessagePtr& message) { return message->left_outbox; });
  std::make_heap(expiring_.begin(), expiring_.end(), expires_later);
  look_through_at_ = std::max<std::size_t>(64, 2 * expiring_.size());
}

void Outbox::take_all_in_memory(std::vector<OutboundMessagePtr>& taken) {
  for_each_in_memory([&taken](const OutboundMessagePtr& message) {
    if (!message->left_outbox) taken.push_back(left(message));
  });
}

template <class See>
void Outbox::for_each_in_memory(See see) {
  for (const auto& message : returned_)
    see(message);
  for (auto& [priority, lane] : lanes_) {
    lane.backlog.for_each_in_memory(see);
    lane.latest.for_each(see);
  }
}

void Outbox::on_left_in_place(std::size_t messages) {
  left_in_place_ += messages;
  if (left_in_place_ < sweep_at_) return;
  for (auto& [priority, lane] : lanes_) {
    lane.backlog.sweep();
    lane.latest.sweep();
  }
  std::size_t waiting = 0;
  for_each_in_memory([&waiting](const OutboundMessagePtr&) { ++waiting; });
  left_in_place_ = 0;
  sweep_at_ = std::max<std::size_t>(64, waiting / 2);
}

void Outbox::on_waiting(const OutboundMessagePtr& message) {
  if (message->qos == QoS::at_most_once) qos0_came_ = true;
  if (message->expires_at() == never) return;
  // A message sent at once would otherwise be kept for as long as it may live, a day say.
  if (expiring_.size() >= look_through_at_) forget_left_expiring();
  expiring_.push_back(message);
  std::push_heap(expiring_.begin(), expiring_.end(), expires_later);
}

}  // namespace holdfast::session
