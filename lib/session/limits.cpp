#include "session/limits.hpp"

#include "wire/topic.hpp"
#include "wire/variable_byte_integer.hpp"

namespace holdfast::session {

namespace {
constexpr std::size_t expiry_property_size = 5;

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

LimitViolation explain_limit(Errc exceeded, const BrokerLimits& limits, const OutboundMessage& message) {
  const std::string subject = "publish \"" + std::string(message.topic()) + "\": ";
  switch (exceeded) {
    case Errc::not_in_protocol:
      return {exceeded, subject + not_in_3_1_1(message).value_or("")};
    case Errc::qos_not_supported:
      return {exceeded, subject + "QoS " + number(message.qos) + " asked, this broker grants " +
                            number(limits.maximum_qos) + ": lower the QoS, or set lower_qos"};
    case Errc::retain_not_supported:
      return {exceeded, subject + "this broker does not keep retained messages: publish without retain"};
    default:
      return {exceeded, subject + "the packet has " + std::to_string(publish_packet_size(message)) +
                            " bytes, this broker takes " +
                            std::to_string(limits.maximum_packet_size.value_or(0)) +
                            ": send less at once, or raise the broker's limit"};
  }
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
