// What receive() promises: at QoS 1 a message is handed over, at QoS 2 once while the session lives, in
// order; nothing is acknowledged before the application has it; and with a store each QoS 2 message has a key
// of its own, the same whenever it is handed over.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/options.hpp>

#include "session/inbound_message.hpp"
#include "session/record.hpp"
#include "support/broker_packets.hpp"

namespace holdfast::simulation {

class IncomingCheck {
 public:
  explicit IncomingCheck(const Options& options) : options_(options) {}

  /// A new message that somebody publishes for the client; its number.
  std::uint32_t create(std::uint32_t topic, QoS qos);

  // ---- In the client ----

  void on_process_started(const session::Snapshot& snapshot);
  void on_session_lost();
  /// The engine hands a message to the application's inbox.
  void on_handed_over(const session::InboundMessage& message);
  void on_acknowledged_by_application(session::InboundToken token);
  /// This packet was made.
  void on_made(const support::Packet& packet);
  /// After each turn.
  void check_turn() const;

  // ---- At the broker ----

  /// PUBACK, or PUBREC with success, came for it: the broker will not send it again.
  void on_taken_from_broker(std::uint32_t number);

 private:
  struct Message {
    std::uint32_t topic = 0;
    QoS qos = QoS::at_most_once;
    std::uint32_t handed_over = 0;        // How often.
    std::uint32_t life = 0;               // Of the client in which it was last handed over.
    std::uint32_t serial = 0;             // Of that hand-over.
    std::uint16_t packet_identifier = 0;  // Likewise.
    bool acknowledged = false;            // By the application, that hand-over.
    bool ever_acknowledged = false;
    bool answered = false;              // Its PUBACK or PUBREC was made after that hand-over.
    session::InboundExchange exchange;  // Its key, but for what it says.
    std::uint32_t sessions_lost = 0;    // At that hand-over.
  };

  [[nodiscard]] Message& message(std::uint32_t number);
  void check_repeated(std::uint32_t number, const Message& message, bool duplicate) const;
  void check_key(std::uint32_t number, const Message& message, const session::InboundMessage& received);
  void on_answer_made(const support::Packet& packet);
  void on_completion_made(const support::Packet& packet);

  const Options& options_;
  std::vector<Message> messages_;                   // By number - 1.
  std::map<std::uint16_t, std::uint32_t> window_;   // Number by packet identifier: handed over, not finished.
  std::set<std::uint16_t> restored_;                // Past PUBREC in an earlier process.
  std::map<std::uint32_t, std::uint32_t> serials_;  // Number by serial of the token, in this process.
  std::map<std::uint32_t, std::array<std::uint32_t, 3>> last_first_;  // By topic and QoS.
  std::uint32_t life_ = 0;           // Counts processes, and sessions in them.
  std::uint32_t sessions_lost_ = 0;  // Counts them.
  std::map<std::pair<std::uint16_t, session::InboundExchange>, std::uint32_t> keys_;  // Number by key.
};

}  // namespace holdfast::simulation
