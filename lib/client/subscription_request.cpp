#include "client/subscription_request.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <holdfast/error.hpp>

#include "client/check_argument.hpp"
#include "client/clock.hpp"
#include "client/require_in_protocol.hpp"
#include "client/send_command.hpp"
#include "session/limits.hpp"
#include "wire/topic.hpp"

namespace holdfast::client {

namespace {

// What one packet can hold is 256 MiB; a request leaves most of it free. [MQTT 5, 2.1.4]
constexpr std::size_t largest_request = std::size_t{64} << 20;

void check_filter(std::string_view verb, const TopicFilter& subscription) {
  const std::string subject = std::string(verb) + " \"" + printable(subscription.filter) + "\": ";
  if (!wire::is_valid_topic_filter(subscription.filter)) {
    throw Error(Errc::invalid_topic_filter,
                subject +
                    "not a topic filter: it must be UTF-8 and not empty, + must fill a "
                    "level, and # must be the last level [MQTT 5, 4.7]");
  }
  require_qos(subject + "qos", subscription.options.qos);
  require(subscription.options.retain_handling <= RetainHandling::do_not_send,
          [&] { return subject + "retain_handling must be 0, 1 or 2"; });
  require(!subscription.options.no_local || !wire::is_shared(subscription.filter),
          [&] { return subject + "no_local is not allowed on a shared subscription [MQTT-3.8.3-4]"; });
}

}  // namespace

void check_subscribe(std::span<const TopicFilter> subscriptions, const SubscribeProperties& properties,
                     const BrokerLimits& limits) {
  const auto& identifier = properties.subscription_identifier;
  require(!subscriptions.empty(), [] { return "subscribe: name at least one topic filter [MQTT-3.8.3-2]"; });
  require(!identifier || (*identifier >= 1 && *identifier <= 268'435'455),
          [] { return "subscribe: subscription_identifier must be 1 to 268435455 [MQTT 5, 3.8.2.1.2]"; });
  require_in_protocol(limits, subscribe_request(subscriptions, properties));
  for (const TopicFilter& subscription : subscriptions) {
    check_filter("subscribe", subscription);
    const auto violation = session::check_limits(limits, subscription.filter, identifier.has_value());
    if (violation) throw Error(violation->code, violation->what);
  }
  require_user_properties(properties.user_properties);
}

void check(const SubscriptionQueue& queue) {
  require(queue.messages_max >= 1, [] { return "subscribe: messages_max must be at least 1"; });
  require(queue.bytes_max >= 1, [] { return "subscribe: bytes_max must be at least 1"; });
  require(queue.unread_max.value_or(1) >= 1, [] { return "subscribe: unread_max must be at least 1"; });
  require(queue.when_full <= QueueFull::drop_newest,
          [] { return "subscribe: when_full must be drop_oldest or drop_newest"; });
}

session::SubscriptionRequest subscribe_request(std::span<const TopicFilter> subscriptions,
                                               const SubscribeProperties& properties) {
  session::SubscriptionRequest wish;
  wish.subscriptions.assign(subscriptions.begin(), subscriptions.end());
  wish.properties = properties;
  return wish;
}

session::SubscriptionRequest unsubscribe_request(std::span<const std::string> filters,
                                                 const SubscribeProperties& properties) {
  require(!filters.empty(), [] { return "unsubscribe: name at least one topic filter [MQTT-3.10.3-2]"; });
  session::SubscriptionRequest wish;
  wish.kind = session::SubscriptionRequest::Kind::unsubscribe;
  wish.properties = properties;
  for (const std::string& filter : filters) {
    wish.subscriptions.push_back({filter, {}});
    check_filter("unsubscribe", wish.subscriptions.back());
  }
  require_user_properties(properties.user_properties);
  return wish;
}

std::vector<ReasonCode> ask(Shared& shared, session::SubscriptionRequest request, std::string_view verb,
                            std::optional<Patience> patience) {
  const std::string subject = std::string(verb) + ": ";
  std::size_t size = 0;
  for (const TopicFilter& subscription : request.subscriptions)
    size += subscription.filter.size() + 5;
  require(size <= largest_request,
          [&] { return subject + "too large for one packet: name fewer filters at once"; });
  const auto [asked, when_ended] = patience.value_or(Patience{shared.options.request_timeout});
  const auto timeout = std::min(asked, longest_wait);
  const std::uint64_t ticket = request.ticket = shared.calls.open(when_ended);
  const BlockedCalls::Scope scope(shared.completions->blocked());
  send(shared, command::Subscribe{std::move(request)});
  auto outcome = shared.calls.wait(ticket, after(timeout));
  if (!outcome) {
    throw Error(Errc::timed_out, subject + "no answer within " + std::to_string(timeout.count()) +
                                     " ms; the wish is kept and sent again after the next reconnect" +
                                     (shared.status.is_connected() ? "" : " (there is no connection now)"));
  }
  if (auto* failure = std::get_if<Failure>(&*outcome)) {
    failure->what.insert(0, subject);
    throw_failure(*failure);
  }
  const auto& answer = std::get<session::SubscriptionAnswer>(*outcome);
  if (answer.failure) throw Error(*answer.failure, answer.what);
  if (!answer.reason_string.empty()) {
    shared.logger->info("holdfast: {}the broker says \"{}\"", subject, printable(answer.reason_string));
  }
  return answer.codes;
}

}  // namespace holdfast::client
