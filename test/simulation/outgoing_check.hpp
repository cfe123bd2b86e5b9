// What publish() promises: at QoS 1 a message arrives, at QoS 2 it arrives once while the session lives, in
// order, and every Delivery ends exactly once.
//
// The check sees a message where it is handed over, where its packets are made, where they leave, where the
// broker passes it on, and where it ends.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/event.hpp>
#include <holdfast/options.hpp>

#include "session/record.hpp"
#include "session/time.hpp"
#include "support/broker_packets.hpp"

namespace holdfast::simulation {

class OutgoingCheck {
 public:
  explicit OutgoingCheck(const Options& options) : options_(options) {}

  /// Long enough that an alias for it pays.
  [[nodiscard]] static std::string topic_name(std::uint32_t topic) {
    return "outgoing/" + std::to_string(topic);
  }
  /// A new message; its number.
  std::uint32_t create(std::uint32_t topic, QoS qos, session::TimePoint expires_at);

  // ---- In the client ----

  /// All that was in memory is gone; what the store gave back lives on.
  void on_process_started(const session::Snapshot& snapshot);
  /// The client has the message: it has to end now, in this process or, with a store, in a later one.
  void on_accepted(std::uint32_t number, std::size_t packet_size);
  void on_session_lost();
  /// CONNACK came; after on_session_lost(), if the session is a new one.
  void on_connected(const BrokerLimits& limits, bool session_present);
  /// It has ended in the engine: its identifier may be used again, before its end is told.
  void on_identifier_freed(std::uint32_t number);
  /// These packets were made, left entirely.
  void on_made(const support::Packet& packet, session::TimePoint now);
  void on_left(const support::Packet& packet);
  /// The connection ended by the broker's FIN, reset or DISCONNECT, or otherwise.
  void on_disconnected(bool by_peer);
  void on_ended(std::uint32_t number, std::optional<Errc> failure, session::TimePoint now);
  /// After each turn.
  void check_turn(std::size_t in_flight);
  /// What is not finished ends with Errc::closed now.
  void on_process_ends() noexcept { process_ends_ = true; }

  // ---- At the broker ----

  /// Whatever stood for it: an alias may.
  void check_topic(std::uint32_t number, const std::string& topic);
  void on_passed_on(std::uint32_t number, std::uint32_t incarnation);
  void on_refused(std::uint32_t number) { message(number).refused = true; }

  /// The day is over: nothing is left.
  void check_end() const;

  [[nodiscard]] std::size_t created() const noexcept { return messages_.size(); }
  [[nodiscard]] std::size_t live() const noexcept;

 private:
  struct Message {
    std::uint32_t topic = 0;
    QoS qos = QoS::at_most_once;
    session::TimePoint expires_at = session::never;
    std::size_t packet_size = 0;
    bool live = false;       // Accepted and not ended.
    bool ever_left = false;  // A whole PUBLISH of it has left, in whatever session.
    // In the client's session that goes on.
    std::uint16_t packet_identifier = 0;  // 0: not in flight.
    bool sent_before = false;             // DUP has to be set.
    bool released = false;                // Its PUBREL was made: never to be published again.
    unsigned closes = 0;                  // Connections that the broker closed after it had left on them.
    bool left_here = false;               // It left on this connection.
    // At the broker.
    bool refused = false;
    std::uint32_t passes = 0;
    std::uint32_t passed_in = 0;  // The last incarnation of the session that passed it on.
  };

  [[nodiscard]] Message& message(std::uint32_t number);
  [[nodiscard]] static std::string name(std::uint32_t number);
  void on_publish_made(const support::Packet& packet, session::TimePoint now);
  void on_release_made(const support::Packet& packet);
  void on_identifier_used(std::uint16_t packet_identifier, std::uint32_t user, const std::string& what);
  void check_success(std::uint32_t number, const Message& message) const;
  [[nodiscard]] bool has_newer(const Message& older) const;
  [[nodiscard]] bool may_fail(const Message& message, Errc failure, session::TimePoint now) const;

  const Options& options_;
  std::vector<Message> messages_;                     // By number - 1.
  std::map<std::uint16_t, std::uint32_t> in_flight_;  // Number by packet identifier, in this session.
  std::set<std::uint32_t> must_end_;                  // Numbers: with session_lost, in this turn.
  std::map<std::uint32_t, std::array<std::uint32_t, 3>> last_passed_;  // By topic and QoS.
  BrokerLimits limits_;
  std::size_t window_max_ = 0;  // The largest Receive Maximum of this session.
  bool session_lost_now_ = false;
  bool process_ends_ = false;
};

}  // namespace holdfast::simulation
