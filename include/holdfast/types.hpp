// The small vocabulary types of MQTT that the rest of the interface is made of.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace holdfast {

/// Which version of MQTT a client speaks.
enum class Protocol : std::uint8_t {
  mqtt_5,  ///< MQTT 5 and nothing else.
  /// What it lacks (all properties, among others) is refused with Errc::not_in_protocol, never left out.
  mqtt_3_1_1,
  /// MQTT 5, and 3.1.1 with a server that answers "unsupported protocol version": at once, and from then on.
  automatic,
};

/// Delivery promise of a message. [MQTT 5, 4.3]
enum class QoS : std::uint8_t {
  at_most_once = 0,   ///< May be lost, is never repeated.
  at_least_once = 1,  ///< Arrives; may arrive more than once.
  exactly_once = 2,   ///< Arrives once, as long as the session lives on both sides.
};

/// Which retained messages a subscription brings at once. [MQTT 5, 3.8.3.1]
enum class RetainHandling : std::uint8_t {
  send = 0,         ///< Whenever the subscription is made.
  send_if_new = 1,  ///< Only when the subscription did not exist before.
  do_not_send = 2,  ///< Never.
};

/// Name and value, both UTF-8 without U+0000. Names may repeat and the order is kept. [MQTT 5, 1.5.7]
using UserProperty = std::pair<std::string, std::string>;
/// User properties, in their order. [MQTT 5, 1.5.7]
using UserProperties = std::vector<UserProperty>;

/// A session_expiry that lets the session live for ever. [MQTT 5, 3.1.2.11.2]
inline constexpr std::chrono::seconds never_expires{0xFFFFFFFF};

}  // namespace holdfast
