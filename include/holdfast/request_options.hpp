// How a request is published; see Client::request.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <holdfast/types.hpp>

namespace holdfast {

/// How one request is published. Response Topic and Correlation Data are the client's own affair.
struct RequestOptions {
  /// Of the request. The response comes at the QoS that the responder chooses. Default: at least once; the
  /// responder may then see a request twice.
  QoS qos = QoS::at_least_once;
  /// The payload is UTF-8 text. Default: unspecified bytes. [MQTT 5, 3.3.2.3.2]
  bool payload_is_utf8 = false;
  /// How long the request is worth sending: whole seconds, 0 to 4294967295. Default: as long as the caller
  /// waits, rounded up, so that nobody acts on a request that was given up. [MQTT 5, 3.3.2.3.3]
  std::optional<std::chrono::seconds> message_expiry_interval = std::nullopt;
  /// MIME type or any other description of the payload, UTF-8. Default: none. [MQTT 5, 3.3.2.3.9]
  std::optional<std::string> content_type = std::nullopt;
  /// Names and values for the responder, order kept. Default: none. [MQTT 5, 3.3.2.3.7]
  UserProperties user_properties = {};
};

}  // namespace holdfast
