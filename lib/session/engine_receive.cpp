// Messages coming in, and their acknowledgement. [MQTT 5, 3.3.4, 4.3, 4.6]
#include <utility>

#include "session/engine.hpp"
#include "wire/encoder.hpp"

namespace holdfast::session {

namespace {
// Debian 12's mosquitto overruns a small Receive Maximum by a factor of about two; a broker that goes far
// beyond has lost count, and our memory must not pay for it.
constexpr std::size_t overrun_factor = 10;
}  // namespace

void Engine::on_publish(const wire::Publish& publish, TimePoint /*now*/) {
  const auto topic = resolve_topic(publish);
  if (!topic) return;
  if (publish.qos == QoS::at_most_once) return deliver(publish, *topic, {});
  const auto arrival = inbound_.on_publish(publish.packet_identifier, publish.qos, publish.dup);
  // Whatever becomes of the connection: the window knows the message now, and would suppress it when it comes
  // again.
  if (arrival.verdict == InboundWindow::Verdict::deliver) {
    deliver(publish, *topic, arrival.token);
  } else {
    ++counters_.duplicates_suppressed;
  }
  const std::size_t maximum = options_.connect_properties.receive_maximum.value_or(65535);
  if (inbound_.unfinished() > maximum) {
    ++counters_.receive_maximum_overruns;
    if (options_.strict_peer || inbound_.unfinished() > maximum * overrun_factor) {
      fail(ReasonCode::receive_maximum_exceeded, "it sent more than our Receive Maximum [MQTT 5, 3.3.4]");
    }
  }
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
  received_.push_back(InboundMessage::make(publish, topic, token, exchange));
}

void Engine::acknowledge(InboundToken token) {
  inbound_.acknowledge(token);
}

void Engine::send_acknowledgements(TimePoint now) {
  if (phase_ != Phase::connected) return;
  while (const auto due = inbound_.next_due()) {
    const bool once = due->qos == QoS::exactly_once;
    if (once && journaled_) record_exchange(*due);
    send_acknowledgement(once ? wire::PacketType::pubrec : wire::PacketType::puback, due->packet_identifier,
                         due->refused ? ReasonCode::implementation_specific_error : ReasonCode::success);
    last_sent_ = now;
  }
}

// Counted before PUBREC leaves: the broker may use the identifier for another message then. Also where the
// PUBREC is an error: an earlier process, which took larger messages, may have handed this one over.
void Engine::record_exchange(const InboundWindow::Due& due) {
  if (due.again) return;
  const std::uint16_t identifier = due.packet_identifier;
  journal_.emplace_back(record::InboundReceived{identifier, ++exchanges_of(identifier)});
  if (due.refused) journal_.emplace_back(record::InboundReleased{identifier});
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
