// What a client may not do, checked packet by packet on the broker's side.
//
// The checks cost no honest client anything: the broker sees an identifier freed before the client does, and
// a message replayed only if it was sent. So whatever is reported is a fault.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "support/broker_packets.hpp"

namespace holdfast::support {

/// What the broker knows of a client's QoS 1 and 2 messages across the connections of one session.
struct SessionHistory {
  enum class State : std::uint8_t { published, received, released };
  struct Message {
    std::uint64_t order = 0;  ///< When it came for the first time.
    std::string topic;
    std::string payload;
    QoS qos = QoS::at_most_once;
    State state = State::published;
    std::uint64_t pubrec_order = 0;
    std::size_t pubrec_connection = 0;
  };

  std::map<std::uint16_t, Message> unfinished;
  /// The last one finished with each identifier: the client may not know yet that it is.
  std::map<std::uint16_t, Message> finished;
  std::uint64_t next_order = 1;
  std::uint64_t next_pubrec_order = 1;

  void finish(std::uint16_t packet_identifier);
};

/// The rules of one connection.
class ProtocolChecker {
 public:
  using Report = std::function<void(std::string)>;

  ProtocolChecker(std::size_t connection, Report report)
      : connection_(connection), report_(std::move(report)) {}

  /// From the CONNECT on: whose session it is.
  void attach(SessionHistory& history) noexcept { history_ = &history; }
  void on_received(const Packet& packet);
  /// The topic of the PUBLISH that was received last, which an alias may stand for.
  [[nodiscard]] const std::string& topic() const noexcept { return topic_; }
  void on_sent(const Packet& packet);

 private:
  void violation(const Packet& packet, const std::string& what) const;
  void check_limits(const Packet& publish) const;
  void on_publish(Packet packet);
  void resolve_topic(const Packet& packet);
  void on_first_publish(const Packet& packet);
  void on_replay(const Packet& packet);
  void on_pubrel(const Packet& packet);
  void on_request(const Packet& packet);
  void on_acknowledgement(const Packet& packet);
  void on_connack_sent(const Packet& packet);

  const std::size_t connection_;
  Report report_;
  SessionHistory* history_ = nullptr;
  bool connect_seen_ = false;
  bool disconnect_seen_ = false;
  bool session_present_ = false;
  Properties limits_;
  std::map<std::uint32_t, std::string> aliases_;
  std::string topic_;
  std::set<std::uint16_t> quota_;
  std::set<std::uint16_t> requests_;
  bool publish_seen_ = false;
  bool first_publish_seen_ = false;
  std::uint64_t last_replayed_ = 0;
  std::uint64_t last_pubrel_ = 0;
  std::set<std::uint16_t> pubrels_here_;
  // Sent to the client on this connection and not answered.
  std::deque<std::uint16_t> awaiting_puback_;
  std::deque<std::uint16_t> awaiting_pubrec_;
  std::deque<std::uint16_t> awaiting_pubcomp_;
};

}  // namespace holdfast::support
