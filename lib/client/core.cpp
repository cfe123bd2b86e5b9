#include "client/core.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "client/check_argument.hpp"
#include "client/check_options.hpp"
#include "client/clock.hpp"
#include "client/make_message.hpp"
#include "client/require_in_protocol.hpp"
#include "client/send_command.hpp"
#include "client/subscription_request.hpp"
#include "net/server_url.hpp"
#include "net/thread_signals.hpp"
#include "session/connect_packet.hpp"

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

}  // namespace

Core::Core(Options options)
    : shared_(std::make_shared<Shared>(checked(std::move(options)))), process_(::getpid()) {
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
  if (::getpid() != process_) {
    leave_to_parent();
    return;
  }
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

// What is kept here for ever holds everything else: joining, closing and giving back are the parent's, whose
// locks may be taken in this copy with nobody to release them.
void Core::leave_to_parent() {
  struct Kept {
    std::shared_ptr<NetworkThread> network;
    std::thread thread;
  };
  static_cast<void>(new Kept{std::move(network_), std::move(thread_)});
}  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): as said above.

void Core::connect(std::optional<Milliseconds> timeout) {
  const Options& options = shared_->options;
  const auto servers = static_cast<Milliseconds::rep>(std::max<std::size_t>(options.servers.size(), 1));
  const Milliseconds one = options.connect_timeout + options.handshake_timeout + options.connack_timeout;
  const Milliseconds patience = timeout.value_or(one * servers);
  start_thread();
  const bool first = shared_->status.begin_connecting();
  if (first) {
    shared_->resume();  // Here too: the call may end before the network thread hears of it.
    send(*shared_, command::Connect{});
  }
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
  require_in_protocol(shared_->queue.limits(), options);
  if (!shared_->status.begin_disconnecting()) return shared_->queue.load().messages == 0;
  const BlockedCalls::Scope scope(shared_->completions->blocked());
  command::Disconnect command{options};
  command.options.drain = std::min(options.drain, longest_wait);
  // A second more than both take: the network thread keeps its own times.
  const auto patience = command.options.drain + shared_->options.close_timeout + std::chrono::seconds(1);
  send(*shared_, std::move(command));
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
  send(*shared_, command::Reauthenticate{});
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
                                      const PublishOptions& options, RequestQueue::Patience patience) {
  if (!started_) start_thread();  // Also before connect() messages expire, make room and go into the store.
  return accept(topic, payload, options, patience);
}

std::optional<Delivery> Core::accept(std::string_view topic, std::span<const std::byte> payload,
                                     const PublishOptions& options, RequestQueue::Patience patience) {
  if (options.payload_is_utf8 && shared_->options.check_payload_format)
    require_text("publish \"" + printable(topic) + "\": payload",
                 {reinterpret_cast<const char*>(payload.data()), payload.size()});
  session::OutboundMessagePtr message = make_message(topic, payload, options);
  session::OutboundMessagePtr followed = message->share_unknown();
  std::optional<session::LimitViolation> violation;
  switch (shared_->queue.push(std::move(message), patience, violation)) {
    case RequestQueue::Push::accepted:
      break;
    case RequestQueue::Push::full:
    case RequestQueue::Push::given_up:
      return std::nullopt;
    case RequestQueue::Push::closed:
      throw_why_closed(*shared_);
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
  check_subscribe(subscriptions, properties, shared_->queue.limits());
  shared_->subscribers.note_plain(subscriptions, properties.subscription_identifier);
  start_thread();
  return ask(*shared_, subscribe_request(subscriptions, properties), "subscribe");
}

Subscription Core::subscribe(std::span<const TopicFilter> subscriptions, const SubscriptionQueue& queue,
                             const SubscribeProperties& properties) {
  const BrokerLimits limits = shared_->queue.limits();
  check_subscribe(subscriptions, properties, limits);
  check(queue);
  start_thread();
  const auto& identifier = properties.subscription_identifier;
  const auto subscriber = shared_->subscribers.open(subscriptions, identifier, queue, shared_->options.ack,
                                                    limits.subscription_identifiers_available);
  Subscription subscription(shared_, subscriber);
  session::SubscriptionRequest wish = subscribe_request(subscriptions, properties);
  wish.properties.subscription_identifier = subscriber->identifier;
  wish.identifier_optional = !identifier;
  subscriber->codes = ask(*shared_, std::move(wish), "subscribe");
  if (std::all_of(subscriber->codes.begin(), subscriber->codes.end(), is_error)) {
    shared_->subscribers.end(*subscriber);
    throw Error(Errc::request_refused,
                "subscribe \"" + printable(subscriber->filters.front()) +
                    "\": the broker refused it: " + std::string(to_string(subscriber->codes.front())),
                subscriber->codes.front(), {});
  }
  return subscription;
}

std::vector<ReasonCode> Core::unsubscribe(std::span<const std::string> filters,
                                          const SubscribeProperties& properties) {
  session::SubscriptionRequest wish = unsubscribe_request(filters, properties);
  require_in_protocol(shared_->queue.limits(), wish);
  start_thread();
  auto codes = ask(*shared_, std::move(wish), "unsubscribe");
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (!is_error(codes[i])) shared_->subscribers.forget_plain(filters[i]);
  }
  return codes;
}

void Core::start_thread() {
  const std::lock_guard lock(mutex_);
  if (thread_.joinable()) return;
  const net::SignalsBlocked blocked;
  thread_ = std::thread([network = network_] { network->run(); });
  started_ = true;
}

}  // namespace holdfast::client
