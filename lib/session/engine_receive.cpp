// Messages coming in, and their acknowledgement. [MQTT 5, 3.3.4, 4.3, 4.6]
#include <algorithm>
#include <utility>

#include "session/content_hash.hpp"
#include "session/engine.hpp"
#include "session/limits.hpp"
#include "wire/encoder.hpp"
#include "wire/utf8.hpp"

namespace holdfast::session {

namespace {
// Debian 12's mosquitto overruns a small Receive Maximum by a factor of about two; a broker that goes far
// beyond has lost count, and our memory must not pay for it.
constexpr std::size_t overrun_factor = 10;

constexpr wire::DecodeError overrun{ReasonCode::receive_maximum_exceeded,
                                    "it sent more than our Receive Maximum [MQTT 5, 3.3.4]"};
constexpr wire::DecodeError without_dup{ReasonCode::protocol_error,
                                        "a message was sent again without DUP [MQTT-3.3.1-1]"};
constexpr wire::DecodeError sent_twice{ReasonCode::protocol_error,
                                       "a message was sent twice on one connection [MQTT-4.4.0-1]"};
constexpr wire::DecodeError identifier_in_use{
    ReasonCode::protocol_error, "a packet identifier was used for two messages at once [MQTT-2.2.1-4]"};
constexpr wire::DecodeError unknown_subscription{
    ReasonCode::protocol_error,
    "a message came with a subscription identifier that was never asked for [MQTT 5, 3.3.4]"};

// A Payload Format Indicator of 1 promises UTF-8. [MQTT 5, 3.3.2.3.2]
bool has_promised_format(const wire::Publish& publish) {
  if (publish.properties.number(wire::PropertyId::payload_format_indicator).value_or(0) == 0) return true;
  return wire::is_well_formed_utf8(
      {reinterpret_cast<const char*>(publish.payload.data()), publish.payload.size()});
}

}  // namespace

void Engine::on_publish(const wire::Publish& publish, TimePoint /*now*/) {
  const auto topic = resolve_topic(publish);
  if (!topic || !check_subscription_identifiers(publish.properties)) return;
  const bool refused = options_.check_payload_format && !has_promised_format(publish);
  if (refused) ++counters_.payloads_refused;
  if (publish.qos == QoS::at_most_once) return refused ? void() : deliver(publish, *topic, {});
  const std::uint64_t content = publish.qos == QoS::at_least_once ? content_hash(publish, *topic) : 0;
  const auto arrival = inbound_.on_publish(publish.packet_identifier, publish.qos, publish.dup, content);
  // Whatever becomes of the connection: the window knows the message now, and would suppress it when it comes
  // again.
  if (arrival.verdict == InboundWindow::Verdict::deliver) {
    if (refused) {
      inbound_.acknowledge(InboundAnswer{arrival.token, ReasonCode::payload_format_invalid, {}});
    } else {
      deliver(publish, *topic, arrival.token);
    }
  } else {
    ++counters_.duplicates_suppressed;
  }
  if (check_arrival(arrival.irregularity)) check_receive_maximum();
}

bool Engine::check_arrival(InboundWindow::Irregularity irregularity) {
  using Irregularity = InboundWindow::Irregularity;
  switch (irregularity) {
    case Irregularity::none:
      return true;
    case Irregularity::without_dup:
      return tolerate(counters_.redeliveries_without_dup, without_dup);
    case Irregularity::same_connection:
      return tolerate(counters_.other_violations, sent_twice);
    case Irregularity::identifier_in_use:
      return tolerate(counters_.identifiers_reused, identifier_in_use);
  }
  return true;
}

bool Engine::check_receive_maximum() {
  const std::size_t maximum = options_.connect_properties.receive_maximum.value_or(65535);
  if (inbound_.unfinished() <= maximum) return true;
  if (!tolerate(counters_.receive_maximum_overruns, overrun)) return false;
  if (inbound_.unfinished() <= maximum * overrun_factor) return true;
  fail(overrun.reason, overrun.what);
  return false;
}

// A session that is older than this process may have subscriptions that nobody here knows of.
bool Engine::check_subscription_identifiers(const wire::PropertiesView& properties) {
  if (properties.empty() || !began_here_) return true;
  for (const wire::Property& property : properties) {
    if (property.id != wire::PropertyId::subscription_identifier) continue;
    if (!subscriptions_.knows_identifier(std::get<std::uint32_t>(property.value)))
      return tolerate(counters_.other_violations, unknown_subscription);
  }
  return true;
}

std::optional<std::string_view> Engine::resolve_topic(const wire::Publish& publish) {
  const auto alias =
      publish.properties.empty() ? std::nullopt : publish.properties.number(wire::PropertyId::topic_alias);
  if (!alias) {
    if (!publish.topic.empty()) return publish.topic;
    fail(ReasonCode::protocol_error, "a PUBLISH came with neither topic nor alias [MQTT 5, 3.3.2.1]");
    return std::nullopt;
  }
  if (*alias == 0 || *alias > options_.connect_properties.topic_alias_maximum.value_or(0)) {
    fail(ReasonCode::topic_alias_invalid,
         "a topic alias came above our Topic Alias Maximum [MQTT 5, 3.3.2.3.4]");
    return std::nullopt;
  }
  if (topic_aliases_.size() < *alias) topic_aliases_.resize(*alias);
  std::string& known = topic_aliases_[*alias - 1];
  if (!publish.topic.empty()) known = publish.topic;
  if (!known.empty()) return known;
  fail(ReasonCode::protocol_error, "a topic alias came that stands for nothing yet [MQTT 5, 3.3.2.3.4]");
  return std::nullopt;
}

void Engine::deliver(const wire::Publish& publish, std::string_view topic, InboundToken token) {
  InboundExchange exchange;
  if (journaled_ && publish.qos == QoS::exactly_once)
    exchange = {epoch_, exchanges_of(token.packet_identifier) + 1};
  received_.push_back(InboundMessage::make(publish, topic, token, exchange, protocol(), &inbound_memory_));
}

void Engine::send_acknowledgements(TimePoint now) {
  if (phase_ != Phase::connected) return;
  while (const auto due = inbound_.next_due()) {
    const bool once = due->qos == QoS::exactly_once;
    if (once && journaled_) record_exchange(*due);
    const auto type = once ? wire::PacketType::pubrec : wire::PacketType::puback;
    if (due->properties) {
      send_answer(type, *due);
    } else {
      send_acknowledgement(type, due->packet_identifier, due->reason);
    }
    last_sent_ = now;
  }
}

// What is only for the broker's log stays out where the packet would become too large. [MQTT-3.4.2-2,
// MQTT-3.4.2-3, MQTT-3.5.2-2, MQTT-3.5.2-3]
void Engine::send_answer(wire::PacketType type, const InboundWindow::Due& due) {
  std::vector<std::byte> bytes;
  wire::PropertyWriter writer(bytes);
  if (due.properties->reason_string)
    writer.string(wire::PropertyId::reason_string, *due.properties->reason_string);
  const std::size_t reason_string = bytes.size();
  for (const auto& [name, value] : due.properties->user_properties)
    writer.user_property(name, value);

  wire::Acknowledgement acknowledgement;
  acknowledgement.type = type;
  acknowledgement.packet_identifier = due.packet_identifier;
  acknowledgement.reason_code = due.reason;
  const std::size_t maximum = std::min(limits_.maximum_packet_size.value_or(largest_packet), largest_packet);
  for (const std::size_t size : {bytes.size(), reason_string, std::size_t{0}}) {
    if (size + 5 > maximum && size != 0) continue;
    acknowledgement.properties = wire::PropertiesView(std::span(bytes).first(size));
    const std::size_t before = output_.scratch().size();
    wire::encode(acknowledgement, version_, output_.scratch());
    if (size == 0 || output_.scratch().size() - before <= maximum) return;
    output_.scratch().resize(before);
  }
}

// Counted before PUBREC leaves: the broker may use the identifier for another message then. Also where the
// PUBREC is an error: an earlier process, which took larger messages, may have handed this one over.
void Engine::record_exchange(const InboundWindow::Due& due) {
  if (due.again) return;
  const std::uint16_t identifier = due.packet_identifier;
  journal_.emplace_back(record::InboundReceived{identifier, ++exchanges_of(identifier)});
  if (is_error(due.reason)) journal_.emplace_back(record::InboundReleased{identifier});
}

std::uint64_t& Engine::exchanges_of(std::uint16_t packet_identifier) {
  if (packet_identifier >= exchanges_.size()) exchanges_.resize(std::size_t{packet_identifier} + 1);
  return exchanges_[packet_identifier];
}

void Engine::on_pubrel(const wire::Acknowledgement& pubrel) {
  const bool known = inbound_.on_pubrel(pubrel.packet_identifier);
  if (known && journaled_) journal_.emplace_back(record::InboundReleased{pubrel.packet_identifier});
  send_acknowledgement(wire::PacketType::pubcomp, pubrel.packet_identifier,
                       known ? ReasonCode::success : ReasonCode::packet_identifier_not_found);
}

}  // namespace holdfast::session
