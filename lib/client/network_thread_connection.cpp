// Attempts, connections, and how they end.
#include <algorithm>
#include <exception>
#include <sstream>
#include <system_error>
#include <utility>

#include "client/clock.hpp"
#include "client/network_thread.hpp"
#include "client/transport_settings.hpp"
#include "session/feed.hpp"

namespace holdfast::client {

namespace {

// What a first connect() tells of the servers before the last one, at most; about.
constexpr std::size_t earlier_failures_max = 4096;

bool closed_by_peer(const std::error_code& error) {
  return !error || error == std::errc::connection_reset || error == std::errc::broken_pipe;
}

Failure failure_of(const session::Closing& closing) {
  return {closing.error, closing.what, closing.reason_code, closing.reason_string};
}

}  // namespace

void NetworkThread::begin_connecting(TimePoint now) {
  if (!is_final(state_)) return;
  route_.reset();
  // A session is where it is: going elsewhere first would throw it away.
  policy_.reset(route_.first_in(engine_.session_servers()));
  attempts_ = 0;
  ever_connected_ = false;
  earlier_failures_.clear();
  shared_->resume();  // Here too: a second disconnect() may have come between.
  start_attempt(now);
}

void NetworkThread::advance(TimePoint now) {
  if (retry_at_ <= now) start_attempt(now);
  if (attempt_) advance_attempt(now);
  if (connection_) advance_connection(now);
}

void NetworkThread::start_attempt(TimePoint now) {
  const Options& options = shared_->options;
  retry_at_ = session::never;
  enter(State::connecting);
  at_ = route_.destination(policy_.current());
  if (options.user_name) at_.user_name = options.user_name;
  if (options.password) at_.password = options.password;
  Attempt attempt{at_.server, at_.user_name, at_.password, options.will, ++attempts_};
  if (trace_) trace_->on_attempt(server_name(), attempts_);
  try {
    attempt_ = std::make_unique<ConnectAttempt>(options, std::move(attempt), tls_, shared_->doorbell, now);
  } catch (const std::system_error& error) {
    on_attempt_failed({error.code(), std::string("connect: no thread to be had: ") + error.what(), {}, {}},
                      now);
  }
}

void NetworkThread::on_attempt_failed(const Failure& why, TimePoint now) {
  ++connect_failures_;
  report_statistics();
  if (trace_) trace_->on_end(Trace::End::lost, why.what, why.reason_code);
  shared_->logger->info("holdfast: {}", why.what);
  announcements_.emplace_back(Disconnected{why.error, std::nullopt, why.what});
  route_.on_attempt_failed(policy_.current());
  try_again(session::End::lost, why, route_.next_reference(), now);
}

void NetworkThread::advance_attempt(TimePoint now) {
  attempt_->advance(now);
  if (const auto& failure = attempt_->failure()) {
    const Failure why = *failure;
    attempt_.reset();
    return on_attempt_failed(why, now);
  }
  auto stream = attempt_->take_stream();
  if (!stream) return;
  const Attempt attempt = attempt_->attempt();
  if (attempt_->uses_tls()) warn_of_weak_tls();
  engine_.set_servers(route_.group_of(attempt_->endpoint()));
  engine_.set_endpoint(attempt_->endpoint());
  at_ = {attempt.server, attempt.user_name, attempt.password};
  attempt_.reset();
  engine_.set_identity(attempt.user_name, attempt.password, attempt.will);
  connection_.emplace(std::move(stream), engine_, shared_->options.write_timeout, counters_, trace_.get());
  readable_ = true;
  engine_.set_backlog_end(shared_->queue.last_sequence());
  engine_.on_connected(now);
  if (trace_) trace_->on_connection(server_name(), engine_.protocol());
  if (shared_->logger->should_log(spdlog::level::debug))
    connection_->log_packets({shared_->logger, engine_.client_id(), engine_.protocol() == Protocol::mqtt_5});
}

// For each connection: what was meant for an afternoon of tests shall not be forgotten in a product.
void NetworkThread::warn_of_weak_tls() const {
  const TlsSettings& tls = shared_->options.tls;
  if (!tls.verify_host && tls.psk.empty()) {
    shared_->logger->warn(
        "holdfast: TLS WITHOUT CHECKING THE HOST (tls.verify_host is off): whoever has any trusted "
        "certificate "
        "can pass for the broker and read everything, passwords too");
  }
  if (!tls.key_log_file.empty()) {
    shared_->logger->warn(
        "holdfast: the secrets of this TLS connection are written to \"{}\" (tls.key_log_file): whoever "
        "reads "
        "that file can read the traffic",
        tls.key_log_file);
  }
}

void NetworkThread::advance_connection(TimePoint now) {
  if (readable_) connection_->read(now);
  engine_.on_deadline(now);
}

void NetworkThread::on_up(const Connected& connected) {
  shared_->queue.set_limits(connected.limits);
  shared_->client_id.set(connected.client_id);
  const std::string response_topic =
      shared_->requests.set_topic(connected.response_information, connected.client_id);
  if (shared_->subscribers.knows(response_topic)) shared_->requests.listen();
  const TimePoint now = boot_time_now();
  policy_.go_to(route_.on_connected(policy_.current(), at_.server, now));
  policy_.on_connected(now);
  attempts_ = 0;
  ever_connected_ = true;
  alive_at_ = {};  // The store hears of it with the next commit.
  announcements_.emplace_back(connected);
  enter(goodbye_ ? State::closing : State::connected);
  shared_->logger->info("holdfast: connected to {} as \"{}\" with MQTT {}, session {}", connected.server,
                        connected.client_id, connected.limits.protocol == Protocol::mqtt_5 ? "5" : "3.1.1",
                        connected.session_present ? "present" : "new");
}

void NetworkThread::finish_connection(TimePoint now) {
  if (!connection_) return;
  const auto& closing = engine_.closing();
  if (closing && (closing->end == session::End::by_request || closing->end == session::End::at_once)) {
    if (close_at_ == session::never) close_at_ = now + shared_->options.close_timeout;
    // The broker is given time to read DISCONNECT and to close: closing a socket with unread bytes would
    // reset the connection, and the will would speak. [MQTT 5, 3.14.4]
    const bool over = connection_->ended() || close_at_ <= now || connection_->write_deadline() <= now;
    if (!over && engine_.output().empty() && !connection_->saying_goodbye()) connection_->begin_goodbye();
    if (over) end_connection(*closing, now);
    return;
  }
  if (closing) return end_connection(*closing, now);
  if (connection_->ended()) {
    std::string what =
        engine_.is_connected() ? "the connection was lost" : "the broker closed before its CONNACK";
    if (const std::string why = connection_->failure(); !why.empty()) what += ": " + why;
    // What the layers over the socket find has a name, and words, of its own.
    const std::error_code found = public_error(connection_->error());
    const bool layered = found.category() == error_category();
    if (!engine_.is_connected() && !layered)
      what += engine_.protocol() == Protocol::mqtt_5
                  ? ": it probably does not speak MQTT 5 (some brokers say so in this way: set protocol to "
                    "mqtt_3_1_1), or does not let this client in"
                  : ": it probably does not let this client in";
    const session::End end =
        closed_by_peer(connection_->error()) ? session::End::closed_by_peer : session::End::lost;
    return end_connection({end, layered ? found : make_error_code(Errc::connection_lost), {}, {}, what, {}},
                          now);
  }
  if (connection_->write_deadline() <= now) {
    const char* what = "the broker read nothing for the write time-out: connection taken for dead";
    end_connection({session::End::lost, Errc::timed_out, {}, {}, what, {}}, now);
  }
}

void NetworkThread::end_connection(const session::Closing& closing_view, TimePoint now) {
  session::Closing closing = closing_view;  // The engine forgets its own now.
  const bool was_up = engine_.is_up();
  connection_.reset();
  close_at_ = session::never;
  engine_.on_disconnected(closing.end, now);
  if (closing.end == session::End::at_once) {
    if (trace_) trace_->on_end(Trace::End::by_request, closing.what);
    shared_->logger->info("holdfast: {}: {}", server_name(), closing.what);
    report_statistics();
    return start_attempt(now);
  }
  const bool by_request = closing.end == session::End::by_request;
  if (trace_)
    trace_->on_end(by_request ? Trace::End::by_request : Trace::End::lost, closing.what, closing.reason_code);
  if (!was_up && !by_request) ++connect_failures_;
  report_statistics();
  if (!by_request && (route_.servers() > 1 || policy_.current() == policy_.guest()))
    closing.what = server_name() + ": " + closing.what;
  // What a first connect() throws needs no second line in the log.
  const bool thrown = !ever_connected_ && !shared_->options.retry_first_connect;
  if (!by_request)
    shared_->logger->log(thrown ? spdlog::level::info : spdlog::level::warn, "holdfast: {}", closing.what);
  announcements_.emplace_back(Disconnected{closing.error, closing.reason_code, closing.what,
                                           closing.reason_string, closing.user_properties});
  if (by_request) return rest(State::idle, {});
  // A clean start mends a mismatch: on the same server.
  const bool failed = !was_up && closing.end != session::End::session_mismatch;
  if (failed) route_.on_attempt_failed(policy_.current());
  std::optional<std::size_t> elsewhere;
  if (closing.server_reference) elsewhere = follow_reference(closing, now);
  if (elsewhere) closing.end = session::End::lost;
  if (!elsewhere && failed) elsewhere = route_.next_reference();
  try_again(closing.end, failure_of(closing), elsewhere, now);
}

std::optional<std::size_t> NetworkThread::follow_reference(const session::Closing& closing, TimePoint now) {
  const bool permanent = closing.reason_code == ReasonCode::server_moved;
  const Route::Followed followed =
      route_.follow(*closing.server_reference, permanent, policy_.current(), at_, now);
  const bool refused = !followed.server && shared_->options.follow_server_reference;
  shared_->logger->log(refused ? spdlog::level::warn : spdlog::level::info,
                       "holdfast: server reference {}followed: {}", followed.server ? "" : "not ",
                       followed.what);
  announcements_.emplace_back(
      ServerReferenceGiven{*closing.server_reference, permanent, followed.server.has_value(), followed.what});
  return followed.server;
}

void NetworkThread::try_again(session::End end, Failure failure, std::optional<std::size_t> elsewhere,
                              TimePoint now) {
  const session::ReconnectPolicy::Decision decision =
      elsewhere ? policy_.on_sent_elsewhere(*elsewhere, now) : policy_.on_end(end, now);
  using Verdict = session::ReconnectPolicy::Verdict;
  const bool ends = !elsewhere && ends_first_connect(end);
  if (!ever_connected_ && !elsewhere && decision.verdict == Verdict::retry && !ends &&
      earlier_failures_.size() < earlier_failures_max)
    earlier_failures_ += (earlier_failures_.empty() ? "" : "; ") + failure.what;
  else if (!ever_connected_ && !earlier_failures_.empty())
    failure.what += " (and before: " + earlier_failures_ + ")";
  if (end == session::End::refused_for_good) {
    const ReasonCode code = failure.reason_code.value_or(ReasonCode::unspecified_error);
    const bool final = decision.verdict == Verdict::refused || ends;
    announcements_.emplace_back(Refused{code, failure.reason_string, final});
  }
  if (end == session::End::taken_over)
    announcements_.emplace_back(TakenOver{decision.verdict == Verdict::taken_over});
  if (decision.verdict == Verdict::refused) return rest(State::refused, failure);
  if (decision.verdict == Verdict::taken_over) {
    failure.error = Errc::taken_over;  // More than the DISCONNECT of this one time says.
    return rest(State::taken_over, failure);
  }
  if (ends) return rest(State::idle, failure);
  if (goodbye_ && drain_until_ <= now) return rest(State::idle, {});
  const std::string& next = route_.destination(decision.server).server;
  announcements_.emplace_back(Reconnecting{decision.delay, decision.attempt, net::without_credentials(next)});
  retry_at_ = now + decision.delay;
  if (trace_) trace_->on_retry(decision.delay, net::without_credentials(next));
  enter(State::waiting, failure);
}

void NetworkThread::enter(State state, const Failure& failure) {
  change_state(state);
  shared_->status.set(state, failure, [&] {
    if (is_final(state) && state != State::closed) end_waits(failure);
    for (Event& event : std::exchange(announcements_, {}))
      shared_->events.push(std::move(event));
  });
}

// The first attempt of a connect() at each server answers for all: a wrong host is better known at once. What
// another attempt mends, and what the policy itself decides, is left to it.
bool NetworkThread::ends_first_connect(session::End end) const {
  const Options& options = shared_->options;
  if (ever_connected_ || options.retry_first_connect || !policy_.all_tried()) return false;
  return end == session::End::lost || end == session::End::closed_by_peer || end == session::End::sent_away ||
         (end == session::End::refused_for_good && !options.reconnect.retry_when_refused);
}

std::string NetworkThread::server_name() const {
  return net::without_credentials(at_.server);
}

// No attempt follows by itself.
void NetworkThread::rest(State state, const Failure& failure) {
  retry_at_ = drain_until_ = session::never;
  goodbye_.reset();
  shared_->status.set_drained(outbox_.empty() && engine_.returned().empty() && engine_.in_flight() == 0);
  enter(state, failure);
}

// Nothing will come of itself any more. Told together with the state: connect() in answer to it tries again.
void NetworkThread::end_waits(const Failure& failure) {
  shared_->inbox->set_closed(true);
  shared_->subscribers.set_closed(true);
  const auto why = [&](const char* disconnected) {
    return failure.error ? failure : Failure{make_error_code(Errc::closed), disconnected, {}, {}};
  };
  shared_->calls.interrupt(why("disconnected before the answer; it is asked again after the next connect()"));
  shared_->requests.interrupt(why("the client was disconnected"));
  shared_->queue.look_again();
}

void NetworkThread::begin_disconnect(const DisconnectOptions& options, TimePoint now) {
  if (is_final(state_)) return rest(State::idle, {});
  goodbye_ = options;
  drain_until_ = now + options.drain;
  if (state_ == State::connected) change_state(State::closing);
}

void NetworkThread::advance_disconnect(TimePoint now) {
  if (!goodbye_ || close_at_ != session::never) return;
  const bool drained = outbox_.empty() && engine_.returned().empty() && engine_.in_flight() == 0;
  if (!drained && now < drain_until_) return;
  if (engine_.is_connected()) {
    engine_.disconnect(*goodbye_, now);
    close_at_ = now + shared_->options.close_timeout;
    drain_until_ = session::never;
    return;
  }
  engine_.disconnect(*goodbye_, now);
  if (trace_ && (attempt_ || connection_)) trace_->on_end(Trace::End::by_request, "given up by disconnect()");
  attempt_.reset();
  if (connection_) {
    connection_.reset();
    engine_.on_disconnected(session::End::by_request, now);
  }
  rest(State::idle, {});
}

void NetworkThread::end() {
  shared_->queue.close();
  for (auto& message : messages_) {  // The turn that failed had them in hand.
    if (message) engine_.abandon(std::move(message));
  }
  messages_.clear();
  shared_->queue.take_all(messages_, commands_);
  note_accepted(messages_);
  session::put_into_outbox(messages_, engine_, outbox_);  // Nothing is sent any more.
  try {
    if (!fatal_.error) {
      const TimePoint now = boot_time_now();
      commit(now);
      commit_now(now);
    }
  } catch (const std::exception& error) {
    shared_->logger->critical("holdfast: {}", error.what());
  }
  if (trace_ && (attempt_ || connection_)) trace_->on_end(Trace::End::by_request, "the client ended");
  attempt_.reset();
  connection_.reset();
  for (auto& message : engine_.returned())
    engine_.abandon(std::move(message));
  engine_.returned().clear();
  outbox_.take_all_in_memory(messages_);
  for (auto& message : messages_)
    engine_.abandon(std::move(message));
  messages_.clear();
  engine_.abandon_all();
  const Failure why =
      fatal_.error ? fatal_
                   : Failure{make_error_code(Errc::closed), "the client ended before the answer", {}, {}};
  // Before the deliveries, which say no more than that the client is closed.
  shared_->calls.interrupt(why);
  shared_->requests.close(why);
  report_finished();
  shared_->completions->close();  // For what was in hand as memory ran out.
  if (shared_->options.store) shared_->options.store->close();
  shared_->inbox->abandon();
  shared_->subscribers.abandon();
  shared_->calls.close();
  shared_->authentications.close();
  enter(State::closed, fatal_);
  shared_->events.close();
  if (trace_) write_trace();
}

}  // namespace holdfast::client
