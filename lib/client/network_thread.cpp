#include "client/network_thread.hpp"

#include <poll.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <limits>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

#include "client/clock.hpp"
#include "client/transport_settings.hpp"
#include "session/feed.hpp"

namespace holdfast::client {

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

// Reading stops while more than this waits to be written: above what the engine takes by itself.
constexpr std::size_t unwritten_max = std::size_t{4} << 20;

// How long, and up to how many, records wait for a commit that promise nothing.
constexpr std::chrono::milliseconds tidying_delay{100};
constexpr std::size_t uncommitted_max = 10'000;
constexpr std::chrono::seconds try_tidying_again{1};

session::Backlog::Limits backlog_limits(const Options& options) {
  session::Backlog::Limits limits;
  if (!options.store || !options.store->frees_memory())
    limits.memory = std::numeric_limits<std::size_t>::max();
  return limits;
}

bool ended_in_outbox(Errc why) {
  return why == Errc::expired || why == Errc::dropped || why == Errc::superseded;
}

// Without those that the store forgot on their way out and takes back.
std::uint64_t messages_in(const session::Journal& journal) {
  return static_cast<std::uint64_t>(
      std::count_if(journal.begin(), journal.end(), [](const session::Record& record) {
        const auto* accepted = std::get_if<session::record::Accepted>(&record);
        return accepted != nullptr && !accepted->message->stored();
      }));
}

int poll_timeout(session::TimePoint now, session::TimePoint deadline) {
  if (deadline == session::never) return -1;
  if (deadline <= now) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
  return static_cast<int>(std::min<std::chrono::milliseconds::rep>(left, std::numeric_limits<int>::max()));
}

}  // namespace

NetworkThread::NetworkThread(std::shared_ptr<Shared> shared, const session::Snapshot& snapshot)
    : shared_(std::move(shared)),
      recovered_to_(snapshot.last_sequence),
      tls_(std::make_shared<net::Tls>(to_net(shared_->options.tls))),
      route_(shared_->options, std::random_device{}()),
      policy_(shared_->options.reconnect, route_.servers(), std::random_device{}()),
      engine_(shared_->options, session::Snapshot(snapshot), std::random_device{}()),
      outbox_(
          shared_->options.outbox_rules, [this](const session::WaitingRange& range) { return load(range); },
          backlog_limits(shared_->options)) {
  const auto in_flight = engine_.messages();
  std::size_t messages = in_flight.size();
  std::size_t bytes = 0;
  for (const auto& message : in_flight)
    bytes += message->size();
  for (const session::WaitingRange& range : snapshot.waiting) {
    messages += range.messages;
    bytes += range.bytes;
  }
  if (!shared_->options.trace.empty())
    trace_ = std::make_unique<Trace>(shared_->options.trace, shared_->options.trace_payload_max,
                                     shared_->options.trace_bytes_max);
  shared_->queue.adopt(messages, bytes, recovered_to_);
  outbox_.adopt(snapshot.waiting, messages_);
  give_up(messages_, Errc::superseded);
  shared_->subscribers.restore(snapshot.subscriptions);
}

NetworkThread::~NetworkThread() = default;

void NetworkThread::run() {
  try {
    while (!ending_)
      turn();
  } catch (const std::system_error& error) {
    fail(error.code(), error.what());
  } catch (const std::exception& error) {
    fail(make_error_code(Errc::closed), error.what());
  }
  end();
}

void NetworkThread::fail(std::error_code code, const char* what) {
  // A store that failed, or no memory: nothing more may be promised, so nothing more is sent.
  fatal_ = Failure{code, std::string("the client had to end: ") + what, {}, {}};
  shared_->status.set_failure(fatal_);
  shared_->logger->critical("holdfast: {}", fatal_.what);
  announcements_.emplace_back(Disconnected{fatal_.error, std::nullopt, fatal_.what});
}

void NetworkThread::turn() {
  const TimePoint now = boot_time_now();
  if (trace_) trace_timers(now);
  keep_alive(now);
  take_requests(now);
  advance(now);
  expire(now);
  session::feed(engine_, outbox_, now);
  make_room();
  advance_disconnect(now);
  commit(now);
  // Our own slow disk must not look like a dead broker: what happened since `now` is waited for, not judged.
  if (connection_) connection_->write(boot_time_now());
  hand_over();
  finish_connection(now);
  if (trace_) write_trace();
  sleep();
}

// First, while all output is committed: the broker must not wait for a second commit before it hears from us.
void NetworkThread::keep_alive(TimePoint now) {
  if (engine_.ping_if_due(now)) connection_->write(now);
}

void NetworkThread::take_requests(TimePoint now) {
  shared_->queue.take_all(messages_, commands_);
  note_accepted(messages_);
  session::accept(messages_, engine_, outbox_, now);
  for (session::InboundAnswer& answer : shared_->inbox->take_answers())
    engine_.acknowledge(std::move(answer));
  // What was acknowledged before disconnect() was called leaves before DISCONNECT does.
  if (!commands_.empty()) shared_->inbox->take_acknowledgements(acknowledged_);
  for (Command& command : commands_) {
    std::visit(
        Overloaded{[&](const command::Connect&) { begin_connecting(now); },
                   [&](const command::Disconnect& disconnect) { begin_disconnect(disconnect.options, now); },
                   [&](command::Subscribe& subscribe) { engine_.request(std::move(subscribe.request), now); },
                   [&](const command::Reauthenticate&) { engine_.reauthenticate(now); },
                   [&](const command::Close&) { ending_ = true; }},
        command);
  }
  commands_.clear();
  for (const session::InboundToken token : acknowledged_)
    engine_.acknowledge(token);
  acknowledged_.clear();
}

// For the store.
void NetworkThread::note_accepted(const std::vector<session::OutboundMessagePtr>& messages) {
  if (!shared_->options.store) return;
  const bool qos0_too = shared_->options.qos0_offline == Qos0Offline::store && state_ != State::connected;
  for (const auto& message : messages) {
    if (message->qos == QoS::at_most_once && !qos0_too) continue;
    message->journaled = true;
    engine_.journal().emplace_back(session::record::Accepted{message});
  }
}

// A store gives what it has; what has ended since its last commit waits no more.
std::vector<session::OutboundMessagePtr> NetworkThread::load(const session::WaitingRange& range) {
  auto messages = shared_->options.store->load(range);
  session::erase_gone(messages, {&uncommitted_, &engine_.journal()});
  for (const auto& message : messages) {
    message->journaled = true;
    message->recovered = message->sequence <= recovered_to_;
    message->set_stored();
  }
  return messages;
}

void NetworkThread::expire(TimePoint now) {
  outbox_.take_expired(now, messages_);
  give_up(messages_, Errc::expired);
  if (shared_->options.qos0_offline == Qos0Offline::drop && state_ != State::connected &&
      state_ != State::closing) {
    outbox_.take_qos0(messages_);
    give_up(messages_, Errc::not_connected);
  }
}

void NetworkThread::give_up(std::vector<session::OutboundMessagePtr>& messages, Errc why) {
  for (auto& message : messages)
    engine_.give_up(std::move(message), why);
  messages.clear();
}

void NetworkThread::make_room() {
  const OutboxFull policy = shared_->options.outbox_full;
  if (policy != OutboxFull::drop_oldest && policy != OutboxFull::drop_newest) return;
  RequestQueue::Bounds excess = shared_->queue.excess();
  const auto count_out = [&excess](const session::OutboundMessage& message) {
    excess.messages -= std::min<std::size_t>(excess.messages, 1);
    excess.bytes -= std::min(excess.bytes, message.size());
  };
  for (const auto& message : engine_.finished())
    count_out(*message);
  while (excess.messages != 0 || excess.bytes != 0) {
    auto message = policy == OutboxFull::drop_oldest ? outbox_.take_oldest() : outbox_.take_newest();
    if (!message) return;
    count_out(*message);
    engine_.give_up(std::move(message), Errc::dropped);
  }
}

// What promises something is committed before its bytes leave; what only tidies up rides along, or waits a
// moment: each commit may cost a write to the disk.
void NetworkThread::commit(TimePoint now) {
  session::Journal& journal = engine_.journal();
  if (!shared_->options.store) return journal.clear();
  if (engine_.is_connected() && alive_at_ <= now) {
    journal.emplace_back(session::record::SessionAlive{});
    alive_at_ = now + session::alive_period;
  }
  const bool promises = std::any_of(journal.begin(), journal.end(), session::promises);
  if (!journal.empty()) commit_at_ = std::min(commit_at_, promises ? now : now + tidying_delay);
  uncommitted_.insert(uncommitted_.end(), std::make_move_iterator(journal.begin()),
                      std::make_move_iterator(journal.end()));
  journal.clear();
  if (promises || uncommitted_.size() >= uncommitted_max) return commit_now(now);
  if (commit_at_ <= now) tidy_up(now);
}

// A full disk must not end a client that is only about to make room on it.
void NetworkThread::tidy_up(TimePoint now) {
  try {
    commit_now(now);
  } catch (const Error& error) {
    shared_->logger->warn("holdfast: {}: trying again", error.what());
    commit_at_ = now + try_tidying_again;
  }
}

void NetworkThread::commit_now(TimePoint now) {
  commit_at_ = session::never;
  if (uncommitted_.empty()) return;
  shared_->options.store->commit(uncommitted_, now);
  ++commits_;
  if (trace_) trace_->on_commit(uncommitted_.size());
  stored_ += messages_in(uncommitted_);
  report_statistics();  // First: who sees a message stored also sees it counted.
  shared_->completions->publish_stored(uncommitted_);
  uncommitted_.clear();
  outbox_.spill();
}

void NetworkThread::hand_over() {
  report_statistics();  // First: who sees a message ended or an event also sees it counted.
  report_finished();
  // Before the answers: who hears of an UNSUBACK has all that came before it.
  bool reading_on = route_received();
  for (const auto& answer : engine_.answers()) {
    shared_->requests.on_answer(answer);
    if (!shared_->calls.complete(answer)) report_unclaimed(answer);
  }
  engine_.answers().clear();
  for (auto& outcome : engine_.authentications())
    shared_->authentications.complete(std::move(outcome));
  engine_.authentications().clear();
  for (Event& event : engine_.events()) {
    if (std::holds_alternative<SessionLost>(event) && !shared_->options.resubscribe) {
      shared_->requests.on_subscription_lost();
      shared_->queue.look_again();
    }
    auto* connected = std::get_if<Connected>(&event);
    if (connected != nullptr) connected->server = server_name();
    if (connected != nullptr && connection_) {
      on_up(*connected);
    } else {
      shared_->events.push(event);
    }
  }
  engine_.events().clear();
  for (const std::string_view what : engine_.tolerated())
    shared_->logger->warn(
        "holdfast: {} broke the protocol and was forgiven: {} (said once; strict_peer would end the "
        "connection)",
        server_name(), what);
  engine_.tolerated().clear();
  reading_on = reading_on || shared_->completions->blocked().any();
  shared_->inbox->exchange(engine_.received(), acknowledged_, reading_on);
}

// To requests and handles; whether there are handles, so that nothing else may stop the reading.
bool NetworkThread::route_received() {
  auto& received = engine_.received();
  if (!received.empty() && shared_->requests.listening())
    shared_->requests.take_responses(received, *shared_->inbox);
  if (!shared_->subscribers.any()) return false;
  shared_->subscribers.route(received, engine_);
  return true;
}

void NetworkThread::report_finished() {
  auto& finished = engine_.finished();
  if (finished.empty()) return;
  for (const auto& message : finished) {
    if (!message->failure) continue;
    std::string topic(message->topic());
    if (ended_in_outbox(*message->failure)) {
      shared_->events.push(MessagesDropped{*message->failure, 1, std::move(topic)});
    } else if (message->recovered && message->failure != Errc::poison) {
      // Nobody has a Delivery for what an earlier process accepted. (Of poison the engine told already.)
      shared_->events.push(MessageFailed{std::move(topic), *message->failure, message->reason_code});
    }
  }
  shared_->completions->publish(finished);  // First: after flush() every Delivery is done.
  if (shared_->requests.listening()) shared_->requests.on_finished(finished);
  shared_->queue.release(finished);
  finished.clear();
}

void NetworkThread::report_unclaimed(const session::SubscriptionAnswer& answer) {
  for (std::size_t i = 0; i < answer.request.subscriptions.size(); ++i) {
    const ReasonCode code = answer.codes.empty() ? ReasonCode::unspecified_error : answer.codes[i];
    if (!is_error(code)) continue;
    const std::string& filter = answer.request.subscriptions[i].filter;
    shared_->requests.on_subscription_failed(filter, code);
    shared_->queue.look_again();
    shared_->events.push(SubscriptionFailed{filter, code, answer.reason_string});
  }
}

void NetworkThread::report_statistics() {
  const session::EngineCounters& engine = engine_.counters();
  Statistics statistics;
  statistics.in_flight = engine_.in_flight();
  statistics.connected = engine_.is_connected();
  statistics.connect_failures = connect_failures_;
  statistics.connects = engine.connects;
  const net::TlsCounters tls = tls_->counters();
  statistics.tls_handshakes = tls.handshakes;
  statistics.tls_sessions_resumed = tls.resumed;
  statistics.sessions_resumed = engine.sessions_resumed;
  statistics.sessions_lost = engine.sessions_lost;
  statistics.acknowledged = engine.acknowledged;
  statistics.failed = engine.failed;
  statistics.expired = engine.expired;
  statistics.outbox_dropped = engine.outbox_dropped;
  statistics.superseded = engine.superseded;
  statistics.replayed = engine.replayed;
  statistics.republished = engine.republished;
  statistics.payloads_refused = engine.payloads_refused;
  statistics.duplicates_suppressed = engine.duplicates_suppressed;
  statistics.receive_maximum_overruns = engine.receive_maximum_overruns;
  statistics.oversized_packets = engine.oversized_packets;
  statistics.exactly_once_lowered = engine.exactly_once_lowered;
  statistics.redeliveries_without_dup = engine.redeliveries_without_dup;
  statistics.identifiers_reused = engine.identifiers_reused;
  statistics.unexpected_acknowledgements = engine.unexpected_acknowledgements;
  statistics.other_violations = engine.other_violations;
  statistics.commits = commits_;
  statistics.stored = stored_;
  statistics.bytes_sent = counters_.bytes_sent;
  statistics.bytes_received = counters_.bytes_received;
  statistics.writes = counters_.writes;
  statistics.reads = counters_.reads;
  shared_->counters.set(statistics);
}

void NetworkThread::sleep() {
  Doorbell& doorbell = *shared_->doorbell;
  doorbell.declare_sleep();
  const bool reading = may_read();
  readable_ = reading;
  if (has_work(reading)) return doorbell.declare_awake();
  shared_->queue.settle();
  polled_.clear();
  polled_.push_back({doorbell.descriptor(), POLLIN, 0});
  if (connection_) {
    polled_.push_back({connection_->descriptor(), connection_->poll_events(reading), 0});
  } else if (attempt_) {
    attempt_->add_to(polled_);
  }
  poll(polled_.data(), static_cast<nfds_t>(polled_.size()), poll_timeout(boot_time_now(), deadline()));
  if (polled_.front().revents != 0) doorbell.clear();
  doorbell.declare_awake();
  // A broken connection is read to its end although reading is paused: else poll would report it for ever.
  readable_ = polled_.size() > 1 && (polled_[1].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
}

bool NetworkThread::may_read() {
  BlockedCalls& blocked = shared_->completions->blocked();
  const bool wanted = connection_ && engine_.is_connected() &&
                      (shared_->receiving_paused || (shared_->inbox->full() && !shared_->subscribers.any()));
  blocked.set_pause_wanted(wanted);
  bool paused = wanted && !blocked.any();  // Asked after the saying.
  blocked.set_reading_paused(paused);
  // A broker that sends and does not read makes us answer into memory.
  if (connection_ && engine_.output().size() >= unwritten_max) paused = true;
  engine_.set_reading(!paused, boot_time_now());
  return !paused;
}

bool NetworkThread::has_work(bool reading) {
  if (shared_->queue.has_work() || !acknowledged_.empty() || shared_->inbox->has_acknowledgements())
    return true;
  if (ending_ || (attempt_ && attempt_->has_work())) return true;
  if (!connection_) {
    return !engine_.authentications().empty() || !engine_.returned().empty() || !engine_.finished().empty() ||
           !engine_.events().empty() || !engine_.journal().empty();
  }
  if (connection_->ended() || (reading && connection_->has_more_input())) return true;
  if (connection_->output_blocked()) return false;
  const session::OutboundMessage* next = outbox_.front();
  return !engine_.output().empty() || engine_.can_replay() || (next != nullptr && engine_.can_publish(*next));
}

session::TimePoint NetworkThread::deadline() const {
  TimePoint first = std::min({engine_.deadline(), outbox_.deadline(), retry_at_, close_at_});
  // A connection that is being closed is waited for first.
  if (close_at_ == session::never) first = std::min(first, drain_until_);
  if (attempt_) first = std::min(first, attempt_->deadline());
  if (connection_) first = std::min(first, connection_->write_deadline());
  if (shared_->options.store) {
    first = std::min(first, commit_at_);
    if (engine_.is_connected()) first = std::min(first, alive_at_);
  }
  return first;
}

}  // namespace holdfast::client
