// Client::request(): a publish, and the wait for what comes back. [MQTT 5, 4.10]
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "client/check_argument.hpp"
#include "client/clock.hpp"
#include "client/core.hpp"
#include "client/make_message.hpp"
#include "client/send_command.hpp"
#include "client/subscription_request.hpp"

namespace holdfast::client {

namespace {

using Clock = std::chrono::steady_clock;

std::chrono::milliseconds until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

PublishOptions publish_options(const RequestOptions& options, std::chrono::milliseconds timeout,
                               std::string response_topic, std::string correlation_data) {
  PublishOptions publish;
  publish.qos = options.qos;
  publish.payload_is_utf8 = options.payload_is_utf8;
  publish.message_expiry_interval =
      options.message_expiry_interval.value_or(std::chrono::ceil<std::chrono::seconds>(timeout));
  publish.content_type = options.content_type;
  publish.user_properties = options.user_properties;
  publish.response_topic = std::move(response_topic);
  publish.correlation_data = std::move(correlation_data);
  return publish;
}

Failure why_not_delivered(const Delivery& delivery, const std::string& subject) {
  DeliveryResult result = delivery.result();
  Failure failure{result.error, subject + "the request was not delivered: " + result.error.message(), {}, {}};
  if (is_error(result.reason_code)) {  // Else the broker has not spoken.
    failure.reason_code = result.reason_code;
    failure.reason_string = std::move(result.reason_string);
  }
  return failure;
}

std::string what_became_of(const Delivery& delivery, bool connected) {
  if (!delivery.done()) {
    return connected ? "the broker has not acknowledged the request"
                     : "the request has not reached the broker: there is no connection now";
  }
  const DeliveryResult result = delivery.result();
  if (result.reason_code == ReasonCode::no_matching_subscribers)
    return "the broker has the request, but nobody subscribes to its topic: does the responder run?";
  return "the request was delivered to the broker";
}

}  // namespace

Message Core::request(std::string_view topic, std::span<const std::byte> payload, Milliseconds timeout,
                      const RequestOptions& options) {
  const std::string subject = "request \"" + printable(topic) + "\": ";
  timeout = std::min(timeout, longest_wait);
  const auto deadline = after(timeout);
  // Before anything is asked of the broker.
  check_message(topic, publish_options(options, timeout, "r", {}));
  start_thread();
  const BlockedCalls::Scope scope(shared_->completions->blocked());
  std::string response_topic = listen_for_responses(deadline, subject);
  Requests::Call call(shared_->requests);
  const PublishOptions publish_as =
      publish_options(options, timeout, std::move(response_topic), call.correlation_data());
  const auto delivery = publish(topic, payload, publish_as, {until(deadline), &call.is_hopeless()});
  if (!delivery) {
    shared_->requests.require_hope(call, subject);
    throw Error(Errc::outbox_full, subject + "the outbox stayed full for " + std::to_string(timeout.count()) +
                                       " ms: the request was not sent");
  }
  if (auto response = shared_->requests.wait(call, deadline, subject)) return std::move(*response);
  if (delivery->done() && delivery->result().error) throw_failure(why_not_delivered(*delivery, subject));
  throw Error(Errc::timed_out, subject + "no response within " + std::to_string(timeout.count()) + " ms; " +
                                   what_became_of(*delivery, shared_->status.is_connected()));
}

std::string Core::listen_for_responses(Clock::time_point deadline, const std::string& subject) {
  Requests& requests = shared_->requests;
  std::string topic = requests.topic(deadline, subject);
  if (topic.empty()) {
    throw Error(Errc::timed_out,
                subject + "there was no connection within the time-out: the request was not sent");
  }
  if (shared_->queue.limits().protocol == Protocol::mqtt_3_1_1) {
    throw Error(Errc::not_in_protocol,
                subject +
                    "MQTT 3.1.1 has neither Response Topic nor Correlation Data: use MQTT 5, or publish "
                    "the request and subscribe to a topic agreed on");
  }
  if (!requests.begin_subscribing(deadline, subject)) return topic;
  const std::array<TopicFilter, 1> filter{TopicFilter{topic, {.qos = QoS::exactly_once}}};
  ReasonCode code{};
  try {
    check_subscribe(filter, {}, shared_->queue.limits());
    code =
        ask(*shared_, subscribe_request(filter, {}),
            subject + "the request was not sent: subscribe to the response topic \"" + printable(topic) + '"',
            Patience{until(deadline), SubscriptionCalls::WhenEnded::fail})
            .front();
  } catch (...) {
    requests.end_subscribing();
    throw;
  }
  requests.end_subscribing();
  if (!is_error(code)) return topic;
  throw Error(Errc::request_refused,
              subject + "the broker refused the response topic \"" + printable(topic) + "\" (" +
                  std::string(to_string(code)) +
                  "): allow this client to subscribe to it, or set Options::response_topic",
              code, {});
}

}  // namespace holdfast::client
