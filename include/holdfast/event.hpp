// What happened to the connection and the session, to be taken with Client::next_event.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <variant>

#include <holdfast/reason_code.hpp>
#include <holdfast/types.hpp>

namespace holdfast {

/// What the broker granted in CONNACK; the standard's defaults where it said nothing. [MQTT 5, 3.2.2.3]
struct BrokerLimits {
  /// The version in force, mqtt_5 or mqtt_3_1_1. A broker of MQTT 3.1.1 says nothing of its limits.
  Protocol protocol = Protocol::mqtt_5;
  /// How long it keeps the session after the connection. In MQTT 3.1.1 what was asked: the broker does not
  /// tell. [MQTT 5, 3.2.2.3.2]
  std::chrono::seconds session_expiry_interval{0};
  std::uint16_t receive_maximum = 65535;  ///< QoS 1 and 2 messages in flight to it. [MQTT 5, 3.2.2.3.3]
  QoS maximum_qos = QoS::exactly_once;    ///< Of what is published. [MQTT 5, 3.2.2.3.4]
  bool retain_available = true;           ///< Whether it keeps messages. [MQTT 5, 3.2.2.3.5]
  /// The largest packet it takes, in bytes. Absent: no limit. [MQTT 5, 3.2.2.3.6]
  std::optional<std::uint32_t> maximum_packet_size;
  std::uint16_t topic_alias_maximum = 0;           ///< Aliases it takes. [MQTT 5, 3.2.2.3.8]
  bool wildcard_subscription_available = true;     ///< + and # in topic filters. [MQTT 5, 3.2.2.3.11]
  bool subscription_identifiers_available = true;  ///< [MQTT 5, 3.2.2.3.12]
  bool shared_subscription_available = true;       ///< $share/ in topic filters. [MQTT 5, 3.2.2.3.13]
  std::chrono::seconds keep_alive{0};              ///< The one in force: the broker's, or ours.
};

/// A CONNACK with success came.
struct Connected {
  bool session_present = false;      ///< The broker had our session, and goes on with it. [MQTT 5, 3.2.2.1.1]
  std::string client_id;             ///< The one in force: ours, or the one the broker assigned.
  std::string server = {};           ///< As in Options, without credentials.
  BrokerLimits limits;               ///< What the broker granted.
  std::string reason_string;         ///< The broker's, for people; often empty. [MQTT 5, 3.2.2.3.9]
  std::string response_information;  ///< What it may say about response topics. [MQTT 5, 3.2.2.3.15]
  UserProperties user_properties;    ///< The broker's. [MQTT 5, 3.2.2.3.10]
};

/// The connection ended, or an attempt failed.
struct Disconnected {
  std::error_code error;  ///< No error: by disconnect().
  /// The code of the DISCONNECT or CONNACK that came, or of the DISCONNECT that names our reason.
  std::optional<ReasonCode> reason_code;
  std::string what;                     ///< One line for people; names the server where there are several.
  std::string reason_string = {};       ///< The broker's, of its DISCONNECT or CONNACK.
  UserProperties user_properties = {};  ///< Likewise.
};

/// The next attempt follows after `delay`.
struct Reconnecting {
  std::chrono::milliseconds delay{0};  ///< From now.
  unsigned attempt = 0;                ///< From 1, counted since the last success.
  std::string server = {};  ///< Where it goes, unless before_connect changes that; without credentials.
};

/// The broker no longer had the session (or it ended with its connection): what that meant.
struct SessionLost {
  std::size_t republished = 0;   ///< Messages sent again as new ones.
  std::size_t failed = 0;        ///< Messages whose Delivery ended with Errc::session_lost.
  std::size_t resubscribed = 0;  ///< Topic filters subscribed to again.
};

/// The broker refuses this client. When `final`, no attempt follows until connect() is called again.
struct Refused {
  ReasonCode reason_code = ReasonCode::unspecified_error;  ///< Of CONNACK. [MQTT 5, 3.2.2.2]
  std::string reason_string;                               ///< The broker's, for people.
  bool final = false;                                      ///< No attempt follows by itself.
};

/// Another client connected with our Client Identifier. When `final`, no attempt follows until connect() is
/// called again.
struct TakenOver {
  bool final = false;  ///< No attempt follows by itself.
};

/// The broker says where else to go. [MQTT 5, 4.11]
struct ServerReferenceGiven {
  std::string server_reference;  ///< Space-separated, as it came; may be empty.
  bool permanent = false;        ///< "Server moved" (0x9D), else "use another server" (0x9C).
  bool followed = false;         ///< As Options::follow_server_reference says, and as far as it is safe.
  std::string what = {};         ///< Where it is followed to, or why it is not.
};

/// Messages ended in the outbox, waiting to be sent (perhaps again, after a lost session). One event stands
/// for all that ended for the same reason while nothing else happened.
struct MessagesDropped {
  std::error_code error;       ///< Errc::expired, dropped or superseded.
  std::uint64_t messages = 0;  ///< How many.
  std::string topic;           ///< Of the last one.
};

/// A message without a Delivery to tell it (of an earlier process) failed otherwise, or any message as
/// poison.
struct MessageFailed {
  std::string topic;                             ///< Of the message.
  std::error_code error;                         ///< An Errc.
  ReasonCode reason_code = ReasonCode::success;  ///< The broker's, if it gave one.
};

/// A subscription made again after a lost session, or on behalf of a call that timed out, was refused.
struct SubscriptionFailed {
  std::string filter;                                      ///< The topic filter, as it was asked for.
  ReasonCode reason_code = ReasonCode::unspecified_error;  ///< Of SUBACK. [MQTT 5, 3.9.3]
  std::string reason_string = {};                          ///< The broker's, for all filters of its packet.
};

/// One of the above; std::get_if tells which.
using Event = std::variant<Connected, Disconnected, Reconnecting, SessionLost, Refused, TakenOver,
                           ServerReferenceGiven, MessagesDropped, MessageFailed, SubscriptionFailed>;

}  // namespace holdfast
