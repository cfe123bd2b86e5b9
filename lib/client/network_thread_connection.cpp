// Attempts, connections, and how they end.
#include <algorithm>
#include <exception>
#include <sstream>
#include <system_error>
#include <utility>

#include "client/clock.hpp"
#include "client/network_thread.hpp"
#include "client/transport_settings.hpp"

namespace holdfast::client {

namespace {

constexpr unsigned redirects_in_a_row_max = 3;

bool closed_by_peer(const std::error_code& error) {
  return !error || error == std::errc::connection_reset || error == std::errc::broken_pipe;
}

Failure failure_of(const session::Closing& closing) {
  return {closing.error, closing.what, closing.reason_code, closing.reason_string};
}

}  // namespace

void NetworkThread::begin_connecting(TimePoint now) {
  if (!is_final(state_)) return;
  policy_.reset();
  attempts_ = redirects_ = 0;
  ever_connected_ = false;
  shared_->inbox->set_closed(false);
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
  state_ = State::connecting;
  shared_->status.set(state_);
  Attempt attempt{redirected_to_.value_or(options.server), options.user_name, options.password, options.will,
                  ++attempts_};
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
  if (redirected_to_) redirected_to_.reset();  // The other server is not there: back to our own.
  shared_->logger->info("holdfast: {}", why.what);
  shared_->events.push(Disconnected{why.error, std::nullopt, why.what});
  fail_attempt(session::End::lost, why, now);
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
  engine_.set_server(attempt_->endpoint());
  attempt_.reset();
  engine_.set_identity(attempt.user_name, attempt.password, attempt.will);
  connection_.emplace(std::move(stream), engine_, shared_->options.write_timeout, counters_);
  readable_ = true;
  engine_.on_connected(now);
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
  policy_.on_connected(boot_time_now());
  attempts_ = redirects_ = 0;
  ever_connected_ = true;
  alive_at_ = {};  // The store hears of it with the next commit.
  state_ = goodbye_ ? State::closing : State::connected;
  shared_->status.set(state_);
  shared_->logger->info("holdfast: connected as \"{}\", session {}", connected.client_id,
                        connected.session_present ? "present" : "new");
}

void NetworkThread::finish_connection(TimePoint now) {
  if (!connection_) return;
  const auto& closing = engine_.closing();
  if (closing && closing->end == session::End::by_request) {
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
      what += ": is this an MQTT 5 broker, and may this client connect to it?";
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
  const bool by_request = closing.end == session::End::by_request;
  if (!was_up && !by_request) ++connect_failures_;
  report_statistics();
  // What a first connect() throws needs no second line in the log.
  const bool thrown = !ever_connected_ && !shared_->options.retry_first_connect;
  if (!by_request)
    shared_->logger->log(thrown ? spdlog::level::info : spdlog::level::warn, "holdfast: {}", closing.what);
  shared_->events.push(Disconnected{closing.error, closing.reason_code, closing.what});
  if (!was_up) redirected_to_.reset();  // The other server will not have us: back to our own.
  if (closing.server_reference && follow_reference(closing)) closing.end = session::End::lost;
  if (by_request) return rest(State::idle, {});
  fail_attempt(closing.end, failure_of(closing), now);
}

bool NetworkThread::follow_reference(const session::Closing& closing) {
  std::string first;
  std::istringstream(*closing.server_reference) >> first;
  const bool followed =
      shared_->options.follow_server_reference && !first.empty() && redirects_ < redirects_in_a_row_max;
  if (followed) {
    ++redirects_;
    redirected_to_ = first;
  } else {
    // Perhaps they point at each other: back to our own server, which may point somewhere better after a
    // while.
    redirects_ = 0;
    redirected_to_.reset();
  }
  const bool permanent = closing.reason_code == ReasonCode::server_moved;
  shared_->events.push(ServerReferenceGiven{*closing.server_reference, permanent, followed});
  return followed;
}

void NetworkThread::fail_attempt(session::End end, const Failure& failure, TimePoint now) {
  // The first attempt of a connect() answers for all: a wrong host is better known at once. What another
  // attempt mends, and what the policy itself decides, is left to it.
  const bool give_up = !ever_connected_ && !shared_->options.retry_first_connect &&
                       (end == session::End::lost || end == session::End::closed_by_peer) && !redirected_to_;
  if (give_up) return rest(State::idle, failure);
  try_again(end, failure, now);
}

void NetworkThread::try_again(session::End end, const Failure& failure, TimePoint now) {
  const session::ReconnectPolicy::Decision decision = policy_.on_end(end, now);
  using Verdict = session::ReconnectPolicy::Verdict;
  if (end == session::End::refused_for_good) {
    const ReasonCode code = failure.reason_code.value_or(ReasonCode::unspecified_error);
    shared_->events.push(Refused{code, failure.reason_string, decision.verdict == Verdict::refused});
  }
  if (end == session::End::taken_over)
    shared_->events.push(TakenOver{decision.verdict == Verdict::taken_over});
  if (decision.verdict == Verdict::refused) return rest(State::refused, failure);
  if (decision.verdict == Verdict::taken_over) return rest(State::taken_over, failure);
  if (goodbye_ && drain_until_ <= now) return rest(State::idle, {});
  shared_->events.push(Reconnecting{decision.delay, decision.attempt});
  retry_at_ = now + decision.delay;
  state_ = State::waiting;
  shared_->status.set(state_, failure);
}

// No attempt follows by itself.
void NetworkThread::rest(State state, const Failure& failure) {
  state_ = state;
  retry_at_ = drain_until_ = session::never;
  goodbye_.reset();
  shared_->status.set_drained(outbox_.empty() && engine_.returned().empty() && engine_.in_flight() == 0);
  shared_->inbox->set_closed(true);
  session::SubscriptionAnswer interrupted{
      {}, {}, Errc::closed, "disconnected before the answer; it is asked again after the next connect()"};
  if (failure.error.category() == error_category()) {
    interrupted.failure = static_cast<Errc>(failure.error.value());
    interrupted.what = failure.what;
  }
  shared_->calls.interrupt(interrupted);
  shared_->status.set(state, failure);
}

void NetworkThread::begin_disconnect(const DisconnectOptions& options, TimePoint now) {
  if (is_final(state_)) return rest(State::idle, {});
  goodbye_ = options;
  drain_until_ = now + options.drain;
  if (state_ == State::connected) state_ = State::closing;
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
  accept(messages_);
  try {
    if (!fatal_.error) {
      const TimePoint now = boot_time_now();
      commit(now);
      commit_now(now);
    }
  } catch (const std::exception& error) {
    shared_->logger->critical("holdfast: {}", error.what());
  }
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
  report_finished();
  if (shared_->options.store) shared_->options.store->close();
  shared_->inbox->abandon();
  shared_->events.close();
  shared_->calls.close();
  shared_->status.set(State::closed, fatal_);
}

}  // namespace holdfast::client
