#include "session/engine.hpp"
#include "session/limits.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "session/connect_packet.hpp"
#include "wire/encoder.hpp"
#include "wire/parser.hpp"

namespace holdfast::session {

namespace {

constexpr wire::DecodeError oversized{ReasonCode::packet_too_large,
                                      "a packet above our Maximum Packet Size came [MQTT 5, 3.1.2.11.4]"};
constexpr wire::DecodeError early_disconnect{ReasonCode::protocol_error,
                                             "a DISCONNECT came before CONNACK [MQTT-3.14.0-1]"};
constexpr wire::DecodeError unasked_pingresp{ReasonCode::protocol_error,
                                             "a PINGRESP came that nobody asked for [MQTT 5, 3.13]"};
constexpr wire::DecodeError unwanted_words{
    ReasonCode::protocol_error, "a reason string or user property came though we want none [MQTT-3.1.2-29]"};

std::chrono::nanoseconds ping_timeout(const Options& options, std::chrono::seconds keep_alive) {
  if (options.ping_timeout) return *options.ping_timeout;
  return std::min<std::chrono::nanoseconds>(std::chrono::nanoseconds(keep_alive) / 2,
                                            std::chrono::seconds(10));
}

// The standard bounds the gap between two packets by the keep-alive; a tenth of it, at most a second, is left
// for timers that fire late. [MQTT-3.1.2-20]
std::chrono::nanoseconds ping_interval(std::chrono::seconds keep_alive) {
  const std::chrono::nanoseconds interval = keep_alive;
  return interval - std::min<std::chrono::nanoseconds>(interval / 10, std::chrono::seconds(1));
}

}  // namespace

Engine::Engine(const Options& options, Snapshot&& snapshot, std::uint32_t seed)
    : options_(options),
      asked_expiry_(asked_session_expiry(options)),
      journaled_(options.store != nullptr),
      client_id_(options.client_id.empty() ? snapshot.identity.client_id : options.client_id),
      session_servers_(std::move(snapshot.identity.server)),
      session_held_(snapshot.held),
      clean_start_(options.start == Start::clean ||
                   (snapshot.held && client_id_ != snapshot.identity.client_id)),
      resume_asserted_(options.start == Start::resume),
      expiry_(snapshot.expiry),
      away_since_(snapshot.away_since),
      in_flight_(static_cast<std::uint16_t>(seed % 65535 + 1)),
      epoch_(snapshot.epoch),
      user_name_(options.user_name),
      password_(options.password),
      will_(options.will),
      decoder_(options.connect_properties.maximum_packet_size.value_or(largest_packet)) {
  timers_.fill(never);
  version_ = choose_version();
  for (std::string& server : snapshot.older_servers)
    older_servers_.insert(std::move(server));
  unanswered_ = snapshot.held;
  restore(snapshot.messages);
  for (const auto identifier : snapshot.held_identifiers)
    in_flight_.restore(Stage::held, {}, identifier);
  if (options.start == Start::clean) {
    for (auto& stored : snapshot.subscriptions)
      discarded_.push_back(std::move(stored.subscription.filter));
    return;
  }
  for (const auto identifier : snapshot.inbound_received)
    inbound_.restore_received(identifier);
  for (const auto& [identifier, exchanges] : snapshot.inbound_counts)
    exchanges_of(identifier) = exchanges;
  for (const auto& subscription : snapshot.subscriptions)
    subscriptions_.restore(subscription);
}

void Engine::set_identity(std::optional<std::string> user_name, std::optional<std::string> password,
                          std::optional<Will> will) {
  user_name_ = std::move(user_name);
  password_ = std::move(password);
  will_ = std::move(will);
}

void Engine::on_bytes(std::span<const std::byte> bytes, TimePoint now) {
  if (phase_ == Phase::disconnected || phase_ == Phase::closing) return;
  last_received_ = now;
  ping_end_ = 0;  // Whatever came, the broker is alive.
  if (timer(Timer::ping_response) != never) set_timer(Timer::ping_response, never);
  decoder_.feed(bytes);
  while (phase_ == Phase::handshake || phase_ == Phase::connected) {
    wire::Frame frame;
    wire::Oversize oversize;
    switch (decoder_.next(frame, oversize)) {
      case wire::Step::frame:
        on_frame(frame, now);
        break;
      case wire::Step::oversize:
        on_oversize(oversize, now);
        break;
      case wire::Step::malformed:
        fail(decoder_.error().reason, decoder_.error().what);
        break;
      case wire::Step::need_more:
        send_acknowledgements(now);
        return;
    }
  }
}

template <class Packet, class Handler>
void Engine::handle(const wire::Decoded<Packet>& packet, Handler&& handler) {
  if (!packet) return fail(packet.error().reason, packet.error().what);
  if constexpr (requires { packet->violation; }) {
    if (packet->violation != nullptr && !tolerate(counters_.other_violations, *packet->violation)) return;
  }
  if constexpr (std::is_same_v<Packet, wire::Acknowledgement> || std::is_same_v<Packet, wire::Suback>) {
    // Reason String and User Property are all the properties that these packets can have.
    const bool wanted = options_.connect_properties.request_problem_information.value_or(true);
    if (!wanted && !packet->properties.empty() && !tolerate(counters_.other_violations, unwanted_words))
      return;
  }
  handler(*packet);
}

bool Engine::tolerate(std::uint64_t& counter, const wire::DecodeError& violation) {
  ++counter;
  if (options_.strict_peer) {
    fail(violation.reason, violation.what);
    return false;
  }
  if (std::find(ever_tolerated_.begin(), ever_tolerated_.end(), violation.what) == ever_tolerated_.end()) {
    ever_tolerated_.push_back(violation.what);
    tolerated_.push_back(violation.what);
  }
  return true;
}

void Engine::on_pingresp() {
  if (pings_ == 0) {
    tolerate(counters_.other_violations, unasked_pingresp);
  } else {
    --pings_;
  }
}

void Engine::on_frame(const wire::Frame& frame, TimePoint now) {
  using wire::PacketType;
  if (version_ == wire::Version::mqtt_3_1_1) {
    if (frame.type == PacketType::auth)
      return fail(ReasonCode::malformed_packet, "a packet of the reserved type 15 came [MQTT 3.1.1, 2.2.1]");
    if (frame.type == PacketType::disconnect)
      return fail(ReasonCode::protocol_error, "a packet came that only clients send [MQTT 3.1.1, 2.2.1]");
  }
  const bool expected_first = frame.type == PacketType::connack;
  if (phase_ == Phase::handshake && !expected_first) {
    if (frame.type == PacketType::disconnect) {
      if (!tolerate(counters_.other_violations, early_disconnect)) return;
      return handle(wire::parse_disconnect(frame, version_),
                    [this](const auto& packet) { on_disconnect_packet(packet); });
    }
    if (frame.type == PacketType::auth)
      return handle(wire::parse_auth(frame), [&](const auto& packet) { on_auth(packet, now); });
    return fail(ReasonCode::protocol_error, "a packet came before CONNACK [MQTT 5, 3.2]");
  }
  switch (frame.type) {
    case PacketType::publish:
      return handle(wire::parse_publish(frame, version_),
                    [&](const auto& packet) { on_publish(packet, now); });
    case PacketType::puback:
      return handle(wire::parse_acknowledgement(frame, version_),
                    [&](const auto& packet) { on_puback(packet); });
    case PacketType::pubrec:
      return handle(wire::parse_acknowledgement(frame, version_),
                    [&](const auto& packet) { on_pubrec(packet, now); });
    case PacketType::pubrel:
      return handle(wire::parse_acknowledgement(frame, version_),
                    [&](const auto& packet) { on_pubrel(packet); });
    case PacketType::pubcomp:
      return handle(wire::parse_acknowledgement(frame, version_),
                    [&](const auto& packet) { on_pubcomp(packet); });
    case PacketType::suback:
      return handle(wire::parse_suback(frame, version_),
                    [&](const auto& packet) { on_suback(packet, Stage::suback); });
    case PacketType::unsuback:
      return handle(wire::parse_unsuback(frame, version_),
                    [&](const auto& packet) { on_suback(packet, Stage::unsuback); });
    case PacketType::connack:
      if (phase_ == Phase::connected)
        return fail(ReasonCode::protocol_error, "a second CONNACK came [MQTT 5, 3.2]");
      return handle(wire::parse_connack(frame, version_),
                    [&](const auto& packet) { on_connack(packet, now); });
    case PacketType::disconnect:
      return handle(wire::parse_disconnect(frame, version_),
                    [this](const auto& packet) { on_disconnect_packet(packet); });
    case PacketType::pingresp:
      return handle(wire::parse_pingresp(frame), [this](const auto&) { on_pingresp(); });
    case PacketType::auth:
      return handle(wire::parse_auth(frame), [&](const auto& packet) { on_auth(packet, now); });
    default:
      return fail(ReasonCode::protocol_error, "a packet came that only clients send [MQTT 5, 2.1.2]");
  }
}

void Engine::on_oversize(const wire::Oversize& oversize, TimePoint now) {
  const bool publish = oversize.type == wire::PacketType::publish && phase_ == Phase::connected;
  // A packet that is not read may have set a topic alias, and the next message would get a wrong topic.
  const bool aliases = options_.connect_properties.topic_alias_maximum.value_or(0) != 0;
  if (!tolerate(counters_.oversized_packets, oversized)) return;
  if (!publish || aliases) return fail(oversized.reason, oversized.what);
  // Left unanswered, a sloppy broker would send it again on every connection.
  if (oversize.qos == QoS::at_most_once || !oversize.packet_identifier) return;
  inbound_.refuse(*oversize.packet_identifier, oversize.qos, ReasonCode::implementation_specific_error);
  last_received_ = now;
}

void Engine::on_written(std::size_t bytes, TimePoint now) {
  last_sent_ = now;
  const std::uint64_t before = output_.written_offset();
  output_.consume(bytes);
  note_what_was_written(before, now);
  while (!qos0_leaving_.empty() && qos0_leaving_.front().first <= output_.written_offset()) {
    finish(std::move(qos0_leaving_.front().second), std::nullopt);
    qos0_leaving_.pop_front();
  }
}

// Answers are waited for from when the question has left: on a slow line a large message takes its time.
void Engine::note_what_was_written(std::uint64_t before, TimePoint now) {
  const std::uint64_t written = output_.written_offset();
  if (ping_end_ != 0 && ping_end_ <= written) {
    ping_end_ = 0;
    set_timer(Timer::ping_response, now + ping_timeout(options_, limits_.keep_alive));
  }
  if (phase_ == Phase::handshake && challenges_ == 0)
    set_timer(Timer::connack, now + options_.connack_timeout);
  note_auth_written(now);
  if (!options_.acknowledgement_timeout) return;
  for (const auto newest : {in_flight_.last_release(), in_flight_.last_publish()}) {
    for (auto index = newest; index != InFlight::none; index = in_flight_.previous(index)) {
      InFlightEntry& entry = in_flight_[index];
      if (!sent_now(index) || entry.end_offset > written) continue;  // Still to leave.
      if (entry.end_offset <= before) break;  // This one and all before it left earlier.
      entry.sent_at = now;
    }
  }
}

void Engine::on_disconnected(End end, TimePoint now) {
  if (phase_ == Phase::disconnected) return;
  note_what_left();
  if (connack_awaited_ && output_.written_offset() != 0) unanswered_ = true;
  if (accepted_) {
    away_since_ = now;
    count_poison(reauthenticating_ ? End::lost : end);  // No message is to be blamed for a refusal.
  }
  for (auto& [offset, message] : qos0_leaving_) {
    if (message->stored()) {  // The store forgot it on the way out.
      message->journaled = true;
      journal_.emplace_back(record::Accepted{message});
    }
    returned_.push_back(std::move(message));
  }
  qos0_leaving_.clear();
  subscriptions_.on_disconnected();
  in_flight_.remove_all(Stage::suback);
  in_flight_.remove_all(Stage::unsuback);
  inbound_.on_disconnected();
  output_.clear();
  decoder_.reset();
  timers_.fill(never);
  topic_aliases_.clear();
  own_aliases_.begin(0);
  quota_used_ = exactly_once_used_ = 0;
  pings_ = ping_end_ = 0;
  replay_next_ = InFlight::none;
  end_reauthentication({Errc::connection_lost,
                        "reauthenticate: the connection was lost before the broker's answer: the next one "
                        "authenticates anew",
                        {},
                        {}});
  closing_.reset();
  accepted_ = false;
  reading_ = true;
  phase_ = Phase::disconnected;
}

void Engine::on_deadline(TimePoint now) {
  if (phase_ == Phase::handshake && due(Timer::connack, now)) {
    return close({End::lost,
                  Errc::timed_out,
                  {},
                  {},
                  version_ == wire::Version::mqtt_5 ? "no CONNACK came in time: is this an MQTT 5 broker?"
                                                    : "no CONNACK came in time: is this an MQTT broker?",
                  {}});
  }
  if (phase_ != Phase::connected) return;
  if (due(Timer::replay, now)) set_timer(Timer::replay, never);
  check_ping(now);
  if (phase_ != Phase::connected) return;
  ping_if_due(now);
  check_acknowledgement(now);
  check_authentication(now);
}

TimePoint Engine::deadline() const noexcept {
  return *std::min_element(timers_.begin(), timers_.end());
}

std::vector<std::string_view> Engine::due_timers(TimePoint now) const {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Timer::count)> names{
      "connack", "keep_alive", "ping_response", "acknowledgement", "replay", "authentication"};
  std::vector<std::string_view> due;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (timers_[i] <= now) due.push_back(names[i]);
  }
  return due;
}

void Engine::schedule_ping(TimePoint now) noexcept {
  if (limits_.keep_alive.count() == 0) return set_timer(Timer::ping_due, never);
  // Silence in either direction asks for a ping: what we send proves nothing about the broker. While nothing
  // is read, only our own silence counts.
  const TimePoint quiet_since = reading_ ? std::min(last_sent_, last_received_) : last_sent_;
  set_timer(Timer::ping_due, std::max(quiet_since + ping_interval(limits_.keep_alive), now));
}

void Engine::check_ping(TimePoint now) {
  if (due(Timer::ping_response, now)) {
    return close({End::lost,
                  Errc::timed_out,
                  ReasonCode::keep_alive_timeout,
                  {},
                  "the broker answered no PINGREQ in time: connection taken for dead",
                  {}});
  }
}

bool Engine::ping_if_due(TimePoint now) {
  if (phase_ != Phase::connected || !due(Timer::ping_due, now)) return false;
  const auto interval = ping_interval(limits_.keep_alive);
  if (timer(Timer::ping_response) != never) {
    // One is on its way; look again when it was answered or not.
    set_timer(Timer::ping_due, timer(Timer::ping_response));
    return false;
  }
  if (ping_end_ != 0) {  // One waits to be written.
    set_timer(Timer::ping_due, now + interval);
    return false;
  }
  if (last_sent_ + interval > now && (!reading_ || last_received_ + interval > now)) {
    schedule_ping(now);
    return false;
  }
  wire::encode(wire::Pingreq{}, output_.scratch());
  ++pings_;
  last_sent_ = now;
  if (reading_) ping_end_ = output_.end_offset();
  set_timer(Timer::ping_due, now + interval);
  return true;
}

void Engine::check_acknowledgement(TimePoint now) {
  if (!options_.acknowledgement_timeout) return;
  TimePoint oldest = never;
  for (const auto first : {in_flight_.first_release(), in_flight_.first_publish()}) {
    if (first == InFlight::none || !sent_now(first)) continue;
    if (in_flight_[first].end_offset <= output_.written_offset())
      oldest = std::min(oldest, in_flight_[first].sent_at);
  }
  if (oldest == never || !reading_)
    return set_timer(Timer::acknowledgement, now + *options_.acknowledgement_timeout);
  if (now - oldest < *options_.acknowledgement_timeout) {
    return set_timer(Timer::acknowledgement, oldest + *options_.acknowledgement_timeout);
  }
  close({End::lost,
         Errc::timed_out,
         {},
         {},
         "a message was not acknowledged in time: connection taken for dead",
         {}});
}

void Engine::set_reading(bool reading, TimePoint now) {
  if (reading_ == reading) return;
  reading_ = reading;
  last_received_ = now;
  ping_end_ = 0;
  set_timer(Timer::ping_response, never);  // Its answer may lie unread; the next silence asks again.
  hold_authentication(now);
  if (phase_ != Phase::connected) return;
  schedule_ping(now);
  if (options_.acknowledgement_timeout)
    set_timer(Timer::acknowledgement, now + *options_.acknowledgement_timeout);
}

void Engine::close(Closing closing) {
  if (phase_ == Phase::closing) return;
  phase_ = Phase::closing;
  timers_.fill(never);
  if (reauthenticating_) blame_authentication(closing);
  ping_end_ = 0;  // Its answer is not waited for, whenever it leaves.
  closing_ = std::move(closing);
}

void Engine::fail(ReasonCode reason, std::string_view what) {
  const std::string line = "the broker broke the protocol: " + std::string(what);
  // No packet of 3.1.1 could say why. [MQTT 3.1.1, MQTT-4.8.0-1]
  if (version_ == wire::Version::mqtt_3_1_1)
    return close({End::lost, Errc::malformed_packet, {}, {}, line, {}});
  if (phase_ == Phase::connected || phase_ == Phase::handshake) {
    wire::Disconnect disconnect;
    disconnect.reason_code = reason;
    wire::encode(disconnect, version_, output_.scratch());
  }
  close({End::lost, Errc::malformed_packet, reason, {}, line, {}});
}

void Engine::send_acknowledgement(wire::PacketType type, std::uint16_t packet_identifier, ReasonCode reason) {
  wire::Acknowledgement acknowledgement;
  acknowledgement.type = type;
  acknowledgement.packet_identifier = packet_identifier;
  acknowledgement.reason_code = reason;
  wire::encode(acknowledgement, version_, output_.scratch());
}

void Engine::disconnect(const DisconnectOptions& options, TimePoint now) {
  if (phase_ == Phase::connected) {
    std::vector<std::byte> bytes;
    wire::PropertyWriter properties(bytes);
    if (options.session_expiry_interval) {
      properties.number(wire::PropertyId::session_expiry_interval,
                        static_cast<std::uint32_t>(options.session_expiry_interval->count()));
    }
    const std::size_t essential = bytes.size();
    if (options.reason_string) properties.string(wire::PropertyId::reason_string, *options.reason_string);
    for (const auto& [name, value] : options.user_properties)
      properties.user_property(name, value);
    wire::Disconnect disconnect;
    disconnect.reason_code = options.reason;
    disconnect.properties = wire::PropertiesView(bytes);
    const std::size_t before = output_.scratch().size();
    wire::encode(disconnect, version_, output_.scratch());
    if (limits_.maximum_packet_size && output_.scratch().size() - before > *limits_.maximum_packet_size) {
      // What is only for the broker's log stays out. [MQTT-3.14.2-3, MQTT-3.14.2-4]
      output_.scratch().resize(before);
      bytes.resize(essential);
      disconnect.properties = wire::PropertiesView(bytes);
      wire::encode(disconnect, version_, output_.scratch());
    }
    last_sent_ = now;
  }
  if (options.session_expiry_interval) {
    expiry_ = *options.session_expiry_interval;
    if (session_held_) journal_.emplace_back(record::SessionHeld{{client_id_, session_servers_}, expiry_});
  }
  if (phase_ == Phase::disconnected) return;
  close({End::by_request, {}, options.reason, {}, "disconnected by request", {}});
}

}  // namespace holdfast::session
