#include "simulation/simulated_process.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "session/feed.hpp"
#include "session/limits.hpp"
#include "simulation/numbered_payload.hpp"

namespace holdfast::simulation {

namespace {

// The engine's own bound, and one burst of what it may not hold back: PUBRELs and acknowledgements.
constexpr std::size_t unwritten_max = std::size_t{320} << 10;

std::uint32_t number_in(const session::OutboundMessage& message) {
  const auto payload = message.payload();
  return number_of({reinterpret_cast<const char*>(payload.data()), payload.size()});
}

std::string_view text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

SimulatedProcess::SimulatedProcess(World& world, ModelBroker& broker, CrashableStore* store)
    : world_(world),
      broker_(broker),
      store_(store),
      engine_(world.scenario.options, open(), static_cast<std::uint32_t>(world.random.next())),
      outbox_(
          world.scenario.options.outbox_rules,
          [this](const session::WaitingRange& range) { return load(range); }, world.scenario.paging),
      watch_(world) {
  std::vector<session::OutboundMessagePtr> superseded;
  outbox_.adopt(left_waiting_, superseded);
  give_up(superseded, Errc::superseded);
  world_.trace.note("client", [] { return "starts"; });
}

SimulatedProcess::~SimulatedProcess() {
  if (link_) link_->close(Link::Side::client);
  if (store_ != nullptr) store_->close();
}

session::Snapshot SimulatedProcess::open() {
  session::Snapshot snapshot;
  if (store_ != nullptr) {
    snapshot = store_->open();
    last_sequence_ = snapshot.last_sequence;
    left_waiting_ = snapshot.waiting;
  }
  session::Snapshot whole = snapshot;
  for (const session::WaitingRange& range : snapshot.waiting) {
    for (auto& message : store_->load(range))
      whole.messages.push_back({std::move(message), 0, false});
  }
  if (store_ != nullptr) world_.invariants.store.check(whole);
  world_.invariants.session.on_process_started(snapshot.held ? std::optional(snapshot.expiry) : std::nullopt,
                                               snapshot.identity.server);
  world_.invariants.outgoing.on_process_started(whole);
  world_.invariants.incoming.on_process_started(snapshot);
  return snapshot;
}

// A store gives what it has; what has ended since its last commit waits no more.
std::vector<session::OutboundMessagePtr> SimulatedProcess::load(const session::WaitingRange& range) {
  auto messages = store_->load(range);
  session::erase_gone(messages, {&uncommitted_, &engine_.journal()});
  for (const auto& message : messages) {
    message->journaled = true;
    message->set_stored();
  }
  return messages;
}

void SimulatedProcess::give_up(std::vector<session::OutboundMessagePtr>& messages, Errc why) {
  for (auto& message : messages)
    engine_.give_up(std::move(message), why);
  messages.clear();
}

void SimulatedProcess::make_room() {
  const Options& options = world_.scenario.options;
  if (options.outbox_full == OutboxFull::block) return;
  const std::size_t unfinished = world_.invariants.outgoing.live() - engine_.finished().size();
  for (std::size_t i = options.outbox_messages_max; i < unfinished; ++i) {
    auto message =
        options.outbox_full == OutboxFull::drop_oldest ? outbox_.take_oldest() : outbox_.take_newest();
    if (!message) return;
    engine_.give_up(std::move(message), Errc::dropped);
  }
}

void SimulatedProcess::publish(std::uint32_t topic, QoS qos, std::size_t size,
                               std::chrono::nanoseconds expires_in) {
  const bool expires = expires_in != std::chrono::nanoseconds::max();
  const auto expires_at = expires ? world_.clock.client_now() + expires_in : session::never;
  const std::uint32_t number = world_.invariants.outgoing.create(topic, qos, expires_at);
  const std::string payload = numbered_payload(number, size);
  const std::string name = OutgoingCheck::topic_name(topic);
  accepted_.push_back(session::OutboundMessage::make(
      {.topic = name, .payload = std::as_bytes(std::span(payload)), .qos = qos, .expires_at = expires_at}));
  if (world_.random.chance(world_.scenario.followed)) followed_[number] = accepted_.back();
  world_.invariants.outgoing.on_accepted(number, session::publish_packet_size(*accepted_.back()));
}

void SimulatedProcess::request(session::SubscriptionRequest::Kind kind, std::uint32_t topic) {
  session::SubscriptionRequest wish;
  wish.kind = kind;
  wish.subscriptions.push_back({"in/" + std::to_string(topic), {.qos = QoS::exactly_once}});
  wish.ticket = ++last_ticket_;
  asked_.insert(wish.ticket);
  requests_.push_back(std::move(wish));
}

void SimulatedProcess::receive() {
  if (inbox_.empty()) return;
  const session::InboundMessage::Ptr message = std::move(inbox_.front());
  inbox_.pop_front();
  if (message->qos() == QoS::at_most_once) return;
  if (world_.scenario.options.ack == Ack::manual) {
    owed_.push_back(message->token());
    return;
  }
  world_.invariants.incoming.on_acknowledged_by_application(message->token());
  acknowledged_.push_back(message->token());
}

void SimulatedProcess::acknowledge() {
  if (owed_.empty()) return;
  const auto chosen = owed_.begin() + static_cast<std::ptrdiff_t>(world_.random.below(owed_.size()));
  world_.invariants.incoming.on_acknowledged_by_application(*chosen);
  acknowledged_.push_back(*chosen);
  owed_.erase(chosen);
}

void SimulatedProcess::disconnect(const DisconnectOptions& options) {
  if (goodbye_) return;
  goodbye_ = options;
  drain_until_ = world_.clock.client_now() + options.drain;
}

void SimulatedProcess::turn(Kill kill) {
  const auto die_at = [kill](Kill here) {
    if (kill == here) throw Killed{};
  };
  const session::TimePoint now = world_.clock.client_now();
  try {
    keep_alive(now);
    take_requests(now);
    if (!link_ && retry_at_ <= now) connect(now);
    if (link_) read(now);
    expire(now);
    session::feed(engine_, outbox_, now);
    make_room();
    advance_disconnect(now);
    for (const auto& message : engine_.finished())
      world_.invariants.outgoing.on_identifier_freed(number_in(*message));
    watch_.on_made(engine_.output());
    die_at(Kill::before_commit);
    commit(false);
    if (engine_.is_connected()) broker_.on_session_known(connection_);
    die_at(Kill::after_commit);
    write(kill == Kill::while_writing);
    die_at(Kill::while_writing);
    die_at(Kill::after_write);
    hand_over(now);
    die_at(Kill::after_hand_over);
    finish_connection(now);
  } catch (const Error& error) {
    // The store failed: nothing more may be promised, so nothing more is sent.
    world_.trace.note("client", [&] { return std::string("has to end: ") + error.what(); });
    return end(true);
  }
  if (over_) return end(false);
  require(engine_.output().size() <= unwritten_max, [] { return "too much waits to be written"; });
  // What was given up as the connection ended is told in the next turn.
  world_.invariants.outgoing.check_turn(engine_.in_flight() + engine_.finished().size());
  world_.invariants.incoming.check_turn();
}

void SimulatedProcess::keep_alive(session::TimePoint now) {
  if (!engine_.ping_if_due(now)) return;
  watch_.on_made(engine_.output());
  write(false);
}

void SimulatedProcess::take_requests(session::TimePoint now) {
  for (auto& message : accepted_) {
    message->sequence = ++last_sequence_;
    if (store_ != nullptr && message->qos != QoS::at_most_once) {
      message->journaled = true;
      engine_.journal().emplace_back(session::record::Accepted{message});
    }
  }
  session::accept(accepted_, engine_, outbox_, now);
  for (auto& wish : requests_)
    engine_.request(std::move(wish), now);
  requests_.clear();
  for (const session::InboundToken token : acknowledged_)
    engine_.acknowledge(token);
  acknowledged_.clear();
}

void SimulatedProcess::read(session::TimePoint now) {
  const std::string bytes = link_->read(Link::Side::client, world_.clock.now);
  if (!bytes.empty()) engine_.on_bytes(std::as_bytes(std::span(bytes)), now);
  stream_ended_ = link_->at_end(Link::Side::client);
  for (const Event& event : engine_.events()) {
    if (const auto* connected = std::get_if<Connected>(&event)) on_connected(*connected);
  }
  engine_.on_deadline(now);
}

void SimulatedProcess::on_connected(const Connected& connected) {
  Invariants& invariants = world_.invariants;
  world_.trace.note("client", [&] { return connected.session_present ? "resumes" : "has a new session"; });
  require(!connected.session_present || !watch_.clean_start(),
          [] { return "a session was resumed after a clean start"; });
  const bool lost =
      invariants.session.on_connack(connected.session_present, broker_.granted(connection_).expiry);
  if (!connected.session_present) invariants.outgoing.on_session_lost();
  if (!connected.session_present || broker_.granted(connection_).mistaken)
    invariants.incoming.on_session_lost();
  invariants.outgoing.on_connected(connected.limits, connected.session_present);
  const auto& events = engine_.events();
  const bool told = std::any_of(events.begin(), events.end(), [](const Event& event) {
    return std::holds_alternative<SessionLost>(event);
  });
  require(told == lost,
          [&] { return lost ? "a lost session was not told" : "a session that was not held was lost"; });
}

void SimulatedProcess::expire(session::TimePoint now) {
  std::vector<session::OutboundMessagePtr> expired;
  outbox_.take_expired(now, expired);
  give_up(expired, Errc::expired);
}

// What promises nothing waits for the next commit, or for any other turn: a kill may take it back.
void SimulatedProcess::commit(bool all) {
  session::Journal& journal = engine_.journal();
  const bool due =
      all || std::any_of(journal.begin(), journal.end(), session::promises) || world_.random.below(8) == 0;
  uncommitted_.insert(uncommitted_.end(), std::make_move_iterator(journal.begin()),
                      std::make_move_iterator(journal.end()));
  journal.clear();
  if (!due || uncommitted_.empty()) return;
  if (store_ != nullptr) {
    store_->commit(uncommitted_, world_.clock);
    world_.invariants.store.on_committed(uncommitted_);
    for (const session::Record& record : uncommitted_) {
      if (const auto* accepted = std::get_if<session::record::Accepted>(&record))
        accepted->message->set_stored();
    }
  }
  uncommitted_.clear();
  if (store_ != nullptr) outbox_.spill();
}

void SimulatedProcess::write(bool killed_meanwhile) {
  if (!link_ || stream_ended_) return;
  const session::TimePoint now = world_.clock.client_now();  // A slow disk is no dead broker.
  std::size_t allowed = killed_meanwhile ? world_.random.below(engine_.output().size() + 1) : std::size_t(-1);
  std::size_t written = 0;
  bool blocked = false;
  while (!engine_.output().empty() && allowed != 0 && !blocked) {
    std::array<std::span<const std::byte>, 1> piece;
    static_cast<void>(engine_.output().gather(piece));
    const auto bytes = text(piece[0].first(std::min(piece[0].size(), allowed)));
    const std::size_t taken = link_->write(Link::Side::client, bytes, world_.clock.now);
    blocked = taken < bytes.size();
    allowed -= taken;
    written += taken;
    if (taken == 0) break;
    engine_.on_written(taken, now);
    watch_.on_written(engine_.output().written_offset());
  }
  if (!blocked) {
    write_deadline_ = session::never;
  } else if (written != 0 || write_deadline_ == session::never) {
    write_deadline_ = now + world_.scenario.options.write_timeout;
  }
}

void SimulatedProcess::hand_over(session::TimePoint now) {
  report_finished(now);
  for (const session::SubscriptionAnswer& answer : engine_.answers()) {
    if (answer.request.ticket == 0) continue;
    require(asked_.erase(answer.request.ticket) == 1, [] { return "a request was answered twice"; });
    if (answer.failure) continue;
    const bool subscribe = answer.request.kind == session::SubscriptionRequest::Kind::subscribe;
    wishes_[answer.request.subscriptions.at(0).filter] = subscribe;
  }
  engine_.answers().clear();
  engine_.events().clear();
  for (auto& message : engine_.received()) {
    world_.trace.note("client",
                      [&] { return "hands over " + std::string(text(message->payload()).substr(0, 6)); });
    world_.invariants.incoming.on_handed_over(*message);
    inbox_.push_back(std::move(message));
  }
  engine_.received().clear();
}

void SimulatedProcess::report_finished(session::TimePoint now) {
  for (const auto& message : engine_.finished()) {
    world_.trace.note("client", [&] {
      return "ends " + std::to_string(number_in(*message)) + ": " +
             (message->failure ? make_error_code(*message->failure).message() : std::string("success"));
    });
    const std::uint32_t number = number_in(*message);
    world_.invariants.outgoing.on_ended(number, message->failure, now);
    const auto kept = followed_.find(number);
    if (kept == followed_.end()) continue;
    require(kept->second == message,
            [&] { return "the Delivery of message " + std::to_string(number) + " does not see its end"; });
    followed_.erase(kept);
  }
  engine_.finished().clear();
}

}  // namespace holdfast::simulation
