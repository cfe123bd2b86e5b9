#include "fuzz/engine_process.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>
#include <variant>

#include "fuzz/fuzz_input.hpp"
#include "session/feed.hpp"
#include "wire/parser.hpp"

namespace holdfast::fuzz {

using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t largest_packet = 268'435'460;
constexpr std::size_t received_max = 64;
constexpr std::uint32_t messages_max = 200;
constexpr std::size_t output_max = std::size_t{4} << 20;

session::OutboundMessagePtr copy(const session::OutboundMessage& message) {
  auto made =
      session::OutboundMessage::make({message.topic(), message.payload(), message.qos, message.retain(),
                                      message.properties().bytes(), message.expires_at()});
  made->sequence = message.sequence;
  return made;
}

// Of the packet at the front; 0 if that cannot be told.
std::size_t packet_size(std::span<const std::byte> bytes) {
  std::size_t length = 0;
  for (std::size_t i = 1; i < std::min<std::size_t>(bytes.size(), 5); ++i) {
    const auto byte = std::to_integer<std::size_t>(bytes[i]);
    length |= (byte & 0x7F) << (7 * (i - 1));
    if (byte < 0x80) return 1 + i + length;
  }
  return 0;
}

session::OutboundMessagePtr probe(QoS qos) {
  auto message = session::OutboundMessage::make({.topic = "t", .qos = qos});
  message->sequence = std::numeric_limits<std::uint64_t>::max();
  return message;
}

}  // namespace

EngineProcess::EngineProcess(Options options)
    : options_(std::move(options)),
      store_(std::dynamic_pointer_cast<store::MemoryStore>(options_.store)),
      probes_{probe(QoS::at_most_once), probe(QoS::at_least_once), probe(QoS::exactly_once)},
      watch_(options_.in_flight_max),
      messages_(1),
      decoder_(options_.connect_properties.maximum_packet_size.value_or(largest_packet)),
      answered_(1) {
  versions_.fill(options_.protocol == Protocol::mqtt_3_1_1 ? wire::Version::mqtt_3_1_1
                                                           : wire::Version::mqtt_5);
  messages_.reserve(messages_max + 1);
  begin();
}

void EngineProcess::begin() {
  session::Snapshot snapshot;
  if (store_) snapshot = store_->open(now_);
  const std::uint64_t last = snapshot.last_sequence;
  outbox_ = std::make_unique<session::Outbox>(
      std::vector<OutboxRule>{}, [this](const session::WaitingRange& range) { return load(range); });
  watch_.on_process_began(snapshot);
  std::size_t found = snapshot.messages.size();
  for (const auto& range : snapshot.waiting)
    found += range.messages;
  const std::vector<session::WaitingRange> waiting = std::exchange(snapshot.waiting, {});
  engine_ = std::make_unique<session::Engine>(options_, std::move(snapshot), processes_++ * 7'919);
  std::vector<session::OutboundMessagePtr> superseded;
  outbox_->adopt(waiting, superseded);
  require(superseded.empty());
  std::size_t expected = 0;
  for (Message& message : std::span(messages_).subspan(1)) {
    // What the store has and we saw end may come back, if its end was not committed; the other way round not.
    if (message.stored) ++expected;
    message.ended = !message.stored;
  }
  require(found == expected);
  require(last <= last_number());
}

// A store gives what it has; what has ended since its last commit waits no more.
std::vector<session::OutboundMessagePtr> EngineProcess::load(const session::WaitingRange& range) {
  auto messages = store_->load(range);
  session::erase_gone(messages, {&uncommitted_, &engine_->journal()});
  for (const auto& message : messages) {
    message->journaled = message->recovered = true;
    message->set_stored();
  }
  return messages;
}

void EngineProcess::end() {
  take_outputs();
  require(engine_->in_flight() == engine_->messages().size());
  for (auto& message : engine_->returned())
    engine_->abandon(std::move(message));
  engine_->returned().clear();
  std::vector<session::OutboundMessagePtr> waiting;
  outbox_->take_all_in_memory(waiting);
  while (!outbox_->empty())
    waiting.push_back(outbox_->pop_front());
  for (auto& message : waiting)
    engine_->abandon(std::move(message));
  engine_->abandon_all();
  take_outputs();
  for (const Message& message : std::span(messages_).subspan(1))
    require(message.ended);
}

void EngineProcess::pass(std::chrono::nanoseconds time) {
  now_ += time;
}

void EngineProcess::pass_to_deadline() {
  now_ = std::max(now_, std::min(engine_->deadline(), now_ + 24h));
}

void EngineProcess::connect(std::size_t server) {
  if (connected_) return;
  static constexpr std::array endpoints{"one:1883", "two:1883"};
  server_ = server;
  connected_ = between_packets_ = true;
  up_ = false;
  decoder_.reset();
  watch_.on_connected();
  const bool cluster = options_.server_group == ServerGroup::cluster;
  engine_->set_servers(cluster ? "one:1883 two:1883" : endpoints[server]);
  engine_->set_endpoint(endpoints[server]);
  engine_->set_identity(options_.user_name, options_.password, options_.will);
  engine_->set_backlog_end(last_number());
  engine_->on_connected(now_);
  after_input();
  std::optional<wire::Version>& version = versions_[server];
  if (watch_.connect_sent()) {
    require(!version || *version == watch_.greeting().version);
    version = watch_.greeting().version;
  } else {
    // Nothing was to be said: by an authenticator that failed, or because MQTT 3.1.1 is too little.
    require(engine_->closing().has_value());
    if (options_.protocol == Protocol::automatic && engine_->closing()->error == Errc::not_in_protocol)
      version = wire::Version::mqtt_5;
  }
}

void EngineProcess::lose(session::End end) {
  if (!connected_) return;
  connected_ = up_ = false;
  watch_.on_output(engine_->output());
  watch_.on_disconnected(engine_->output().written_offset());
  engine_->on_disconnected(end, now_);
  require(engine_->output().empty());
  require(!engine_->closing());
  reading_ = true;
}

void EngineProcess::receive(std::span<const std::byte> bytes, Pieces how) {
  if (!connected_) return;
  switch (how) {
    case Pieces::bytes:
      return receive_packets(bytes, true);
    case Pieces::packets:
      return receive_packets(bytes, false);
    case Pieces::all:
      return receive_all(bytes);
  }
}

// The watch has to know what was taken before it sees what came of it; so no piece goes beyond one packet.
void EngineProcess::receive_packets(std::span<const std::byte> bytes, bool one_by_one) {
  while (!bytes.empty() && !engine_->closing()) {
    const std::size_t whole = between_packets_ && !one_by_one ? packet_size(bytes) : 0;
    const std::size_t size = whole == 0 ? 1 : std::min(whole, bytes.size());
    between_packets_ = whole == size;
    receive_piece(bytes.first(size));
    bytes = bytes.subspan(size);
  }
}

void EngineProcess::receive_piece(std::span<const std::byte> piece) {
  decoder_.feed(piece);
  wire::Frame frame;
  wire::Oversize oversize;
  const wire::Step step = decoder_.next(frame, oversize);
  if (step == wire::Step::frame) expect_version(frame);
  if (step == wire::Step::oversize) watch_.on_oversize();
  engine_->on_bytes(piece, now_);
  if (step == wire::Step::frame) {
    between_packets_ = true;
    if (!engine_->closing()) watch_.on_taken(frame);
  }
  if (step != wire::Step::need_more && step != wire::Step::malformed)
    require(decoder_.next(frame, oversize) == wire::Step::need_more);
  after_input();
}

// Which version the next connection to this server is to speak, if this CONNACK refuses the present one.
void EngineProcess::expect_version(const wire::Frame& frame) {
  if (options_.protocol != Protocol::automatic || watch_.accepted()) return;
  if (frame.type != wire::PacketType::connack) return;
  const auto connack = wire::parse_connack(frame, watch_.greeting().version);
  if (!connack || connack->reason_code != ReasonCode::unsupported_protocol_version) return;
  const bool newer = watch_.greeting().version == wire::Version::mqtt_5;
  versions_[server_] = newer ? wire::Version::mqtt_3_1_1 : wire::Version::mqtt_5;
}

void EngineProcess::receive_all(std::span<const std::byte> bytes) {
  // What a CONNACK makes the engine send comes before the rest.
  if (!watch_.accepted()) return receive_packets(bytes, false);
  if (engine_->closing()) return;
  engine_->on_bytes(bytes, now_);
  if (engine_->closing()) watch_.on_lost_track();
  between_packets_ = false;
  decoder_.feed(bytes);
  wire::Frame frame;
  wire::Oversize oversize;
  for (auto step = decoder_.next(frame, oversize);
       step != wire::Step::need_more && step != wire::Step::malformed;
       step = decoder_.next(frame, oversize)) {
    if (step == wire::Step::frame && !engine_->closing()) watch_.on_taken(frame);
    if (step == wire::Step::oversize) watch_.on_oversize();
  }
  after_input();
}

void EngineProcess::after_input() {
  if (!up_ && engine_->is_up()) {
    up_ = true;
    on_connack();
  }
  watch_.on_output(engine_->output());
  if (engine_->closing()) watch_.on_closing();
}

void EngineProcess::on_connack() {
  for (const Event& event : engine_->events()) {
    const auto* connected = std::get_if<Connected>(&event);
    if (connected == nullptr) continue;
    watch_.on_accepted(connected->session_present, engine_->limits().receive_maximum,
                       engine_->limits().maximum_packet_size);
  }
  engine_->events().clear();
}

void EngineProcess::write(std::size_t bytes) {
  while (bytes != 0 && !engine_->output().empty()) {
    std::array<std::span<const std::byte>, 16> pieces;
    const std::size_t count = engine_->output().gather(pieces);
    std::size_t size = 0;
    for (const auto piece : std::span(pieces).first(count))
      size += piece.size();
    size = std::min(size, bytes);
    bytes -= size;
    engine_->on_written(size, now_);
  }
}

void EngineProcess::publish(std::string_view topic, std::size_t payload_size, QoS qos, bool retain,
                            session::TimePoint expires_at) {
  if (last_number() == messages_max) return;
  std::vector<std::byte> payload(std::max<std::size_t>(payload_size, 4));
  messages_.push_back({.qos0 = qos == QoS::at_most_once});
  const std::uint32_t number = last_number();
  for (std::size_t i = 0; i < 4; ++i)
    payload[i] = static_cast<std::byte>(number >> (24 - 8 * i));
  auto message = session::OutboundMessage::make(
      {.topic = topic, .payload = payload, .qos = qos, .retain = retain, .expires_at = expires_at});
  message->sequence = number;
  if (store_ && qos != QoS::at_most_once) {
    message->journaled = true;
    engine_->journal().emplace_back(session::record::Accepted{message});
  }
  require(!outbox_->push_back(std::move(message)));
}

void EngineProcess::request(session::SubscriptionRequest request) {
  request.ticket = answered_.size();
  answered_.push_back(false);
  engine_->request(std::move(request), now_);
}

void EngineProcess::acknowledge(std::size_t which) {
  if (!received_.empty()) engine_->acknowledge(choose_received(which));
}

void EngineProcess::answer(std::size_t which, ReasonCode reason,
                           const AcknowledgementProperties& properties) {
  if (received_.empty()) return;
  engine_->acknowledge(session::InboundAnswer{choose_received(which), reason, properties});
}

// Perhaps one that was acknowledged before.
session::InboundToken EngineProcess::choose_received(std::size_t which) {
  Received& received = received_[which % received_.size()];
  if (!std::exchange(received.acknowledged, true)) watch_.on_acknowledged(received.token.packet_identifier);
  return received.token;
}

void EngineProcess::disconnect(const DisconnectOptions& options) {
  engine_->disconnect(options, now_);
}

void EngineProcess::set_reading(bool reading) {
  reading_ = reading;
  engine_->set_reading(reading, now_);
}

void EngineProcess::reauthenticate() {
  if (!options_.authenticator) return;
  reauthenticating_ = true;
  watch_.on_reauthenticate();
  engine_->reauthenticate(now_);
}

void EngineProcess::drop_newest() {
  if (auto message = outbox_->take_newest()) engine_->give_up(std::move(message), Errc::dropped);
}

void EngineProcess::crash() {
  if (!store_) return;
  connected_ = up_ = reauthenticating_ = false;
  reading_ = true;
  if (options_.protocol == Protocol::automatic) versions_.fill(std::nullopt);
  uncommitted_.clear();
  received_.clear();
  outbox_.reset();
  engine_.reset();
  store_->close();
  begin();
}

// One turn of the network thread.
void EngineProcess::settle() {
  after_input();
  engine_->on_deadline(now_);
  after_input();
  feed();
  after_input();
  commit();
  take_outputs();
  check();
  if (engine_->closing() && engine_->closing()->end != session::End::by_request)
    lose(engine_->closing()->end);
}

void EngineProcess::feed() {
  std::vector<session::OutboundMessagePtr> expired;
  outbox_->take_expired(now_, expired);
  for (auto& message : expired)
    engine_->give_up(std::move(message), Errc::expired);
  session::feed(*engine_, *outbox_, now_);
}

void EngineProcess::commit() {
  session::Journal& journal = engine_->journal();
  const bool promises = std::any_of(journal.begin(), journal.end(), session::promises);
  uncommitted_.insert(uncommitted_.end(), std::make_move_iterator(journal.begin()),
                      std::make_move_iterator(journal.end()));
  journal.clear();
  if (!store_ || (!promises && uncommitted_.size() < 8)) {
    if (!store_) uncommitted_.clear();
    return;
  }
  for (session::Record& record : uncommitted_)
    note(record);
  store_->commit(uncommitted_, now_);
  uncommitted_.clear();
}

void EngineProcess::note(session::Record& record) {
  const auto known = [this](std::uint64_t sequence) -> Message& { return messages_.at(sequence); };
  if (auto* accepted = std::get_if<session::record::Accepted>(&record)) {
    known(accepted->message->sequence).stored = true;
    accepted->message->set_stored();
    accepted->message = copy(*accepted->message);  // As a file would, the store has the bytes alone.
  } else if (const auto* finished = std::get_if<session::record::Finished>(&record)) {
    known(finished->sequence).stored = false;
  } else if (const auto* held = std::get_if<session::record::Held>(&record)) {
    known(held->sequence).stored = false;
  } else if (const auto* sent = std::get_if<session::record::Sent>(&record)) {
    known(sent->sequence).sent = true;
    if (sent->packet_identifier == 0) known(sent->sequence).stored = false;
  } else if (const auto* released = std::get_if<session::record::Released>(&record)) {
    known(released->sequence).released = true;
  } else if (const auto* returned = std::get_if<session::record::Returned>(&record)) {
    known(returned->sequence).sent = known(returned->sequence).released = false;
  }
}

void EngineProcess::take_outputs() {
  for (const auto& message : engine_->finished()) {
    Message& known = messages_.at(number_in(message->payload()));
    require(!std::exchange(known.ended, true));
    if (message->failure) watch_.on_failed(number_in(message->payload()));
  }
  engine_->finished().clear();
  for (const auto& message : engine_->received()) {
    require(!message->topic().empty());
    if (message->token().packet_identifier == 0) continue;
    require(message->qos() != QoS::at_most_once);
    if (received_.size() == received_max) received_.erase(received_.begin());
    received_.push_back({message->token()});
    watch_.on_delivered(message->token().packet_identifier, message->qos());
  }
  engine_->received().clear();
  take_answers();
  engine_->events().clear();
  engine_->tolerated().clear();
}

void EngineProcess::take_answers() {
  for (const session::SubscriptionAnswer& answer : engine_->answers()) {
    require(answer.failure || answer.codes.size() == answer.request.subscriptions.size());
    if (answer.request.ticket == 0) continue;  // The engine's own.
    require(!answered_.at(answer.request.ticket));
    answered_[answer.request.ticket] = true;
  }
  engine_->answers().clear();
  for (const session::AuthenticationOutcome& outcome : engine_->authentications()) {
    require(std::exchange(reauthenticating_, false));
    require(!outcome.failure || !outcome.what.empty());
  }
  engine_->authentications().clear();
}

void EngineProcess::check() {
  require(engine_->deadline() > now_);
  require(engine_->output().size() <= output_max);
  require(!engine_->can_replay());
  require(engine_->is_connected() == (up_ && !engine_->closing()));
  // Nothing is waited for that may never come.
  if (connected_ && !up_ && !engine_->closing()) require(engine_->deadline() != session::never);
  if (reauthenticating_) {
    require(engine_->is_connected());
    const bool asked = engine_->output().empty();
    require(!asked || !reading_ || engine_->deadline() != session::never);
  }
  check_records();
  check_window();
}

// No byte leaves before its record lasts.
void EngineProcess::check_records() {
  const auto known = [this](std::uint32_t number) -> const Message& { return messages_.at(number); };
  for (const std::uint32_t number : watch_.published())
    require(!store_ || known(number).qos0 || known(number).sent);
  watch_.published().clear();
  for (const std::uint32_t number : watch_.released())
    require(!store_ || known(number).released);
  watch_.released().clear();
}

void EngineProcess::check_window() {
  if (session::OutboundMessage* next = outbox_->front()) require(!engine_->can_publish(*next));
  // No place of the window is ever lost.
  if (!engine_->can_publish(*probes_[0])) return;
  for (const QoS qos : {QoS::at_least_once, QoS::exactly_once}) {
    if (watch_.has_room(qos)) require(engine_->can_publish(*probes_[static_cast<std::size_t>(qos)]));
  }
}

}  // namespace holdfast::fuzz
