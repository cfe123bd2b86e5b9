// How one message is published: its QoS, its retain flag and its properties.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <holdfast/types.hpp>

namespace holdfast {

/// How one message is published. Plain data: copy it, reuse it.
struct PublishOptions {
  /// Delivery promise. Default: at most once. More than the broker's Maximum QoS is refused with
  /// Errc::qos_not_supported before anything is sent. [MQTT 5, 3.2.2.3.4]
  QoS qos = QoS::at_most_once;

  /// The broker keeps the message as the topic's last value. Default: no. [MQTT 5, 3.3.1.3]
  bool retain = false;

  /// The payload is UTF-8 text; false says the same as absent: unspecified bytes. Checked only with
  /// Options::check_payload_format. [MQTT 5, 3.3.2.3.2]
  bool payload_is_utf8 = false;

  /// How long the message is worth sending: whole seconds, 0 to 4294967295. Default: for ever. Time spent
  /// waiting here counts; once sent, it is no longer dropped. [MQTT 5, 3.3.2.3.3, 4.3.3]
  std::optional<std::chrono::seconds> message_expiry_interval = std::nullopt;

  /// MIME type or any other description of the payload, UTF-8. Default: none. [MQTT 5, 3.3.2.3.9]
  std::optional<std::string> content_type = std::nullopt;

  /// Topic on which a response is expected; no wildcards. Default: not a request. [MQTT 5, 3.3.2.3.5]
  std::optional<std::string> response_topic = std::nullopt;

  /// Bytes by which the requester recognises the response, at most 65535. Default: none. [MQTT 5, 3.3.2.3.6]
  std::optional<std::string> correlation_data = std::nullopt;

  /// Names and values for the receivers, order kept. Default: none. [MQTT 5, 3.3.2.3.7]
  UserProperties user_properties = {};
};

}  // namespace holdfast
