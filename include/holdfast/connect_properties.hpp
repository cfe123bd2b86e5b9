// Every property of the CONNECT and DISCONNECT packets, and the will.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <holdfast/reason_code.hpp>
#include <holdfast/types.hpp>

namespace holdfast {

/// Every property of CONNECT, under the names of the standard. An absent one is not sent, so that the
/// standard's default holds. [MQTT 5, 3.1.2.11]
struct ConnectProperties {
  /// How long the broker keeps the session after the connection ended: whole seconds, 0 to 4294967295
  /// (never_expires). Absent: 0, the session ends with the connection. May also be set as
  /// Options::session_expiry; two different values are an error. [MQTT 5, 3.1.2.11.2]
  std::optional<std::chrono::seconds> session_expiry_interval = std::nullopt;
  /// How many QoS 1 and 2 messages the broker may send before it waits for acknowledgements: 1 to 65535.
  /// Bounds the memory that unread messages take. Absent: 65535. [MQTT 5, 3.1.2.11.3]
  std::optional<std::uint16_t> receive_maximum = std::nullopt;
  /// The largest packet accepted, in bytes, fixed header included: 1 to 4294967295. Absent: no limit but the
  /// protocol's 268435460. [MQTT 5, 3.1.2.11.4]
  std::optional<std::uint32_t> maximum_packet_size = std::nullopt;
  /// The highest topic alias the broker may use towards us: 0 to 65535. Absent: 0, none. [MQTT 5, 3.1.2.11.5]
  std::optional<std::uint16_t> topic_alias_maximum = std::nullopt;
  /// Ask for Response Information in CONNACK. Absent: no. [MQTT 5, 3.1.2.11.6]
  std::optional<bool> request_response_information = std::nullopt;
  /// Whether the broker may add reason strings and user properties to packets other than PUBLISH, CONNACK and
  /// DISCONNECT. Absent: it may. [MQTT 5, 3.1.2.11.7]
  std::optional<bool> request_problem_information = std::nullopt;
  /// Names and values for the broker. [MQTT 5, 3.1.2.11.8]
  UserProperties user_properties = {};
  /// Name of the method of enhanced authentication, for one that needs no exchange of AUTH packets: for those
  /// that do, set Options::authenticator. Absent: none. [MQTT 5, 3.1.2.11.9]
  std::optional<std::string> authentication_method = std::nullopt;
  /// Bytes of that method, at most 65535; only with a method. [MQTT 5, 3.1.2.11.10]
  std::optional<std::string> authentication_data = std::nullopt;
};

/// The message that the broker publishes for us when the connection ends without disconnect(). [MQTT
/// 5, 3.1.2.5]
struct Will {
  /// Where it is published: a topic name without wildcards.
  std::string topic;
  /// Any bytes, at most 65535.
  std::string payload = {};
  /// At which QoS it is published. Default: at most once. [MQTT 5, 3.1.2.6]
  QoS qos = QoS::at_most_once;
  /// Whether the broker keeps it as the topic's last value. Default: no. [MQTT 5, 3.1.2.7]
  bool retain = false;
  /// How long the broker waits before publishing it; a reconnect within that time cancels it. Whole seconds,
  /// 0 to 4294967295. Absent: 0. [MQTT 5, 3.1.3.2.2]
  std::optional<std::chrono::seconds> will_delay_interval = std::nullopt;
  /// The payload is UTF-8 text. Default: unspecified bytes. [MQTT 5, 3.1.3.2.3]
  bool payload_is_utf8 = false;
  /// How long the message is worth keeping, in seconds. Absent: for ever. [MQTT 5, 3.1.3.2.4]
  std::optional<std::chrono::seconds> message_expiry_interval = std::nullopt;
  /// MIME type or any other description of the payload. Absent: none. [MQTT 5, 3.1.3.2.5]
  std::optional<std::string> content_type = std::nullopt;
  /// Topic on which a response is expected. Absent: not a request. [MQTT 5, 3.1.3.2.6]
  std::optional<std::string> response_topic = std::nullopt;
  /// Bytes by which the response is recognised, at most 65535. Absent: none. [MQTT 5, 3.1.3.2.7]
  std::optional<std::string> correlation_data = std::nullopt;
  /// Names and values for the receivers. Default: none. [MQTT 5, 3.1.3.2.8]
  UserProperties user_properties = {};
};

/// How Client::disconnect ends the connection. [MQTT 5, 3.14]
struct DisconnectOptions {
  /// Normal disconnection suppresses the will; disconnect_with_will_message lets it speak. A code that only a
  /// server may send is refused with Errc::invalid_argument. [MQTT 5, 3.14.2.1]
  ReasonCode reason = ReasonCode::success;
  /// How long to wait, before DISCONNECT is sent, for everything accepted to be acknowledged. Default: not at
  /// all; what is unfinished then stays for the next connect().
  std::chrono::milliseconds drain{0};
  /// Replaces the session expiry interval. An error if it is not 0 and CONNECT said 0. Default: unchanged.
  /// [MQTT 5, 3.14.2.2.2]
  std::optional<std::chrono::seconds> session_expiry_interval = std::nullopt;
  /// A text for the broker's log. [MQTT 5, 3.14.2.2.3]
  std::optional<std::string> reason_string = std::nullopt;
  /// Names and values for the broker. Default: none. [MQTT 5, 3.14.2.2.4]
  UserProperties user_properties = {};
};

}  // namespace holdfast
