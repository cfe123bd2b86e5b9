#include "store/memory_store.hpp"

#include <algorithm>
#include <random>
#include <variant>
#include <vector>

#include <holdfast/error.hpp>

namespace holdfast::store {

namespace {

// A message of an earlier Client has ended for that Client; the next one needs an object of its own.
session::OutboundMessagePtr copy(const session::OutboundMessage& message) {
  auto fresh =
      session::OutboundMessage::make({message.topic(), message.payload(), message.qos, message.retain(),
                                      message.properties().bytes(), message.expires_at()});
  fresh->sequence = message.sequence;
  return fresh;
}

}  // namespace

/// One record after the other, onto the store.
class MemoryStore::Apply {
 public:
  Apply(MemoryStore& store, session::TimePoint now) : store_(store), now_(now) {}

  void operator()(const session::record::SessionHeld& record) {
    store_.held_ = true;
    store_.identity_ = record.identity;
    store_.expiry_ = record.expiry;
  }
  void operator()(const session::record::SessionAlive&) { store_.alive_at_ = now_; }
  void operator()(const session::record::SessionEnded&) {
    store_.inbound_received_.clear();
    store_.inbound_counts_.clear();
    store_.held_identifiers_.clear();
    ++store_.epoch_;
  }
  void operator()(const session::record::Accepted& record) {
    store_.messages_[record.message->sequence] = {record.message};
  }
  void operator()(const session::record::Returned& record) {
    StoredMessage& stored = store_.messages_.at(record.sequence);
    stored = {std::move(stored.message)};
  }
  void operator()(const session::record::Sent& record) {
    if (record.packet_identifier == 0) return (*this)(session::record::Finished{record.sequence});
    store_.held_identifiers_.erase(record.packet_identifier);
    StoredMessage& stored = store_.messages_.at(record.sequence);
    stored.packet_identifier = record.packet_identifier;
    stored.order = ++store_.last_order_;
  }
  void operator()(const session::record::Released& record) {
    StoredMessage& stored = store_.messages_.at(record.sequence);
    stored.released = true;
    stored.order = ++store_.last_order_;
  }
  void operator()(const session::record::Held& record) {
    store_.held_identifiers_.insert(store_.messages_.at(record.sequence).packet_identifier);
    store_.messages_.erase(record.sequence);
  }
  void operator()(const session::record::Finished& record) { store_.messages_.erase(record.sequence); }
  void operator()(const session::record::InboundReceived& record) {
    store_.inbound_received_.insert(record.packet_identifier);
    store_.inbound_counts_[record.packet_identifier] = record.exchange;
  }
  void operator()(const session::record::InboundReleased& record) {
    store_.inbound_received_.erase(record.packet_identifier);
  }
  void operator()(const session::record::Subscribed& record) {
    store_.subscriptions_[record.subscription.subscription.filter] = record.subscription;
  }
  void operator()(const session::record::Unsubscribed& record) { store_.subscriptions_.erase(record.filter); }
  void operator()(const session::record::OlderServer& record) {
    if (record.older) {
      store_.older_servers_.insert(record.endpoint);
    } else {
      store_.older_servers_.erase(record.endpoint);
    }
  }

 private:
  MemoryStore& store_;
  const session::TimePoint now_;
};

session::Snapshot MemoryStore::open(session::TimePoint) {
  const std::lock_guard lock(mutex_);
  if (open_) {
    throw Error(Errc::store_failed,
                "memory store: another Client has it: give each a store and a client id of its own");
  }
  open_ = true;
  session::Snapshot snapshot;
  snapshot.held = held_;
  snapshot.identity = identity_;
  snapshot.expiry = expiry_;
  snapshot.epoch = epoch_;
  snapshot.waiting = waiting();
  snapshot.away_since = alive_at_;
  snapshot.last_sequence = messages_.empty() ? 0 : messages_.rbegin()->first;
  snapshot.held_identifiers.assign(held_identifiers_.begin(), held_identifiers_.end());
  snapshot.inbound_received.assign(inbound_received_.begin(), inbound_received_.end());
  for (const auto& [identifier, exchanges] : inbound_counts_)
    snapshot.inbound_counts.push_back({identifier, exchanges});
  for (const auto& [filter, subscription] : subscriptions_)
    snapshot.subscriptions.push_back(subscription);
  snapshot.older_servers.assign(older_servers_.begin(), older_servers_.end());

  std::vector<const StoredMessage*> in_order;
  for (const auto& [sequence, stored] : messages_) {
    if (stored.packet_identifier != 0) in_order.push_back(&stored);
  }
  const auto before = [](const StoredMessage* a, const StoredMessage* b) {
    return a->released != b->released ? a->released : a->order < b->order;
  };
  std::sort(in_order.begin(), in_order.end(), before);
  for (const StoredMessage* stored : in_order) {
    snapshot.messages.push_back({copy(*stored->message), stored->packet_identifier, stored->released});
  }
  return snapshot;
}

std::vector<session::WaitingRange> MemoryStore::waiting() const {
  std::vector<session::WaitingRange> ranges;
  for (const auto& [sequence, stored] : messages_) {
    const session::OutboundMessage& message = *stored.message;
    if (stored.packet_identifier == 0)
      session::extend(ranges, sequence, message.size(), message.expires_at(), limits_);
  }
  return ranges;
}

std::vector<session::OutboundMessagePtr> MemoryStore::load(const session::WaitingRange& range) {
  const std::lock_guard lock(mutex_);
  std::vector<session::OutboundMessagePtr> found;
  for (auto at = messages_.lower_bound(range.first); at != messages_.end() && at->first <= range.last; ++at) {
    if (at->second.packet_identifier == 0) found.push_back(copy(*at->second.message));
  }
  return found;
}

void MemoryStore::commit(const session::Journal& journal, session::TimePoint now) {
  const std::lock_guard lock(mutex_);
  Apply apply(*this, now);
  for (const session::Record& record : journal)
    std::visit(apply, record);
}

void MemoryStore::close() noexcept {
  const std::lock_guard lock(mutex_);
  open_ = false;
}

}  // namespace holdfast::store

namespace holdfast {
std::shared_ptr<Store> memory_store() {
  return std::make_shared<store::MemoryStore>(session::RangeLimits{}, std::random_device{}());
}
}  // namespace holdfast
