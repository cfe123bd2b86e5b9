// The QoS 1 and 2 messages received and not finished, by packet identifier, and the order in which they are
// to be acknowledged. [MQTT 5, 4.3.2, 4.3.3, 4.6]
//
// An acknowledgement belongs to the connection on which its PUBLISH came: what the application acknowledges
// later is kept, and sent when the broker has sent the PUBLISH again. Until then nothing of it goes on the
// wire. [MQTT 5, 4.4]
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include <holdfast/types.hpp>

#include "session/inbound_message.hpp"

namespace holdfast::session {

class InboundWindow {
 public:
  /// What to do with a PUBLISH.
  enum class Verdict : std::uint8_t {
    deliver,   ///< New to us: hand it to the application.
    suppress,  ///< The application has it, or it waits there; nothing to hand over.
  };
  /// What an honest broker would not have done.
  enum class Irregularity : std::uint8_t {
    none,
    without_dup,        ///< Sent again, and not marked as such. [MQTT-3.3.1-1]
    same_connection,    ///< Sent again though the connection was not lost. [MQTT-4.4.0-1]
    identifier_in_use,  ///< Another message has the identifier. [MQTT-2.2.1-4]
  };
  struct Arrival {
    Verdict verdict;
    InboundToken token;
    Irregularity irregularity = Irregularity::none;
  };
  /// An acknowledgement to send: PUBACK at QoS 1, PUBREC at QoS 2.
  struct Due {
    std::uint16_t packet_identifier;
    QoS qos;
    ReasonCode reason;  ///< An error ends the exchange.
    bool again;         ///< A PUBREC that was sent before, for the same exchange.
    std::optional<AcknowledgementProperties> properties;
  };

  InboundWindow();

  /// A PUBLISH of QoS 1 or 2 came. `content`: at QoS 1 its content_hash().
  Arrival on_publish(std::uint16_t packet_identifier, QoS qos, bool duplicate, std::uint64_t content);
  /// A PUBLISH came that cannot be taken: this error is its acknowledgement, when its turn comes.
  void refuse(std::uint16_t packet_identifier, QoS qos, ReasonCode reason);
  /// So many hold the message: it counts as acknowledged when the last of them has done so.
  void share(InboundToken token, std::uint32_t holders);
  /// The application acknowledged. Stale and repeated tokens change nothing. Of those who share a message the
  /// last says how.
  void acknowledge(InboundToken token);
  void acknowledge(InboundAnswer&& answer);
  /// The next acknowledgement whose turn it is, if any; it counts as sent.
  [[nodiscard]] std::optional<Due> next_due();
  /// A PUBREL came: whether its message was known. It is forgotten now.
  bool on_pubrel(std::uint16_t packet_identifier);

  /// A QoS 2 identifier whose PUBREC was sent in an earlier process.
  void restore_received(std::uint16_t packet_identifier);

  void on_disconnected();
  /// The broker has no session: all identifiers are free.
  void clear();

  /// How many messages of this connection are not finished: what Receive Maximum bounds. [MQTT 5, 3.3.4]
  [[nodiscard]] std::size_t unfinished() const noexcept { return unfinished_; }

 private:
  enum class Progress : std::uint8_t {
    none,
    waiting,       ///< Not acknowledged by the application.
    acknowledged,  ///< Acknowledged by the application, nothing sent yet.
    received,      ///< QoS 2: PUBREC was sent; PUBREL is awaited.
  };
  struct Entry {
    std::uint32_t serial = 0;
    std::uint32_t holders = 1;
    std::uint64_t content = 0;
    std::uint16_t packet_identifier = 0;
    Progress progress = Progress::none;
    QoS qos = QoS::at_least_once;
    ReasonCode reason = ReasonCode::success;
    std::uint32_t unfinished = 0;  ///< How often it counts as such: a broker may use an identifier twice.
    bool current = false;          ///< The PUBLISH came on this connection.
    bool answered = false;         ///< QoS 2: PUBREC was sent, on whatever connection.
  };

  [[nodiscard]] Entry* find(std::uint16_t packet_identifier) noexcept;
  [[nodiscard]] Entry* find_waiting(InboundToken token) noexcept;
  Entry& insert(std::uint16_t packet_identifier);
  void forget(Entry& entry) noexcept;
  Arrival begin(Entry& entry, QoS qos, std::uint64_t content);
  Arrival repeat(Entry& entry);
  std::deque<std::uint16_t>& turn_of(QoS qos) noexcept {
    return qos == QoS::at_least_once ? pubacks_ : pubrecs_;
  }

  std::vector<Entry> table_;  // By packet identifier modulo its size, a power of two.
  std::deque<std::uint16_t>
      pubacks_;  // In the order of the PUBLISHes of this connection, acknowledged or not.
  std::deque<std::uint16_t> pubrecs_;
  // Of acknowledgements that are not sent yet, by serial.
  std::map<std::uint32_t, AcknowledgementProperties> properties_;
  std::size_t unfinished_ = 0;
  std::uint32_t next_serial_ = 1;
  bool renumbers_ = false;  // The broker gives messages other identifiers when it sends them again.
};

}  // namespace holdfast::session
