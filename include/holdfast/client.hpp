// The MQTT client: blocking calls, one network thread behind them, no callbacks.
//
//     #include <holdfast/client.hpp>
//
//     holdfast::Client client({.server = "mqtt://localhost", .client_id = "pump-17",
//                              .session_expiry = std::chrono::hours(24)});
//     client.connect();
//     client.subscribe("plant/17/cmd", holdfast::QoS::exactly_once);
//     client.publish("plant/17/temp", "21.5", {.qos = holdfast::QoS::at_least_once});
//     while (auto message = client.receive(std::chrono::seconds(1))) handle(*message);
//     client.disconnect();
//
// After connect() the client keeps the connection up by itself: a lost one is made again with back-off, the
// session is resumed, what was not acknowledged is sent again in order, and what waits follows.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/authenticator.hpp>
#include <holdfast/connect_properties.hpp>
#include <holdfast/delivery.hpp>
#include <holdfast/error.hpp>
#include <holdfast/event.hpp>
#include <holdfast/message.hpp>
#include <holdfast/message_range.hpp>
#include <holdfast/options.hpp>
#include <holdfast/publish_options.hpp>
#include <holdfast/reason_code.hpp>
#include <holdfast/request_options.hpp>
#include <holdfast/statistics.hpp>
#include <holdfast/store.hpp>
#include <holdfast/subscription.hpp>
#include <holdfast/types.hpp>

namespace holdfast {

namespace client {
class Core;
}

/// An MQTT client. Any thread may call anything at any time, except that construction, destruction and moving
/// need the object alone, as always. Copying is not possible; share it by reference.
class Client {
 public:
  /// What messages() gives.
  using Messages = MessageRange<Client>;

  /// Checks the options. Connects to nothing and starts no thread. Throws Error: invalid_argument, or
  /// not_in_protocol, saying which option to change; store_failed; the system's code for the trace's file.
  explicit Client(Options options);
  /// Closes the connection without DISCONNECT, so that the will speaks, and returns within
  /// Options::close_timeout. What was not finished ends with Errc::closed (and stays in the store, if there
  /// is one).
  ~Client();
  ///@{
  /// Takes over; the other one can only be destroyed or assigned to then. What was assigned to is closed as
  /// by its destructor.
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ///@}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // ---- Connection ----

  /// Connects and waits for the broker's CONNACK. From then on lost connections are made again without
  /// further calls. Does nothing if connected. Throws Error: host_not_found, connect_failed, timed_out,
  /// connection_refused (with the reason code), malformed_packet, ... After a throw the client is idle again,
  /// unless Options::retry_first_connect keeps it trying.
  void connect();
  /// The same, waiting at most `timeout` for it.
  void connect(std::chrono::milliseconds timeout);
  /// Sends DISCONNECT and closes. The client is idle then; connect() starts it again, with what was
  /// unfinished. Waits for everything accepted first as long as options.drain says. Returns false if that was
  /// not enough: what is left stays queued. Throws Error (invalid_argument) for options the standard forbids.
  bool disconnect(const DisconnectOptions& options = {});
  /// Whether a CONNACK with success has come and the connection has not ended since, as far as is known.
  [[nodiscard]] bool is_connected() const noexcept;
  /// Authenticates again on the connection that is up, with Options::authenticator, and waits at most
  /// `timeout` for the broker's consent. Messages flow meanwhile. Throws Error: not_connected,
  /// invalid_argument (no authenticator); authentication_failed (with the broker's reason code, if it gave
  /// one): the connection has ended then and is made again, unless nothing was sent yet; timed_out: the
  /// exchange goes on, and ends the connection after Options::connack_timeout; connection_lost, closed.
  /// [MQTT 5, 4.12.1]
  void reauthenticate(std::chrono::milliseconds timeout);

  // ---- Publishing ----

  ///@{
  /// Accepts a message: returns once it is queued; the Delivery tells what became of it. Allowed before
  /// connect() and while the connection is lost. Waits for room in the outbox up to Options::publish_timeout.
  /// The bytes are copied. Throws Error: invalid_topic_name, invalid_argument (a property breaks a rule),
  /// packet_too_large, qos_not_supported, retain_not_supported (limits of the broker known from its last
  /// CONNACK), not_in_protocol, outbox_full, closed; what ended the client (store_failed, ...); with
  /// PublishReturns::stored timed_out.
  Delivery publish(std::string_view topic, std::string_view payload, const PublishOptions& options = {});
  Delivery publish(std::string_view topic, std::span<const std::byte> payload,
                   const PublishOptions& options = {});
  ///@}
  /// As publish(), but never waits: an empty optional if the outbox is full, or the disk of a store behind.
  [[nodiscard]] std::optional<Delivery> try_publish(std::string_view topic, std::string_view payload,
                                                    const PublishOptions& options = {});
  /// Waits until everything accepted before this call has ended. False if `timeout` was not enough.
  bool flush(std::chrono::milliseconds timeout);

  // ---- Subscribing ----

  ///@{
  /// Subscribes and waits for the broker's answer. Returns the reason code: the granted QoS or a failure.
  /// Kept across reconnects and made again when the broker lost the session. Throws Error:
  /// invalid_topic_filter, invalid_argument, wildcard_not_supported, shared_not_supported,
  /// identifier_not_supported, not_in_protocol, packet_too_large; timed_out after
  /// Options::request_timeout, closed by a disconnect() meanwhile, or what ended the attempts to connect: the
  /// wish is kept then and sent again on the next connection.
  ReasonCode subscribe(std::string_view filter, QoS maximum_qos = QoS::at_most_once);
  ReasonCode subscribe(std::string_view filter, const SubscriptionOptions& options,
                       const SubscribeProperties& properties = {});
  ///@}
  /// The same for several filters at once: a reason code for each, in their order.
  std::vector<ReasonCode> subscribe(std::span<const TopicFilter> subscriptions,
                                    const SubscribeProperties& properties = {});
  ///@{
  /// Ends a subscription and waits for the answer, as subscribe().
  ReasonCode unsubscribe(std::string_view filter);
  std::vector<ReasonCode> unsubscribe(std::span<const std::string> filters,
                                      const SubscribeProperties& properties = {});
  ///@}

  ///@{
  /// Subscribes and gives the messages a queue of their own: the handle's receive() takes them, this client's
  /// receive() gets what no handle takes. They are told apart by a Subscription Identifier that the client
  /// chooses (unless `properties` has one), or where the broker knows none, by the filter. What waits in this
  /// client for that filter already goes to the handle. Throws Error as above; request_refused (with the
  /// reason code) if the broker refused all filters.
  [[nodiscard]] Subscription subscribe(std::string_view filter, QoS maximum_qos,
                                       const SubscriptionQueue& queue);
  [[nodiscard]] Subscription subscribe(std::string_view filter, const SubscriptionOptions& options,
                                       const SubscriptionQueue& queue,
                                       const SubscribeProperties& properties = {});
  ///@}
  /// The same for several filters in one handle. Where filters of a handle overlap, a broker may send a
  /// message once for each.
  [[nodiscard]] Subscription subscribe(std::span<const TopicFilter> subscriptions,
                                       const SubscriptionQueue& queue,
                                       const SubscribeProperties& properties = {});

  // ---- Requests ----

  ///@{
  /// Publishes a request and waits for its response, at most `timeout`. Response Topic and Correlation Data
  /// are handled inside: the client subscribes once to a topic of its own (Options::response_topic). Any
  /// number of threads may wait for responses at once; a response that comes late or answers nothing is
  /// dropped and counted. The response is acknowledged already, whatever Options::ack says. Throws Error: as
  /// publish() and subscribe(); timed_out (what() says what became of the request); request_refused if the
  /// broker refused the request or the response topic; closed by disconnect(); or at once what ended the last
  /// attempt to connect, where none follows by itself. [MQTT 5, 4.10]
  [[nodiscard]] Message request(std::string_view topic, std::string_view payload,
                                std::chrono::milliseconds timeout, const RequestOptions& options = {});
  [[nodiscard]] Message request(std::string_view topic, std::span<const std::byte> payload,
                                std::chrono::milliseconds timeout, const RequestOptions& options = {});
  ///@}
  ///@{
  /// Publishes the response to a request: to its Response Topic, with its Correlation Data (which replace
  /// those of `options`), and without `options` at its QoS. Throws Error as publish(); invalid_argument if
  /// the message has no Response Topic: it is no request then.
  Delivery reply(const Message& request, std::string_view payload);
  Delivery reply(const Message& request, std::string_view payload, const PublishOptions& options);
  Delivery reply(const Message& request, std::span<const std::byte> payload, const PublishOptions& options);
  ///@}

  // ---- Receiving ----

  /// The next message that no Subscription takes, waiting at most `timeout`; empty if none came. With
  /// Ack::on_handover this acknowledges it.
  [[nodiscard]] std::optional<Message> receive(std::chrono::milliseconds timeout);
  /// Message::ack().
  void ack(Message& message);
  /// Stops reading from the broker, which TCP makes wait, until resume_receiving(); what was read already can
  /// be taken. Holds over reconnects. Acknowledgements and answers are not read either, so what is published
  /// stays in flight; calls that wait for them (subscribe(), flush(), Delivery::wait(), ...) keep reading
  /// going meanwhile, and whatever else comes then waits in the inbox. No answer is taken for overdue.
  void pause_receiving();
  /// Reads again. Does nothing if reading was not paused.
  void resume_receiving();
  /// For a loop over all messages, waiting for each: `for (auto& message : client.messages()) ...`. Ends when
  /// the client is disconnected by disconnect() or refused for good.
  [[nodiscard]] Messages messages();
  /// The next event, waiting at most `timeout`; empty if none came. The last 1,000 are kept. The client is in
  /// the state that an event tells of by the time it can be taken: after Disconnected is_connected() is false
  /// until the next connection, and connect() in answer to a final Refused tries again.
  [[nodiscard]] std::optional<Event> next_event(std::chrono::milliseconds timeout);
  /// A descriptor that polls readable while a message or an event waits; for applications with a loop of
  /// their own. Never read it. Valid as long as the client.
  [[nodiscard]] int fd() const;

  /// Counters and gauges, as a snapshot.
  [[nodiscard]] Statistics statistics() const;
  /// What the broker granted at the last successful connect; the standard's defaults before.
  [[nodiscard]] BrokerLimits broker_limits() const;
  /// The client id in force: the one given, or the one the broker assigned.
  [[nodiscard]] std::string client_id() const;

 private:
  friend Messages;
  std::optional<Message> next();

  std::unique_ptr<client::Core> core_;
};

}  // namespace holdfast
