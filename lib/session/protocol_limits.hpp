// What MQTT 3.1.1 does not have, found out before anything is sent. Each gives a sentence on the first such
// thing and what to do about it, or nothing if 3.1.1 has all that is asked.
#pragma once

#include <optional>
#include <string>

#include <holdfast/connect_properties.hpp>
#include <holdfast/options.hpp>

#include "session/outbound_message.hpp"
#include "session/subscriptions.hpp"

namespace holdfast::session {

/// Of the options alone; who connects is the next one.
[[nodiscard]] std::optional<std::string> not_in_3_1_1(const Options& options);
/// Of what a hook may have changed.
[[nodiscard]] std::optional<std::string> not_in_3_1_1(const std::optional<std::string>& user_name,
                                                      const std::optional<std::string>& password,
                                                      const std::optional<Will>& will);
[[nodiscard]] std::optional<std::string> not_in_3_1_1(const OutboundMessage& message);
[[nodiscard]] std::optional<std::string> not_in_3_1_1(const SubscriptionRequest& request);
[[nodiscard]] std::optional<std::string> not_in_3_1_1(const DisconnectOptions& options);

}  // namespace holdfast::session
