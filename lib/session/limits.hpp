// What the broker's limits forbid, found out before anything is sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <holdfast/error.hpp>
#include <holdfast/event.hpp>
#include <holdfast/subscription.hpp>

#include "session/outbound_message.hpp"
#include "session/protocol_limits.hpp"

namespace holdfast::session {

/// A first byte, a length of four, and what that counts at most. [MQTT 5, 2.1.4]
inline constexpr std::uint32_t largest_packet = 268'435'460;

/// Which limit, and a sentence that says what to do about it.
struct LimitViolation {
  Errc code;
  std::string what;
};

/// The size of the message's PUBLISH packet at most: with its Message Expiry Interval.
[[nodiscard]] std::size_t publish_packet_size(const OutboundMessage& message) noexcept;

/// Which of `limits` forbids to send `message`. `lower_qos`: a QoS above the broker's maximum will be
/// lowered. Inline, since every message is asked here twice.
[[nodiscard]] inline std::optional<Errc> exceeded_limit(const BrokerLimits& limits,
                                                        const OutboundMessage& message, bool lower_qos) {
  if (limits.protocol == Protocol::mqtt_3_1_1 && not_in_3_1_1(message)) return Errc::not_in_protocol;
  if (message.qos > limits.maximum_qos && !lower_qos) return Errc::qos_not_supported;
  if (message.retain() && !limits.retain_available) return Errc::retain_not_supported;
  if (limits.maximum_packet_size && publish_packet_size(message) > *limits.maximum_packet_size)
    return Errc::packet_too_large;
  return std::nullopt;
}
/// What to tell of the one that exceeded_limit() names.
[[nodiscard]] LimitViolation explain_limit(Errc exceeded, const BrokerLimits& limits,
                                           const OutboundMessage& message);

/// Whether `limits` forbid to subscribe to `filter`.
[[nodiscard]] std::optional<LimitViolation> check_limits(const BrokerLimits& limits, std::string_view filter,
                                                         bool with_identifier);

}  // namespace holdfast::session
