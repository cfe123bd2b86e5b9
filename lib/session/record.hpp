// What changed in a session: the journal that the engine and the outbox write and a store makes last, and the
// snapshot that a store gives back.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <holdfast/subscription.hpp>

#include "session/outbound_message.hpp"
#include "session/time.hpp"

namespace holdfast::session {

/// A subscription as it was asked for: what SUBSCRIBE needs to be sent again.
struct StoredSubscription {
  TopicFilter subscription;
  std::optional<std::uint32_t> subscription_identifier;
};

/// To whom a session belongs; another client id or other servers are another session.
struct SessionIdentity {
  std::string client_id;  ///< In force: configured or assigned by the broker.
  std::string server;     ///< host:port; of a cluster all of them, see server_group().
  friend bool operator==(const SessionIdentity&, const SessionIdentity&) = default;
};

namespace record {

/// A CONNACK with success: this session goes on or begins.
struct SessionHeld {
  SessionIdentity identity;
  std::chrono::seconds expiry;
};
/// The session's connection is up: now and then, so that a killed process leaves word of when it last was.
struct SessionAlive {};
/// The session is over: packet identifiers and inbound identifiers mean nothing any more. Messages stay: they
/// are returned or finished by records of their own.
struct SessionEnded {};
/// A new message waits in the outbox. The order of sequences is the order of sending.
struct Accepted {
  OutboundMessagePtr message;
};
/// A message waits again: its session was lost.
struct Returned {
  std::uint64_t sequence;
};
/// A message got a packet identifier and is about to be sent. Without one (0) it is of QoS 0, and that is the
/// end of it.
struct Sent {
  std::uint64_t sequence;
  std::uint16_t packet_identifier;
  QoS qos = QoS::exactly_once;  ///< In force: the broker may have lowered it.
};
/// Its PUBREC came: from now on PUBREL is what is sent again.
struct Released {
  std::uint64_t sequence;
};
/// The message has ended.
struct Finished {
  std::uint64_t sequence;
};
/// The message has ended, but the broker may know its packet identifier, which stays taken until the session
/// ends or the identifier is sent again.
struct Held {
  std::uint64_t sequence;
};
/// A PUBREC of ours is about to be sent for an inbound QoS 2 message.
struct InboundReceived {
  std::uint16_t packet_identifier;
  std::uint64_t exchange = 1;  ///< Counts the messages that had this identifier in this session, from 1.
};
/// Its PUBREL came.
struct InboundReleased {
  std::uint16_t packet_identifier;
};
struct Subscribed {
  StoredSubscription subscription;
};
struct Unsubscribed {
  std::string filter;
};

/// A server refused MQTT 5; or speaks it again, if not `older`.
struct OlderServer {
  std::string endpoint;
  bool older = true;
};

}  // namespace record

using Record = std::variant<record::SessionHeld, record::SessionAlive, record::SessionEnded, record::Accepted,
                            record::Returned, record::Sent, record::Released, record::Finished, record::Held,
                            record::InboundReceived, record::InboundReleased, record::Subscribed,
                            record::Unsubscribed, record::OlderServer>;
using Journal = std::vector<Record>;

/// How often SessionAlive comes while the connection is up: a killed process was connected so long at the
/// most after it.
inline constexpr std::chrono::seconds alive_period{30};

/// Whether bytes or an answer to the application wait for this record to last. The others only tidy up:
/// without them something is sent again that the broker knows how to take.
[[nodiscard]] inline bool promises(const Record& record) noexcept {
  return !std::holds_alternative<record::Finished>(record) && !std::holds_alternative<record::Held>(record) &&
         !std::holds_alternative<record::SessionAlive>(record) &&
         !std::holds_alternative<record::OlderServer>(record);
}

/// Takes out the messages that do not wait any more, as one of the journals says: they were sent or ended.
void erase_gone(std::vector<OutboundMessagePtr>& messages, std::initializer_list<const Journal*> journals);

/// A message in flight as a store held it.
struct StoredMessage {
  OutboundMessagePtr message;
  std::uint16_t packet_identifier = 0;
  bool released = false;  ///< Past PUBREC.
};

/// How many QoS 2 messages that had this identifier were received in this session.
struct InboundCount {
  std::uint16_t packet_identifier = 0;
  std::uint64_t exchanges = 0;
  friend bool operator==(const InboundCount&, const InboundCount&) = default;
};

/// Messages that wait in a store, not in memory: all those with sequences from `first` to `last` that are
/// neither in flight nor ended.
struct WaitingRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::size_t messages = 0;
  std::size_t bytes = 0;         ///< As OutboundMessage::size().
  TimePoint expires_at = never;  ///< When the first of them expires, or before.
};

/// How much one range holds at most, so that one can be loaded at a time: messages, and bytes (or one
/// message).
struct RangeLimits {
  std::size_t messages = 512;
  std::size_t bytes = std::size_t{256} << 10;
};

/// Puts a message, whose sequence follows all others, into the last of `ranges`, or into a new one where
/// that is full.
inline void extend(std::vector<WaitingRange>& ranges, std::uint64_t sequence, std::size_t bytes,
                   TimePoint expires_at, const RangeLimits& limits) {
  if (ranges.empty() || ranges.back().messages >= limits.messages ||
      ranges.back().bytes + bytes > limits.bytes)
    ranges.push_back({.first = sequence});
  WaitingRange& range = ranges.back();
  range.last = sequence;
  ++range.messages;
  range.bytes += bytes;
  range.expires_at = std::min(range.expires_at, expires_at);
}

/// All a store knows of one session.
struct Snapshot {
  bool held = false;  ///< A session was held when the last process ended.
  SessionIdentity identity;
  std::chrono::seconds expiry{0};
  /// When its connection was last known to be up.
  std::optional<TimePoint> away_since;
  /// Counts the sessions of this store, from a number of its own: two sessions never have the same, of
  /// whatever stores.
  std::uint64_t epoch = 0;
  /// Past PUBREC in the order of the PUBRECs, then in flight in the order of sending.
  std::vector<StoredMessage> messages;
  /// What waits, in the order of the sequences.
  std::vector<WaitingRange> waiting;
  std::vector<std::uint16_t> held_identifiers;  ///< See record::Held.
  std::vector<std::uint16_t> inbound_received;
  std::vector<InboundCount> inbound_counts;
  std::vector<StoredSubscription> subscriptions;
  std::vector<std::string> older_servers;  ///< See record::OlderServer.
  std::uint64_t last_sequence = 0;
};

}  // namespace holdfast::session
