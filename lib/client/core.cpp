#include "client/core.hpp"

#include <algorithm>
#include <utility>

#include "client/check_argument.hpp"
#include "client/check_options.hpp"
#include "client/clock.hpp"
#include "client/make_message.hpp"
#include "net/server_url.hpp"
#include "net/thread_signals.hpp"
#include "session/connect_packet.hpp"
#include "wire/topic.hpp"

namespace holdfast::client {

namespace {

Options checked(Options options) {
  check(options);
  for (auto* time : {&options.publish_timeout, &options.connect_timeout, &options.handshake_timeout,
                     &options.connack_timeout, &options.write_timeout, &options.request_timeout,
                     &options.close_timeout, &options.reconnect.max_delay, &options.reconnect.stable_after}) {
    *time = std::min(*time, longest_wait);
  }
  for (auto* time : {&options.ping_timeout, &options.acknowledgement_timeout}) {
    if (*time) *time = std::min(**time, longest_wait);
  }
  return options;
}

std::string server_names(const Options& options) {
  if (options.servers.empty()) return net::without_credentials(options.server);
  std::string names;
  for (const std::string& server : options.servers)
    names += (names.empty() ? "" : ", ") + net::without_credentials(server);
  return names;
}

[[noreturn]] void throw_failure(const Failure& failure) {
  if (failure.reason_code && failure.error.category() == error_category()) {
    throw Error(static_cast<Errc>(failure.error.value()), failure.what, *failure.reason_code,
                failure.reason_string);
  }
  throw Error(failure.error, failure.what);
}

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

Core::Core(Options options) : shared_(std::make_shared<Shared>(checked(std::move(options)))) {
  const auto& store = shared_->options.store;
  const session::Snapshot snapshot = store ? store->open(boot_time_now()) : session::Snapshot();
  try {
    network_ = std::make_shared<NetworkThread>(shared_, snapshot);
  } catch (...) {
    if (store) store->close();
    throw;
  }
}

Core::~Core() {
  if (!thread_.joinable()) {
    network_->end();
    return;
  }
  shared_->queue.push(command::Close{});
  shared_->doorbell->ring();
  const auto closed = [](State state) { return state == State::closed; };
  const auto status = shared_->status.wait(after(shared_->options.close_timeout), closed);
  if (closed(status.state)) {
    thread_.join();
  } else {
    thread_.detach();  // It holds all it needs, and ends when what it waits for does.
  }
}

void Core::connect(std::optional<Milliseconds> timeout) {
  const Options& options = shared_->options;
  const auto servers = static_cast<Milliseconds::rep>(std::max<std::size_t>(options.servers.size(), 1));
  const Milliseconds one = options.connect_timeout + options.handshake_timeout + options.connack_timeout;
  const Milliseconds patience = timeout.value_or(one * servers);
  start_thread();
  const bool first = shared_->status.begin_connecting();
  if (first) send(command::Connect{});
  const auto status = shared_->status.wait(
      after(patience), [](State state) { return state == State::connected || is_final(state); });
  if (status.state == State::connected) return;
  if (status.failure.error) throw_failure(status.failure);
  if (status.state == State::idle || status.state == State::closed) {
    throw Error(Errc::closed, "connect: disconnected by another call");
  }
  const bool ends = first && !options.retry_first_connect;
  if (ends) disconnect({});
  throw Error(Errc::timed_out, "connect to " + server_names(options) + ": no answer within " +
                                   std::to_string(patience.count()) + " ms: is the broker reachable?" +
                                   (ends ? "" : " The client keeps trying"));
}

bool Core::disconnect(const DisconnectOptions& options) {
  check(options, session::asked_session_expiry(shared_->options));
  if (!shared_->status.begin_disconnecting()) return shared_->queue.load().messages == 0;
  const BlockedCalls::Scope scope(shared_->completions->blocked());
  command::Disconnect command{options};
  command.options.drain = std::min(options.drain, longest_wait);
  // A second more than both take: the network thread keeps its own times.
  const auto patience = command.options.drain + shared_->options.close_timeout + std::chrono::seconds(1);
  send(std::move(command));
  const auto status = shared_->status.wait(after(patience), [](State state) { return is_final(state); });
  return status.drained && is_final(status.state);
}

void Core::reauthenticate(Milliseconds timeout) {
  require(shared_->options.authenticator != nullptr,
          [] { return "reauthenticate: there is no authenticator: set Options::authenticator"; });
  if (!shared_->status.is_connected())
    throw Error(Errc::not_connected, "reauthenticate: there is no connection now");
  AuthenticationCalls& calls = shared_->authentications;
  const std::uint64_t ended = calls.ended();
  const BlockedCalls::Scope scope(shared_->completions->blocked());
  send(command::Reauthenticate{});
  const auto outcome = calls.wait(ended, after(timeout));
  if (!outcome) {
    throw Error(Errc::timed_out, "reauthenticate: not finished within " + std::to_string(timeout.count()) +
                                     " ms: the exchange goes on");
  }
  if (!outcome->failure) return;
  throw_failure(
      {make_error_code(*outcome->failure), outcome->what, outcome->reason_code, outcome->reason_string});
}

std::optional<Delivery> Core::publish(std::string_view topic, std::span<const std::byte> payload,
                                      const PublishOptions& options, Milliseconds timeout) {
  if (options.payload_is_utf8 && shared_->options.check_payload_format)
    require_text("publish \"" + printable(topic) + "\": payload",
                 {reinterpret_cast<const char*>(payload.data()), payload.size()});
  session::OutboundMessagePtr message = make_message(topic, payload, options);
  session::OutboundMessagePtr followed = message;
  if (shared_->options.store && !started_) start_thread();  // Nobody else makes the message last, or room.
  std::optional<session::LimitViolation> violation;
  switch (shared_->queue.push(std::move(message), timeout, violation)) {
    case RequestQueue::Push::accepted:
      break;
    case RequestQueue::Push::full:
      return std::nullopt;
    case RequestQueue::Push::closed:
      throw_why_closed();
    case RequestQueue::Push::forbidden:
      throw Error(violation->code, violation->what);
  }
  shared_->doorbell->ring();
  return Delivery(followed.release(), shared_->completions);
}

bool Core::flush(Milliseconds timeout) {
  return shared_->queue.flush(after(timeout));
}

std::vector<ReasonCode> Core::subscribe(std::span<const TopicFilter> subscriptions,
                                        const SubscribeProperties& properties) {
  const BrokerLimits limits = shared_->queue.limits();
  const auto& identifier = properties.subscription_identifier;
  require(!identifier || (*identifier >= 1 && *identifier <= 268'435'455),
          [] { return "subscribe: subscription_identifier must be 1 to 268435455 [MQTT 5, 3.8.2.1.2]"; });
  for (const TopicFilter& subscription : subscriptions) {
    check_filter("subscribe", subscription);
    const auto violation = session::check_limits(limits, subscription.filter, identifier.has_value());
    if (violation) throw Error(violation->code, violation->what);
  }
  session::SubscriptionRequest wish;
  wish.subscriptions.assign(subscriptions.begin(), subscriptions.end());
  wish.properties = properties;
  return request(std::move(wish), "subscribe");
}

std::vector<ReasonCode> Core::unsubscribe(std::span<const std::string> filters,
                                          const SubscribeProperties& properties) {
  session::SubscriptionRequest wish;
  wish.kind = session::SubscriptionRequest::Kind::unsubscribe;
  wish.properties = properties;
  for (const std::string& filter : filters) {
    wish.subscriptions.push_back({filter, {}});
    check_filter("unsubscribe", wish.subscriptions.back());
  }
  return request(std::move(wish), "unsubscribe");
}

std::vector<ReasonCode> Core::request(session::SubscriptionRequest wish, std::string_view verb) {
  const std::string subject = std::string(verb) + ": ";
  require(!wish.subscriptions.empty(),
          [&] { return subject + "name at least one topic filter [MQTT-3.8.3-2]"; });
  require_user_properties(wish.properties.user_properties);
  std::size_t size = 0;
  for (const TopicFilter& subscription : wish.subscriptions)
    size += subscription.filter.size() + 5;
  require(size <= largest_request,
          [&] { return subject + "too large for one packet: name fewer filters at once"; });
  start_thread();
  const std::uint64_t ticket = wish.ticket = shared_->calls.open();
  const BlockedCalls::Scope scope(shared_->completions->blocked());
  send(command::Subscribe{std::move(wish)});
  const auto answer = shared_->calls.wait(ticket, after(shared_->options.request_timeout));
  if (answer && answer->failure) throw Error(*answer->failure, answer->what);
  if (answer && !answer->reason_string.empty()) {
    shared_->logger->info("holdfast: {}the broker says \"{}\"", subject, printable(answer->reason_string));
  }
  if (answer) return answer->codes;
  throw Error(Errc::timed_out, subject + "no answer within " +
                                   std::to_string(shared_->options.request_timeout.count()) +
                                   " ms; the wish is kept and sent again after the next reconnect" +
                                   (shared_->status.is_connected() ? "" : " (there is no connection now)"));
}

void Core::throw_why_closed() {
  const auto status = shared_->status.wait(after(Milliseconds(0)), [](State) { return true; });
  if (status.failure.error) throw_failure(status.failure);
  throw Error(Errc::closed, "the client is being destroyed");
}

void Core::send(Command command) {
  if (!shared_->queue.push(std::move(command))) throw_why_closed();
  shared_->doorbell->ring();
}

void Core::start_thread() {
  const std::lock_guard lock(mutex_);
  if (thread_.joinable()) return;
  const net::SignalsBlocked blocked;
  thread_ = std::thread([network = network_] { network->run(); });
  started_ = true;
}

}  // namespace holdfast::client
