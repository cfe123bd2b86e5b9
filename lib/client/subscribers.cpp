#include "client/subscribers.hpp"

#include <algorithm>
#include <iterator>
#include <new>
#include <set>
#include <utility>

#include <holdfast/error.hpp>
#include <holdfast/topic.hpp>

#include "client/check_argument.hpp"
#include "wire/property.hpp"

namespace holdfast::client {

namespace {

constexpr std::uint32_t largest_identifier = 268'435'455;  // [MQTT 5, 3.8.2.1.2]

Inbox::Settings settings_of(const SubscriptionQueue& queue, Ack ack) {
  const InboxFull when_full =
      queue.when_full == QueueFull::drop_oldest ? InboxFull::drop_oldest : InboxFull::drop_newest;
  return {ack, when_full, queue.messages_max, queue.bytes_max};
}

/// For so many more, growing as push_back() does.
template <class Value>
void make_room(std::vector<Value>& values, std::size_t more) {
  const std::size_t needed = values.size() + more;
  if (values.capacity() < needed) values.reserve(std::max(needed, 2 * values.capacity()));
}

}  // namespace

Subscribers::Subscribers(std::shared_ptr<Inbox> rest, std::uint32_t first_identifier)
    : rest_(std::move(rest)), next_identifier_(first_identifier) {}

std::shared_ptr<Subscriber> Subscribers::open(std::span<const TopicFilter> filters,
                                              std::optional<std::uint32_t> identifier,
                                              const SubscriptionQueue& queue, Ack ack, bool by_identifier) {
  const std::lock_guard lock(mutex_);
  require(!identifier || !is_used(*identifier), [&] {
    return "subscribe: subscription_identifier " + std::to_string(*identifier) +
           " is that of another subscription: choose another, or none";
  });
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->readiness = std::make_shared<Readiness>();
  subscriber->inbox = std::make_shared<Inbox>(settings_of(queue, ack), rest_, subscriber->readiness);
  subscriber->inbox->set_closed(closed_);
  if (abandoned_) subscriber->inbox->abandon();
  subscriber->unread_max = queue.unread_max;
  if (!identifier && by_identifier) identifier = choose_identifier(filters);
  subscriber->identifier = identifier;
  // First all that may fail for want of memory.
  std::vector<Entry> entries;
  for (const TopicFilter& wish : filters) {
    subscriber->filters.push_back(wish.filter);
    entries.push_back({wish.filter, identifier, subscriber});
  }
  make_room(entries_, entries.size());
  make_room(subscribers_, 1);
  make_room(takers_, subscribers_.size() + 1);
  for (const TopicFilter& wish : filters) {
    plain_.erase(wish.filter);
    // The broker has one subscription a filter: the latest SUBSCRIBE marks its messages, for whomever.
    for (Entry& entry : entries_) {
      if (entry.filter == wish.filter) entry.identifier = identifier;
    }
  }
  std::move(entries.begin(), entries.end(), std::back_inserter(entries_));
  subscribers_.push_back(subscriber);
  newcomers_ = true;
  any_.store(true, std::memory_order_relaxed);
  return subscriber;
}

void Subscribers::close(Subscriber& subscriber) noexcept {
  const std::lock_guard lock(mutex_);
  try {
    hand_back(subscriber);
  } catch (const std::bad_alloc&) {
    // What is lost here was not acknowledged: the broker has it for the next process. This one would hold it
    // for received for ever, so it ends, as it does where the network thread finds no memory.
    out_of_memory_ = true;
    any_.store(true, std::memory_order_relaxed);
  }
}

void Subscribers::hand_back(Subscriber& subscriber) {
  for (const Entry& entry : entries_) {
    if (entry.subscriber.get() == &subscriber) plain_.insert_or_assign(entry.filter, entry.identifier);
  }
  remove(subscriber);
  for (const Entry& entry : entries_)
    plain_.erase(entry.filter);  // Another handle still takes it.
  gone_.received += subscriber.inbox->received();
  gone_.dropped += subscriber.inbox->dropped() + subscriber.refused;
  auto waiting = subscriber.inbox->take_if([](const session::InboundMessage&) { return true; });
  std::erase_if(subscribers_, [&](const auto& other) { return other.get() == &subscriber; });
  any_.store(!subscribers_.empty() || out_of_memory_, std::memory_order_relaxed);
  leave_out_the_handed_on(waiting);
  moved_ += waiting.size();
  if (!waiting.empty()) rest_->put(waiting, true);
}

// Of the copies of a message one goes on to `rest`: the first that comes here unread. Where it is
// acknowledged already, another that is left out passes on its duty: the broker must not take for read what
// still waits.
void Subscribers::leave_out_the_handed_on(std::vector<session::InboundMessage::Ptr>& messages) {
  std::set<session::InboundToken> going;
  std::set<session::InboundToken> owed;
  std::erase_if(messages, [&](const session::InboundMessage::Ptr& message) {
    if (message->is_copy() && !message->handed_on()) going.insert(message->token());
    if (message->handed_on() && message->owes_acknowledgement()) owed.insert(message->token());
    return message->handed_on();
  });
  if (going.empty() && owed.empty()) return;
  const auto tell = [&](session::InboundMessage& twin) {
    if (!twin.is_copy()) return;
    if (going.contains(twin.token())) twin.set_handed_on();
    if (!twin.owes_acknowledgement() && owed.erase(twin.token()) != 0) twin.set_owes_acknowledgement(true);
  };
  rest_->for_each(tell);
  for (const auto& other : subscribers_)
    other->inbox->for_each(tell);
  for (const session::InboundToken token : owed)
    rest_->acknowledge(token);
}

void Subscribers::end(Subscriber& subscriber) {
  const std::lock_guard lock(mutex_);
  remove(subscriber);
  subscriber.ended = true;
  subscriber.inbox->set_closed(true);
}

void Subscribers::remove(const Subscriber& subscriber) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.subscriber.get() == &subscriber; });
}

std::vector<std::string> Subscribers::filters_of_its_own(const Subscriber& subscriber) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> own = subscriber.filters;
  for (const Entry& entry : entries_) {
    if (entry.subscriber.get() != &subscriber) std::erase(own, entry.filter);
  }
  return own;
}

void Subscribers::note_plain(std::span<const TopicFilter> filters, std::optional<std::uint32_t> identifier) {
  const std::lock_guard lock(mutex_);
  const bool taken = identifier && std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
                       return entry.identifier == identifier;
                     });
  require(!taken, [&] {
    return "subscribe: subscription_identifier " + std::to_string(*identifier) +
           " is that of a Subscription with a queue of its own: choose another";
  });
  for (const TopicFilter& wish : filters)
    plain_.insert_or_assign(wish.filter, identifier);
}

void Subscribers::forget_plain(std::string_view filter) {
  const std::lock_guard lock(mutex_);
  const auto found = plain_.find(filter);
  if (found != plain_.end()) plain_.erase(found);
}

Subscribers::Totals Subscribers::totals() const {
  const std::lock_guard lock(mutex_);
  Totals totals = gone_;
  for (const auto& subscriber : subscribers_) {
    totals.waiting += subscriber->inbox->size();
    totals.received += subscriber->inbox->received();
    totals.dropped += subscriber->inbox->dropped() + subscriber->refused;
  }
  totals.waiting += rest_->size();
  totals.received += rest_->received() - moved_;  // What was moved was put in twice.
  totals.dropped += rest_->dropped();
  return totals;
}

void Subscribers::set_closed(bool closed) {
  const std::lock_guard lock(mutex_);
  closed_ = closed;
  for (const auto& subscriber : subscribers_)
    subscriber->inbox->set_closed(closed || subscriber->ended);
}

void Subscribers::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  for (const auto& subscriber : subscribers_)
    subscriber->inbox->abandon();
}

void Subscribers::restore(const std::vector<session::StoredSubscription>& subscriptions) {
  const std::lock_guard lock(mutex_);
  for (const session::StoredSubscription& stored : subscriptions)
    plain_.insert_or_assign(stored.subscription.filter, stored.subscription_identifier);
}

bool Subscribers::knows(std::string_view filter) const {
  const std::lock_guard lock(mutex_);
  return plain_.contains(filter);
}

bool Subscribers::is_used(std::uint32_t identifier) const {
  const auto has_it = [=](const auto& entry) { return entry.identifier == identifier; };
  return std::any_of(entries_.begin(), entries_.end(), has_it) ||
         std::any_of(plain_.begin(), plain_.end(), [=](const auto& one) { return one.second == identifier; });
}

std::uint32_t Subscribers::choose_identifier(std::span<const TopicFilter> filters) {
  if (const auto earlier = earlier_identifier(filters)) return *earlier;
  while (is_used(next_identifier_))
    next_identifier_ = next_identifier_ % largest_identifier + 1;
  const std::uint32_t chosen = next_identifier_;
  next_identifier_ = chosen % largest_identifier + 1;
  return chosen;
}

// The broker marks what waits there as the subscription was marked then.
std::optional<std::uint32_t> Subscribers::earlier_identifier(std::span<const TopicFilter> filters) const {
  std::optional<std::uint32_t> earlier;
  for (const TopicFilter& wish : filters) {
    const auto known = plain_.find(wish.filter);
    if (known == plain_.end() || !known->second || (earlier && *earlier != *known->second))
      return std::nullopt;
    earlier = known->second;
  }
  const auto others =
      std::count_if(plain_.begin(), plain_.end(), [&](const auto& one) { return one.second == earlier; });
  const bool ours_alone = static_cast<std::size_t>(others) == filters.size();
  return ours_alone ? earlier : std::nullopt;
}

void Subscribers::route(std::vector<session::InboundMessage::Ptr>& received, session::Engine& engine) {
  const std::lock_guard lock(mutex_);
  if (out_of_memory_) throw std::bad_alloc();
  for (const auto& subscriber : subscribers_) {
    if (subscriber->unread_max)
      subscriber->room =
          *subscriber->unread_max - std::min(subscriber->inbox->unread(), *subscriber->unread_max);
  }
  if (std::exchange(newcomers_, false)) {
    for (const auto& subscriber : subscribers_) {
      if (!std::exchange(subscriber->settled, true))
        take_what_waits(*subscriber, engine.limits().subscription_identifiers_available);
    }
  }
  std::erase_if(received, [&](session::InboundMessage::Ptr& message) { return hand_over(message, engine); });
  for (const auto& subscriber : subscribers_) {
    if (subscriber->arriving.empty()) continue;
    subscriber->inbox->put(subscriber->arriving, true);
  }
}

// On the network thread, which alone puts in `rest` what comes: what it had in hand when the handle was made
// waits there by now.
void Subscribers::take_what_waits(Subscriber& subscriber, bool by_identifier) {
  auto waiting = rest_->take_if([&](session::InboundMessage& message) {
    find_takers(message, by_identifier);
    if (std::find(takers_.begin(), takers_.end(), &subscriber) == takers_.end()) return false;
    if (!subscriber.unread_max || message.qos() == QoS::at_most_once) return true;
    if (subscriber.room == 0) return false;
    --subscriber.room;
    return true;
  });
  for (const auto& message : waiting) {
    if (subscriber.unread_max && message->owes_acknowledgement()) rest_->acknowledge(message->token());
    if (subscriber.unread_max) message->set_owes_acknowledgement(false);
  }
  moved_ += waiting.size();
  if (!waiting.empty()) subscriber.inbox->put(waiting, true);
}

// Whether somebody took it.
bool Subscribers::hand_over(session::InboundMessage::Ptr& message, session::Engine& engine) {
  find_takers(*message, engine.limits().subscription_identifiers_available);
  if (takers_.empty()) return false;
  const session::InboundToken token = message->token();
  if (message->qos() != QoS::at_most_once) {
    leave_out_the_full();
    if (takers_.empty()) {
      rest_->acknowledge(session::InboundAnswer{token, ReasonCode::quota_exceeded, {}});
      return true;
    }
    const auto holders = std::count_if(takers_.begin(), takers_.end(),
                                       [](const Subscriber* taker) { return !taker->unread_max; });
    if (holders == 0) rest_->acknowledge(token);
    if (holders > 1) engine.share(token, static_cast<std::uint32_t>(holders));
  }
  const auto give = [](Subscriber& taker, session::InboundMessage::Ptr given) {
    if (taker.unread_max) given->set_owes_acknowledgement(false);
    taker.arriving.push_back(std::move(given));
  };
  if (takers_.size() == 1) {
    give(*takers_.front(), std::move(message));
    return true;
  }
  const std::uint32_t serial = message->qos() == QoS::at_most_once ? ++copied_ : token.serial;
  for (Subscriber* taker : takers_)
    give(*taker, message->copy(serial));
  return true;
}

void Subscribers::leave_out_the_full() {
  std::erase_if(takers_, [](Subscriber* taker) {
    if (!taker->unread_max) return false;
    if (taker->room != 0) {
      --taker->room;
      return false;
    }
    ++taker->refused;
    return true;
  });
}

void Subscribers::find_takers(const session::InboundMessage& message, bool by_identifier) {
  takers_.clear();
  if (by_identifier) {
    if (find_takers_by_identifier(message)) return;
    const bool explained = std::any_of(plain_.begin(), plain_.end(), [&](const auto& plain) {
      return topic_matches(plain.first, message.topic());
    });
    if (explained) return;
  }
  for (const Entry& entry : entries_) {
    if (topic_matches(entry.filter, message.topic())) add_taker(entry.subscriber.get());
  }
}

// Whether one of the identifiers is known. Two subscribers may have one where a filter is common to both; a
// broker that rewrites topics leaves only the identifier to go by.
bool Subscribers::find_takers_by_identifier(const session::InboundMessage& message) {
  bool known = false;
  for (const wire::Property& property : message.properties()) {
    if (property.id != wire::PropertyId::subscription_identifier) continue;
    const auto identifier = std::get<std::uint32_t>(property.value);
    known = known || is_used(identifier);
    bool matched = false;
    for (const bool rewritten : {false, true}) {
      if (matched) break;
      for (const Entry& entry : entries_) {
        if (entry.identifier != identifier) continue;
        if (!rewritten && !topic_matches(entry.filter, message.topic())) continue;
        add_taker(entry.subscriber.get());
        matched = true;
      }
    }
  }
  return known;
}

void Subscribers::add_taker(Subscriber* subscriber) {
  if (std::find(takers_.begin(), takers_.end(), subscriber) == takers_.end()) takers_.push_back(subscriber);
}

}  // namespace holdfast::client
