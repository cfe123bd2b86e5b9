#include <holdfast/client.hpp>

#include <array>
#include <string>
#include <utility>

#include "client/clock.hpp"
#include "client/core.hpp"

namespace holdfast {

namespace {
std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}
std::string subject(std::string_view topic) {
  return "publish \"" + std::string(topic) + "\": ";
}
std::string text(std::chrono::milliseconds time) {
  return std::to_string(time.count()) + " ms";
}
}  // namespace

Client::Client(Options options) : core_(std::make_unique<client::Core>(std::move(options))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

void Client::connect() {
  core_->connect(std::nullopt);
}
void Client::connect(std::chrono::milliseconds timeout) {
  core_->connect(timeout);
}
bool Client::disconnect(const DisconnectOptions& options) {
  return core_->disconnect(options);
}
void Client::reauthenticate(std::chrono::milliseconds timeout) {
  core_->reauthenticate(timeout);
}
bool Client::is_connected() const noexcept {
  return core_->shared().status.is_connected();
}

Delivery Client::publish(std::string_view topic, std::string_view payload, const PublishOptions& options) {
  return publish(topic, bytes_of(payload), options);
}

Delivery Client::publish(std::string_view topic, std::span<const std::byte> payload,
                         const PublishOptions& options) {
  const Options& ours = core_->shared().options;
  const auto patience =
      ours.outbox_full == OutboxFull::reject ? std::chrono::milliseconds(0) : ours.publish_timeout;
  auto delivery = core_->publish(topic, payload, options, {patience});
  if (!delivery) {
    throw Error(Errc::outbox_full,
                subject(topic) + "the outbox " +
                    (patience.count() == 0 ? "is full" : "stayed full for " + text(patience)) +
                    ": publish less, raise outbox_messages_max or outbox_bytes_max, or see "
                    "why the broker acknowledges nothing or the disk is slow");
  }
  const bool wait = ours.publish_returns == PublishReturns::stored && options.qos != QoS::at_most_once;
  if (wait && !delivery->wait_stored(ours.publish_timeout)) {
    const bool ended = delivery->done();
    if (ended && delivery->result().error != Errc::closed) return std::move(*delivery);  // It says how.
    if (ended) throw Error(Errc::closed, subject(topic) + "the client ended before it was stored");
    throw Error(Errc::timed_out, subject(topic) + "not stored within " + text(ours.publish_timeout) +
                                     ": is the disk stuck? The message is sent all the same");
  }
  return std::move(*delivery);
}

std::optional<Delivery> Client::try_publish(std::string_view topic, std::string_view payload,
                                            const PublishOptions& options) {
  return core_->publish(topic, bytes_of(payload), options, {});
}

bool Client::flush(std::chrono::milliseconds timeout) {
  return core_->flush(timeout);
}

ReasonCode Client::subscribe(std::string_view filter, QoS maximum_qos) {
  return subscribe(filter, SubscriptionOptions{.qos = maximum_qos});
}

ReasonCode Client::subscribe(std::string_view filter, const SubscriptionOptions& options,
                             const SubscribeProperties& properties) {
  const std::array<TopicFilter, 1> one{TopicFilter{std::string(filter), options}};
  return core_->subscribe(one, properties).front();
}

std::vector<ReasonCode> Client::subscribe(std::span<const TopicFilter> subscriptions,
                                          const SubscribeProperties& properties) {
  return core_->subscribe(subscriptions, properties);
}

Subscription Client::subscribe(std::string_view filter, QoS maximum_qos, const SubscriptionQueue& queue) {
  return subscribe(filter, SubscriptionOptions{.qos = maximum_qos}, queue);
}

Subscription Client::subscribe(std::string_view filter, const SubscriptionOptions& options,
                               const SubscriptionQueue& queue, const SubscribeProperties& properties) {
  const std::array<TopicFilter, 1> one{TopicFilter{std::string(filter), options}};
  return core_->subscribe(one, queue, properties);
}

Subscription Client::subscribe(std::span<const TopicFilter> subscriptions, const SubscriptionQueue& queue,
                               const SubscribeProperties& properties) {
  return core_->subscribe(subscriptions, queue, properties);
}

ReasonCode Client::unsubscribe(std::string_view filter) {
  const std::array<std::string, 1> one{std::string(filter)};
  return core_->unsubscribe(one, {}).front();
}

std::vector<ReasonCode> Client::unsubscribe(std::span<const std::string> filters,
                                            const SubscribeProperties& properties) {
  return core_->unsubscribe(filters, properties);
}

Message Client::request(std::string_view topic, std::string_view payload, std::chrono::milliseconds timeout,
                        const RequestOptions& options) {
  return request(topic, bytes_of(payload), timeout, options);
}

Message Client::request(std::string_view topic, std::span<const std::byte> payload,
                        std::chrono::milliseconds timeout, const RequestOptions& options) {
  return core_->request(topic, payload, timeout, options);
}

Delivery Client::reply(const Message& request, std::string_view payload) {
  return reply(request, payload, {.qos = request.qos()});
}

Delivery Client::reply(const Message& request, std::string_view payload, const PublishOptions& options) {
  return reply(request, bytes_of(payload), options);
}

Delivery Client::reply(const Message& request, std::span<const std::byte> payload,
                       const PublishOptions& options) {
  const auto topic = request.response_topic();
  if (!topic) {
    throw Error(Errc::invalid_argument, "reply to a message on \"" + std::string(request.topic()) +
                                            "\": it has no Response Topic, so nobody waits for a reply");
  }
  PublishOptions as = options;
  as.correlation_data = request.correlation_data();
  return publish(*topic, payload, as);
}

std::optional<Message> Client::receive(std::chrono::milliseconds timeout) {
  return core_->shared().inbox->receive(timeout);
}

void Client::ack(Message& message) {
  message.ack();
}

void Client::pause_receiving() {
  core_->shared().pause_receiving(true);
}

void Client::resume_receiving() {
  core_->shared().pause_receiving(false);
}

Client::Messages Client::messages() {
  return Messages(*this);
}

std::optional<Message> Client::next() {
  return core_->shared().inbox->receive(std::chrono::milliseconds::max(), true);
}

std::optional<Event> Client::next_event(std::chrono::milliseconds timeout) {
  return core_->shared().events.next(client::after(timeout));
}

int Client::fd() const {
  return core_->shared().readiness->descriptor();
}
Statistics Client::statistics() const {
  return core_->shared().statistics();
}
BrokerLimits Client::broker_limits() const {
  return core_->shared().queue.limits();
}
std::string Client::client_id() const {
  return core_->shared().client_id.get();
}

}  // namespace holdfast
