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

namespace holdfast::session {

/// A first byte, a length of four, and what that counts at most. [MQTT 5, 2.1.4]
inline constexpr std::uint32_t largest_packet = 268'435'460;

/// Which limit, and a sentence that says what to do about it.
struct LimitViolation {
  Errc code;
  std::string what;
};

/// Whether `limits` forbid to send `message`. `lower_qos`: a QoS above the broker's maximum will be lowered.
[[nodiscard]] std::optional<LimitViolation> check_limits(const BrokerLimits& limits,
                                                         const OutboundMessage& message, bool lower_qos);
/// Whether they forbid to subscribe to `filter`.
[[nodiscard]] std::optional<LimitViolation> check_limits(const BrokerLimits& limits, std::string_view filter,
                                                         bool with_identifier);

/// The size of the message's PUBLISH packet at most: with its Message Expiry Interval.
[[nodiscard]] std::size_t publish_packet_size(const OutboundMessage& message) noexcept;

}  // namespace holdfast::session
