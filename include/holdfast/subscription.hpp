// What a client asks of the broker when it subscribes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/types.hpp>

namespace holdfast {

/// Options of one topic filter. [MQTT 5, 3.8.3.1]
struct SubscriptionOptions {
  /// The highest QoS at which messages shall come. Default: at most once.
  QoS qos = QoS::at_most_once;
  /// Do not send back what this client published. An error on a shared subscription. Default: no.
  bool no_local = false;
  /// Keep the RETAIN flag as the publisher set it. Default: no, it then marks retained messages only.
  bool retain_as_published = false;
  /// When retained messages come. Default: whenever the subscription is made.
  RetainHandling retain_handling = RetainHandling::send;
};

/// A topic filter with its options.
struct TopicFilter {
  std::string filter;
  SubscriptionOptions options = {};
};

/// What holds for a whole SUBSCRIBE or UNSUBSCRIBE packet.
struct SubscribeProperties {
  /// Comes back with every message that one of the filters matched: 1 to 268435455. Not for unsubscribe.
  /// Default: none. [MQTT 5, 3.8.2.1.2]
  std::optional<std::uint32_t> subscription_identifier = std::nullopt;
  /// Default: none. [MQTT 5, 3.8.2.1.3]
  UserProperties user_properties = {};
};

}  // namespace holdfast
