// Messages on their way out: sending, replay, acknowledgements, and how each ends. [MQTT 5, 4.3, 4.4, 4.9]
#include <algorithm>
#include <cassert>
#include <utility>

#include "session/engine.hpp"
#include "session/limits.hpp"
#include "wire/encoder.hpp"

namespace holdfast::session {

namespace {

// The engine takes no more messages while this much waits to be written: enough to fill the socket many times
// over, little enough that an acknowledgement is never far behind.
constexpr std::size_t output_high_water = std::size_t{256} << 10;

constexpr std::chrono::milliseconds replay_lateness{10};

// What a topic alias adds to a packet: three bytes, and one more in each of two lengths.
constexpr std::size_t largest_alias = 5;

constexpr wire::DecodeError puback_for_nobody{
    ReasonCode::protocol_error, "a PUBACK came under an identifier that no message has [MQTT 5, 3.4]"};
constexpr wire::DecodeError puback_for_exactly_once{
    ReasonCode::protocol_error,
    "it acknowledges QoS 2 as QoS 1, so that messages arrive at least once [MQTT 3.1.1, 4.3.3]"};
constexpr wire::DecodeError pubcomp_for_nobody{
    ReasonCode::protocol_error, "a PUBCOMP came under an identifier that no message has [MQTT 5, 3.7]"};

Stage first_stage(QoS qos) {
  return qos == QoS::at_least_once ? Stage::puback : Stage::pubrec;
}

}  // namespace

bool Engine::can_publish(const OutboundMessage& message) const noexcept {
  if (phase_ != Phase::connected || replay_next_ != InFlight::none || output_.size() >= output_high_water)
    return false;
  if (timer(Timer::replay) != never && message.sequence <= backlog_end_) return false;
  return message.qos == QoS::at_most_once || (has_quota(message.qos) && in_flight_.has_room());
}

void Engine::publish(OutboundMessagePtr message, TimePoint now) {
  assert(can_publish(*message));
  if (message->expires_at() <= now) return finish(std::move(message), Errc::expired);
  if (const auto exceeded = exceeded_limit(limits_, *message, options_.lower_qos))
    return finish(std::move(message), *exceeded);
  message->qos = std::min(message->qos, limits_.maximum_qos);
  keep_to_replay_rate(message->sequence, now);
  if (message->qos == QoS::at_most_once) {
    // Forgotten before it leaves: at most once holds across a crash, too.
    if (std::exchange(message->journaled, false))
      journal_.emplace_back(record::Sent{message->sequence, 0, QoS::at_most_once});
    encode_publish(message, 0, false, now);
    qos0_leaving_.push_back({output_.end_offset(), std::move(message)});
    return;
  }
  const Stage stage = first_stage(message->qos);
  const InFlight::Index index = in_flight_.add(stage, std::move(message));
  ++messages_in_flight_;
  const InFlightEntry& entry = in_flight_[index];
  if (entry.message->journaled) {
    journal_.emplace_back(record::Sent{entry.message->sequence, entry.packet_identifier, entry.message->qos});
  }
  send_publish(index, now);
}

// What is a little late for its turn makes good for it: timers are not exact, and disks take their time.
void Engine::keep_to_replay_rate(std::uint64_t sequence, TimePoint now) {
  if (options_.replay_rate == 0 || sequence > backlog_end_) return;
  const auto interval = std::chrono::nanoseconds(std::chrono::seconds(1)) / options_.replay_rate;
  next_replay_ = std::max(next_replay_, now - replay_lateness) + interval;
  if (next_replay_ > now) set_timer(Timer::replay, next_replay_);
}

void Engine::send_publish(InFlight::Index index, TimePoint now) {
  InFlightEntry& entry = in_flight_[index];
  encode_publish(entry.message, entry.packet_identifier, entry.sent_before, now);
  entry.end_offset = output_.end_offset();
  entry.sent_at = now;
  entry.connection = connection_;
  entry.takes_quota = true;
  ++quota_used_;
  if (entry.message->qos == QoS::exactly_once) ++exactly_once_used_;
}

void Engine::encode_publish(const OutboundMessagePtr& message, std::uint16_t packet_identifier, bool dup,
                            TimePoint now) {
  wire::Publish publish;
  publish.dup = dup;
  publish.qos = message->qos;
  publish.retain = message->retain();
  publish.topic = message->topic();
  publish.packet_identifier = packet_identifier;
  publish.properties = message->properties();
  publish.payload = message->payload();
  if (message->expires_at() != never || own_aliases_.any()) {
    change_properties(publish, *message, now);
  }
  wire::encode_publish_header(publish, version_, output_.scratch());
  output_.append_payload(message);
}

// Adds what belongs to this packet and not to the message: the time it has left, and an alias for its topic.
void Engine::change_properties(wire::Publish& publish, const OutboundMessage& message, TimePoint now) {
  const auto bytes = publish.properties.bytes();
  properties_.assign(bytes.begin(), bytes.end());
  wire::PropertyWriter writer(properties_);
  if (message.expires_at() != never) {
    // The time it waited here has passed for the receivers too. A replay of what expired since keeps a last
    // second: it must go out again all the same. [MQTT-3.3.2-6]
    const auto left = std::chrono::ceil<std::chrono::seconds>(message.expires_at() - now);
    writer.number(wire::PropertyId::message_expiry_interval,
                  static_cast<std::uint32_t>(std::max<std::chrono::seconds::rep>(left.count(), 1)));
  }
  if (own_aliases_.any()) {
    const std::uint32_t maximum =
        std::min(limits_.maximum_packet_size.value_or(largest_packet), largest_packet);
    const bool has_room = publish_packet_size(message) + largest_alias <= maximum;
    const TopicAliases::Use use = own_aliases_.use(publish.topic, has_room);
    if (use.alias != 0) writer.number(wire::PropertyId::topic_alias, use.alias);
    if (use.known) publish.topic = {};
  }
  publish.properties = wire::PropertiesView(properties_);
}

void Engine::send_release(InFlight::Index index, TimePoint now) {
  InFlightEntry& entry = in_flight_[index];
  send_acknowledgement(wire::PacketType::pubrel, entry.packet_identifier);
  entry.end_offset = output_.end_offset();
  entry.sent_at = now;
  entry.connection = connection_;
}

bool Engine::can_replay() const noexcept {
  return phase_ == Phase::connected && replay_next_ != InFlight::none && timer(Timer::replay) == never &&
         has_quota(in_flight_[replay_next_].message->qos) && output_.size() < output_high_water;
}

void Engine::replay(TimePoint now) {
  if (phase_ != Phase::connected) return;
  send_requests(now);
  while (can_replay()) {
    const InFlight::Index index = replay_next_;
    replay_next_ = in_flight_.next(index);
    InFlightEntry& entry = in_flight_[index];
    if (const auto exceeded = exceeded_limit(limits_, *entry.message, false)) {
      hold_failed(index, *exceeded);
      continue;
    }
    if (entry.sent_before) {
      ++counters_.replayed;
      entry.message->repeated = true;
    }
    send_publish(index, now);
    keep_to_replay_rate(in_flight_[index].message->sequence, now);
  }
}

void Engine::on_puback(const wire::Acknowledgement& puback) {
  const InFlight::Index index = in_flight_.find(puback.packet_identifier);
  if (index == InFlight::none) {
    tolerate(counters_.unexpected_acknowledgements, puback_for_nobody);
    return;
  }
  InFlightEntry& entry = in_flight_[index];
  if (entry.stage == Stage::held) return in_flight_.remove(index);
  if (entry.stage == Stage::pubrec && version_ == wire::Version::mqtt_3_1_1) {
    // RabbitMQ takes QoS 2 for QoS 1, and nothing but this PUBACK says so.
    if (!tolerate(counters_.exactly_once_lowered, puback_for_exactly_once)) return;
    entry.message->qos = QoS::at_least_once;
  } else if (entry.stage != Stage::puback) {
    return fail(ReasonCode::protocol_error, "a PUBACK came for no QoS 1 PUBLISH");
  }
  progress_ = true;
  take_outcome(*entry.message, puback);
  end_exchange(index, is_error(puback.reason_code) ? std::optional(Errc::request_refused) : std::nullopt);
}

void Engine::on_pubrec(const wire::Acknowledgement& pubrec, TimePoint now) {
  const InFlight::Index index = in_flight_.find(pubrec.packet_identifier);
  if (index == InFlight::none) {
    if (is_error(pubrec.reason_code)) return;
    return send_acknowledgement(wire::PacketType::pubrel, pubrec.packet_identifier,
                                ReasonCode::packet_identifier_not_found);
  }
  InFlightEntry& entry = in_flight_[index];
  if (entry.stage == Stage::held) {
    if (is_error(pubrec.reason_code)) return in_flight_.remove(index);
    return send_acknowledgement(wire::PacketType::pubrel, pubrec.packet_identifier);
  }
  if (entry.stage == Stage::pubcomp) return send_release(index, now);
  if (entry.stage != Stage::pubrec)
    return fail(ReasonCode::protocol_error, "a PUBREC came for no QoS 2 PUBLISH");
  progress_ = true;
  take_outcome(*entry.message, pubrec);
  if (is_error(pubrec.reason_code)) return end_exchange(index, Errc::request_refused);
  if (index == replay_next_) replay_next_ = in_flight_.next(index);
  in_flight_.to_pubcomp(index);
  if (entry.message->journaled) journal_.emplace_back(record::Released{entry.message->sequence});
  send_release(index, now);
}

void Engine::on_pubcomp(const wire::Acknowledgement& pubcomp) {
  const InFlight::Index index = in_flight_.find(pubcomp.packet_identifier);
  if (index == InFlight::none) {
    tolerate(counters_.unexpected_acknowledgements, pubcomp_for_nobody);
    return;
  }
  InFlightEntry& entry = in_flight_[index];
  if (entry.stage == Stage::held) return in_flight_.remove(index);
  if (entry.stage != Stage::pubcomp) return fail(ReasonCode::protocol_error, "a PUBCOMP came for no PUBREL");
  // 0x92 ends the exchange like success: the broker had finished it before we asked again. [MQTT 5, 4.3.3]
  progress_ = true;
  end_exchange(index, std::nullopt);
}

void Engine::end_exchange(InFlight::Index index, std::optional<Errc> failure) {
  InFlightEntry& entry = in_flight_[index];
  if (index == replay_next_) replay_next_ = in_flight_.next(index);
  give_back_quota(entry);
  OutboundMessagePtr message = std::move(entry.message);
  in_flight_.remove(index);
  --messages_in_flight_;
  if (!failure) ++counters_.acknowledged;
  finish(std::move(message), failure);
}

void Engine::give_back_quota(InFlightEntry& entry) noexcept {
  if (!std::exchange(entry.takes_quota, false)) return;
  --quota_used_;
  if (entry.stage != Stage::puback) --exactly_once_used_;
}

void Engine::take_outcome(OutboundMessage& message, const wire::Acknowledgement& acknowledgement) {
  message.reason_code = acknowledgement.reason_code;
  if (acknowledgement.properties.empty()) return;
  auto detail = std::make_unique<OutcomeDetail>();
  detail->reason_string = acknowledgement.properties.string(wire::PropertyId::reason_string).value_or("");
  for (const wire::Property& property : acknowledgement.properties) {
    if (property.id != wire::PropertyId::user_property) continue;
    const auto& [name, value] = std::get<std::pair<std::string_view, std::string_view>>(property.value);
    detail->user_properties.emplace_back(name, value);
  }
  message.detail = std::move(detail);
}

void Engine::finish(OutboundMessagePtr message, std::optional<Errc> failure) {
  if (failure) {
    ++counters_.failed;
    if (*failure == Errc::expired) ++counters_.expired;
    if (*failure == Errc::dropped) ++counters_.outbox_dropped;
    if (*failure == Errc::superseded) ++counters_.superseded;
  }
  if (message->journaled) journal_.emplace_back(record::Finished{message->sequence});
  message->failure = failure;
  finished_.push_back(std::move(message));
}

void Engine::abandon(OutboundMessagePtr message) {
  message->failure = Errc::closed;
  finished_.push_back(std::move(message));
}

void Engine::abandon_all() {
  for (auto& message : messages())
    abandon(std::move(message));
  for (auto& [offset, message] : qos0_leaving_)
    abandon(std::move(message));
  qos0_leaving_.clear();
}

std::vector<OutboundMessagePtr> Engine::messages() const {
  std::vector<OutboundMessagePtr> found;
  for (const auto first : {in_flight_.first_release(), in_flight_.first_publish()}) {
    for (auto index = first; index != InFlight::none; index = in_flight_.next(index)) {
      found.push_back(in_flight_[index].message);
    }
  }
  return found;
}

void Engine::note_what_left() {
  const std::uint64_t written = output_.written_offset();
  for (const auto first : {in_flight_.first_release(), in_flight_.first_publish()}) {
    for (auto index = first; index != InFlight::none; index = in_flight_.next(index)) {
      InFlightEntry& entry = in_flight_[index];
      // DUP says that the broker may have seen the packet: it has not if the last byte never left.
      // [MQTT-3.3.1-3]
      if (sent_now(index) && entry.end_offset <= written) entry.sent_before = true;
      entry.takes_quota = false;
    }
  }
}

void Engine::count_poison(End end) {
  const auto forget = [this] { suspect_ = suspect_closes_ = 0; };
  // Our own time-outs and a broken network say nothing about the message.
  if (end != End::closed_by_peer || options_.poison_after == 0) return;
  if (progress_) return forget();
  const bool releasing = in_flight_.first_release() != InFlight::none;
  const auto index = releasing ? in_flight_.first_release() : in_flight_.first_publish();
  if (index == InFlight::none) return forget();
  const InFlightEntry& entry = in_flight_[index];
  if (!sent_now(index) || entry.end_offset > output_.written_offset()) return;  // The broker did not see it.
  if (suspect_ != entry.message->sequence) {
    suspect_ = entry.message->sequence;
    suspect_closes_ = 0;
  }
  if (++suspect_closes_ < options_.poison_after) return;
  forget();
  events_.emplace_back(MessageFailed{std::string(entry.message->topic()), Errc::poison, ReasonCode::success});
  hold_failed(index, Errc::poison);
}

// The broker may know the identifier from before, so it stays taken until the session ends.
void Engine::hold_failed(InFlight::Index index, Errc failure) {
  OutboundMessagePtr message = in_flight_[index].message;
  in_flight_.hold(index);
  --messages_in_flight_;
  if (std::exchange(message->journaled, false)) journal_.emplace_back(record::Held{message->sequence});
  finish(std::move(message), failure);
}

void Engine::restore(std::vector<StoredMessage>& messages) {
  for (StoredMessage& stored : messages) {
    stored.message->recovered = stored.message->journaled = true;
    if (stored.packet_identifier == 0) {  // Not in flight: it waits.
      returned_.push_back(std::move(stored.message));
      continue;
    }
    const Stage stage = stored.released ? Stage::pubcomp : first_stage(stored.message->qos);
    const auto index = in_flight_.restore(stage, std::move(stored.message), stored.packet_identifier);
    in_flight_[index].sent_before = true;  // A killed process leaves no word whether it was.
    ++messages_in_flight_;
  }
}

}  // namespace holdfast::session
