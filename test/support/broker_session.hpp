// What an honest broker keeps for a client between its connections, in memory.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/broker_packets.hpp"
#include "support/protocol_checker.hpp"

namespace holdfast::support {

/// Whether a topic filter, with or without "$share/name/" in front, matches a topic. [MQTT 5, 4.7]
[[nodiscard]] bool matches(std::string_view filter, std::string_view topic);

/// A message as it goes out to subscribers.
struct Publication {
  std::string topic;
  std::string payload;
  QoS qos = QoS::at_most_once;
  bool retain = false;
  Properties properties = {};
};

/// One session: subscriptions, messages on their way to the client, QoS 2 identifiers on their way from it.
class BrokerSession {
 public:
  std::map<std::string, SubscriptionOptions> subscriptions;
  /// Identifiers of QoS 2 messages taken and not released.
  std::set<std::uint16_t> received_exactly_once;
  SessionHistory history;
  std::uint32_t expiry = 0;

  /// Queues the message if a subscription matches.
  void offer(const Publication& publication, bool own);
  /// Queues the message at its QoS, whatever the subscriptions say.
  void queue(const Publication& publication);

  /// A connection begins: what is on its way goes out again.
  [[nodiscard]] std::vector<std::string> resume();
  /// What may be sent now, `receive_maximum` unfinished at most, none larger than `size_max`.
  [[nodiscard]] std::vector<std::string> sendable(std::size_t receive_maximum, std::size_t size_max);
  void on_puback(std::uint16_t packet_identifier);
  /// The PUBREL that answers it, or nothing if the client refused the message.
  [[nodiscard]] std::optional<std::string> on_pubrec(const Packet& pubrec);
  void on_pubcomp(std::uint16_t packet_identifier);

  /// Of the messages to the client; 1 by default.
  void start_identifiers_at(std::uint16_t first) noexcept { next_identifier_ = first; }
  [[nodiscard]] std::size_t in_flight() const;
  [[nodiscard]] std::size_t unfinished() const noexcept { return outgoing_.size(); }

 private:
  enum class State : std::uint8_t { queued, published, released };
  struct Outgoing {
    Publication publication;
    State state = State::queued;
    std::uint16_t packet_identifier = 0;
  };

  [[nodiscard]] std::uint16_t unused_identifier();
  [[nodiscard]] Outgoing* find(std::uint16_t packet_identifier);
  void finish(std::uint16_t packet_identifier);

  std::deque<Outgoing> outgoing_;
  std::uint16_t next_identifier_ = 1;
};

}  // namespace holdfast::support
