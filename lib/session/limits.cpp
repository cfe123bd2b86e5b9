#include "session/limits.hpp"

#include "session/protocol_limits.hpp"
#include "wire/topic.hpp"
#include "wire/variable_byte_integer.hpp"

namespace holdfast::session {

namespace {
constexpr std::size_t expiry_property_size = 5;

// check_limits is called for every message: the common case touches no string.
std::string for_topic(const OutboundMessage& message) {
  return "publish \"" + std::string(message.topic()) + "\": ";
}
std::string number(QoS qos) {
  return std::to_string(static_cast<unsigned>(qos));
}
}  // namespace

std::size_t publish_packet_size(const OutboundMessage& message) noexcept {
  std::size_t properties = message.properties().bytes().size();
  if (message.expires_at() != never) properties += expiry_property_size;
  const std::size_t remaining = 2 + message.topic().size() + (message.qos == QoS::at_most_once ? 0 : 2) +
                                wire::variable_byte_integer_size(static_cast<std::uint32_t>(properties)) +
                                properties + message.payload().size();
  return 1 + wire::variable_byte_integer_size(static_cast<std::uint32_t>(remaining)) + remaining;
}

std::optional<LimitViolation> check_limits(const BrokerLimits& limits, const OutboundMessage& message,
                                           bool lower_qos) {
  if (limits.protocol == Protocol::mqtt_3_1_1) {
    if (auto what = not_in_3_1_1(message))
      return LimitViolation{Errc::not_in_protocol, for_topic(message) + *what};
  }
  if (message.qos > limits.maximum_qos && !lower_qos) {
    return LimitViolation{Errc::qos_not_supported,
                          for_topic(message) + "QoS " + number(message.qos) + " asked, this broker grants " +
                              number(limits.maximum_qos) + ": lower the QoS, or set lower_qos"};
  }
  if (message.retain() && !limits.retain_available) {
    return LimitViolation{
        Errc::retain_not_supported,
        for_topic(message) + "this broker does not keep retained messages: publish without retain"};
  }
  if (limits.maximum_packet_size && publish_packet_size(message) > *limits.maximum_packet_size) {
    return LimitViolation{Errc::packet_too_large, for_topic(message) + "the packet has " +
                                                      std::to_string(publish_packet_size(message)) +
                                                      " bytes, this broker takes " +
                                                      std::to_string(*limits.maximum_packet_size) +
                                                      ": send less at once, or raise the broker's limit"};
  }
  return std::nullopt;
}

std::optional<LimitViolation> check_limits(const BrokerLimits& limits, std::string_view filter,
                                           bool with_identifier) {
  const auto refused = [&](Errc code, const char* why) {
    return LimitViolation{code, "subscribe \"" + std::string(filter) + "\": this broker has no " + why};
  };
  if (!limits.wildcard_subscription_available && wire::has_wildcard(filter)) {
    return refused(Errc::wildcard_not_supported, "wildcard subscriptions: name each topic");
  }
  if (!limits.shared_subscription_available && wire::is_shared(filter)) {
    return refused(Errc::shared_not_supported, "shared subscriptions: subscribe without $share/");
  }
  if (with_identifier && !limits.subscription_identifiers_available) {
    return refused(Errc::identifier_not_supported, "subscription identifiers: subscribe without one");
  }
  return std::nullopt;
}

}  // namespace holdfast::session
