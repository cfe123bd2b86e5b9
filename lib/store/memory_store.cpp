#include "store/memory_store.hpp"

#include <algorithm>
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

/// One record after the other, onto a session.
class MemoryStore::Apply {
 public:
  explicit Apply(Session& session) : session_(session) {}

  void operator()(const session::record::SessionHeld& record) {
    session_.held = true;
    session_.client_id = record.client_id;
    session_.expiry = record.expiry;
  }
  void operator()(const session::record::SessionEnded&) { session_.inbound_received.clear(); }
  void operator()(const session::record::Accepted& record) {
    const std::uint64_t sequence = record.message->sequence;
    session_.messages[sequence] = {record.message, 0, false, ++session_.last_order};
    session_.last_sequence = std::max(session_.last_sequence, sequence);
  }
  void operator()(const session::record::Sent& record) {
    StoredMessage& stored = session_.messages.at(record.sequence);
    stored.packet_identifier = record.packet_identifier;
    stored.order = ++session_.last_order;
  }
  void operator()(const session::record::Released& record) {
    StoredMessage& stored = session_.messages.at(record.sequence);
    stored.released = true;
    stored.order = ++session_.last_order;
  }
  void operator()(const session::record::Finished& record) { session_.messages.erase(record.sequence); }
  void operator()(const session::record::InboundReceived& record) {
    session_.inbound_received.insert(record.packet_identifier);
  }
  void operator()(const session::record::InboundReleased& record) {
    session_.inbound_received.erase(record.packet_identifier);
  }
  void operator()(const session::record::Subscribed& record) {
    session_.subscriptions[record.subscription.subscription.filter] = record.subscription;
  }
  void operator()(const session::record::Unsubscribed& record) {
    session_.subscriptions.erase(record.filter);
  }

 private:
  Session& session_;
};

session::Snapshot MemoryStore::open(const Identity& identity) {
  const std::lock_guard lock(mutex_);
  Session& session = sessions_[{identity.client_id, identity.server}];
  if (session.open) {
    throw Error(Errc::store_failed, "the session of client id \"" + identity.client_id + "\" at " +
                                        identity.server +
                                        " is in use by another Client: give each a client id of its own");
  }
  session.open = true;
  session::Snapshot snapshot;
  snapshot.held = session.held;
  snapshot.client_id = session.client_id;
  snapshot.expiry = session.expiry;
  snapshot.last_sequence = session.last_sequence;
  snapshot.inbound_received.assign(session.inbound_received.begin(), session.inbound_received.end());
  for (const auto& [filter, subscription] : session.subscriptions)
    snapshot.subscriptions.push_back(subscription);

  std::vector<const StoredMessage*> in_order;
  for (const auto& [sequence, stored] : session.messages)
    in_order.push_back(&stored);
  const auto before = [](const StoredMessage* a, const StoredMessage* b) {
    const auto group = [](const StoredMessage& stored) {
      return stored.released ? 0 : stored.packet_identifier != 0 ? 1 : 2;
    };
    if (group(*a) != group(*b)) return group(*a) < group(*b);
    return group(*a) == 2 ? a->message->sequence < b->message->sequence : a->order < b->order;
  };
  std::sort(in_order.begin(), in_order.end(), before);
  for (const StoredMessage* stored : in_order) {
    snapshot.messages.push_back({copy(*stored->message), stored->packet_identifier, stored->released});
  }
  return snapshot;
}

void MemoryStore::commit(const Identity& identity, const session::Journal& journal) {
  const std::lock_guard lock(mutex_);
  Apply apply(sessions_.at({identity.client_id, identity.server}));
  for (const session::Record& record : journal)
    std::visit(apply, record);
}

void MemoryStore::close(const Identity& identity) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find({identity.client_id, identity.server});
  if (found != sessions_.end()) found->second.open = false;
}

}  // namespace holdfast::store

namespace holdfast {
std::shared_ptr<Store> memory_store() {
  return std::make_shared<store::MemoryStore>();
}
}  // namespace holdfast
