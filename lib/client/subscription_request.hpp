// SUBSCRIBE and UNSUBSCRIBE as calls: their arguments checked, asked, and waited for.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/event.hpp>
#include <holdfast/reason_code.hpp>
#include <holdfast/subscription.hpp>

#include "client/shared.hpp"
#include "session/subscriptions.hpp"

namespace holdfast::client {

/// Throws Error if the standard or the broker's limits forbid it.
void check_subscribe(std::span<const TopicFilter> subscriptions, const SubscribeProperties& properties,
                     const BrokerLimits& limits);
void check(const SubscriptionQueue& queue);
[[nodiscard]] session::SubscriptionRequest subscribe_request(std::span<const TopicFilter> subscriptions,
                                                             const SubscribeProperties& properties);
/// Throws Error for filters that are none.
[[nodiscard]] session::SubscriptionRequest unsubscribe_request(std::span<const std::string> filters,
                                                               const SubscribeProperties& properties);

/// How long a call waits for the broker's answer.
struct Patience {
  std::chrono::milliseconds timeout;
  SubscriptionCalls::WhenEnded when_ended = SubscriptionCalls::WhenEnded::wait;
};

/// Asks the broker and waits for its answer, with the patience of subscribe() if none is given. `verb` begins
/// what errors say.
std::vector<ReasonCode> ask(Shared& shared, session::SubscriptionRequest request, std::string_view verb,
                            std::optional<Patience> patience = std::nullopt);

}  // namespace holdfast::client
