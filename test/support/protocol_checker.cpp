#include "support/protocol_checker.hpp"

#include <algorithm>

namespace holdfast::support {
namespace {

bool same_content(const SessionHistory::Message& message, const Packet& packet) {
  return message.topic == packet.topic && message.payload == packet.payload && message.qos == packet.qos;
}

}  // namespace

void SessionHistory::finish(std::uint16_t packet_identifier) {
  if (auto node = unfinished.extract(packet_identifier)) {
    finished.insert_or_assign(packet_identifier, std::move(node.mapped()));
  }
}

void ProtocolChecker::violation(const Packet& packet, const std::string& what) const {
  report_("connection " + std::to_string(connection_) + ": " + packet.describe() + ": " + what);
}

void ProtocolChecker::on_received(const Packet& packet) {
  if (disconnect_seen_) violation(packet, "after DISCONNECT");
  if (connect_seen_ != (packet.type != PacketType::connect))
    violation(packet, "CONNECT comes first and once");
  connect_seen_ = true;
  const std::uint32_t size_max = limits_.number(PropertyId::maximum_packet_size).value_or(0xFFFFFFFF);
  if (packet.size > size_max) violation(packet, "larger than Maximum Packet Size");
  switch (packet.type) {
    case PacketType::publish:
      on_publish(packet);
      break;
    case PacketType::pubrel:
      on_pubrel(packet);
      break;
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      on_request(packet);
      break;
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubcomp:
      on_acknowledgement(packet);
      break;
    case PacketType::disconnect:
      disconnect_seen_ = true;
      break;
    case PacketType::connect:
    case PacketType::pingreq:
    case PacketType::auth:
      break;
    default:
      violation(packet, "only a server sends this");
  }
}

void ProtocolChecker::check_limits(const Packet& packet) const {
  if (packet.dup && packet.qos == QoS::at_most_once) violation(packet, "DUP at QoS 0");
  if (static_cast<unsigned>(packet.qos) > limits_.number(PropertyId::maximum_qos).value_or(2)) {
    violation(packet, "above Maximum QoS");
  }
  if (packet.retain && limits_.number(PropertyId::retain_available) == 0u) {
    violation(packet, "retained although Retain Available is 0");
  }
  const auto alias = packet.properties.number(PropertyId::topic_alias);
  if (alias && (*alias == 0 || *alias > limits_.number(PropertyId::topic_alias_maximum).value_or(0))) {
    violation(packet, "topic alias out of range");
  }
  if (packet.topic.empty() && !alias) violation(packet, "without a topic");
  if (packet.topic.find_first_of("+#") != std::string::npos) violation(packet, "wildcard in the topic");
}

void ProtocolChecker::resolve_topic(const Packet& packet) {
  topic_ = packet.topic;
  const auto alias = packet.properties.number(PropertyId::topic_alias);
  if (!alias) return;
  if (!topic_.empty()) aliases_[*alias] = topic_;
  topic_ = aliases_[*alias];
  if (topic_.empty()) violation(packet, "a topic alias that stands for nothing");
}

void ProtocolChecker::on_publish(Packet packet) {
  check_limits(packet);
  resolve_topic(packet);
  packet.topic = topic_;
  publish_seen_ = true;
  if (packet.qos == QoS::at_most_once || history_ == nullptr) return;
  const std::uint16_t id = packet.packet_identifier;
  if (id == 0) violation(packet, "packet identifier 0");
  if (requests_.count(id) != 0) violation(packet, "identifier in use by a SUBSCRIBE or UNSUBSCRIBE");
  // Before the message is taken into account: what a second PUBLISH on a connection breaks.
  if (quota_.count(id) != 0) violation(packet, "identifier in use on this connection");
  packet.dup ? on_replay(packet) : on_first_publish(packet);
  quota_.insert(id);
  const std::uint32_t quota_max = limits_.number(PropertyId::receive_maximum).value_or(65'535);
  if (quota_.size() > quota_max) {
    violation(packet, "Receive Maximum " + std::to_string(quota_max) + " exceeded");
  }
}

void ProtocolChecker::on_first_publish(const Packet& packet) {
  first_publish_seen_ = true;
  if (history_->unfinished.count(packet.packet_identifier) != 0) {
    violation(packet, "identifier in use in the session, or DUP missing");
  }
  history_->unfinished.insert_or_assign(
      packet.packet_identifier,
      SessionHistory::Message{history_->next_order++, packet.topic, packet.payload, packet.qos});
}

void ProtocolChecker::on_replay(const Packet& packet) {
  const std::uint16_t id = packet.packet_identifier;
  if (!session_present_) violation(packet, "DUP in a new session");
  if (first_publish_seen_) violation(packet, "replayed after a new message");
  auto known = history_->unfinished.find(id);
  if (known == history_->unfinished.end()) {
    const auto finished = history_->finished.find(id);
    const bool again = finished != history_->finished.end() && same_content(finished->second, packet);
    SessionHistory::Message message{0, packet.topic, packet.payload, packet.qos};
    // What the broker never saw comes after what it did, for it was sent later.
    message.order = again ? finished->second.order : history_->next_order++;
    known = history_->unfinished.emplace(id, std::move(message)).first;
  }
  SessionHistory::Message& message = known->second;
  if (!same_content(message, packet)) violation(packet, "replayed with other content");
  if (message.state == SessionHistory::State::released) violation(packet, "sent again after its PUBREL");
  if (message.order <= last_replayed_) violation(packet, "replayed out of order");
  last_replayed_ = message.order;
  message.state = SessionHistory::State::published;
}

void ProtocolChecker::on_pubrel(const Packet& packet) {
  if (history_ == nullptr) return;
  if (!pubrels_here_.insert(packet.packet_identifier).second) violation(packet, "twice on a connection");
  const auto known = history_->unfinished.find(packet.packet_identifier);
  if (known == history_->unfinished.end()) {
    if (history_->finished.count(packet.packet_identifier) == 0) violation(packet, "never published");
    return;
  }
  SessionHistory::Message& message = known->second;
  if (message.state == SessionHistory::State::published) violation(packet, "without a PUBREC");
  if (message.pubrec_connection != connection_ && publish_seen_) {
    violation(packet, "of an earlier connection, after a PUBLISH");
  }
  if (message.pubrec_order <= last_pubrel_) violation(packet, "not in the order of the PUBRECs");
  last_pubrel_ = message.pubrec_order;
  message.state = SessionHistory::State::released;
}

void ProtocolChecker::on_request(const Packet& packet) {
  const std::uint16_t id = packet.packet_identifier;
  if (id == 0) violation(packet, "packet identifier 0");
  if (!requests_.insert(id).second || (history_ != nullptr && history_->unfinished.count(id) != 0)) {
    violation(packet, "identifier in use");
  }
}

void ProtocolChecker::on_acknowledgement(const Packet& packet) {
  auto& awaiting = packet.type == PacketType::puback   ? awaiting_puback_
                   : packet.type == PacketType::pubrec ? awaiting_pubrec_
                                                       : awaiting_pubcomp_;
  const auto found = std::find(awaiting.begin(), awaiting.end(), packet.packet_identifier);
  if (found == awaiting.end()) return violation(packet, "for what was not sent on this connection");
  // PUBCOMPs have no order of their own; the PUBRELs that they answer have. [MQTT 5, 4.6]
  if (packet.type != PacketType::pubcomp && found != awaiting.begin()) {
    violation(packet, "out of order: " + std::to_string(awaiting.front()) + " is older");
  }
  awaiting.erase(found);
}

void ProtocolChecker::on_connack_sent(const Packet& packet) {
  limits_ = packet.properties;
  session_present_ = packet.session_present;
  if (history_ != nullptr && !session_present_) *history_ = SessionHistory{};
}

void ProtocolChecker::on_sent(const Packet& packet) {
  const std::uint16_t id = packet.packet_identifier;
  switch (packet.type) {
    case PacketType::connack:
      on_connack_sent(packet);
      return;
    case PacketType::publish:
      if (packet.qos == QoS::at_least_once) awaiting_puback_.push_back(id);
      if (packet.qos == QoS::exactly_once) awaiting_pubrec_.push_back(id);
      return;
    case PacketType::pubrel:
      awaiting_pubcomp_.push_back(id);
      return;
    case PacketType::suback:
    case PacketType::unsuback:
      requests_.erase(id);
      return;
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubcomp:
      break;
    default:
      return;
  }
  if (history_ == nullptr) return;
  if (packet.type == PacketType::pubrec && !is_error(packet.reason_code)) {
    const auto known = history_->unfinished.find(id);
    if (known == history_->unfinished.end() || known->second.state == SessionHistory::State::released) return;
    known->second.state = SessionHistory::State::received;
    known->second.pubrec_order = history_->next_pubrec_order++;
    known->second.pubrec_connection = connection_;
    return;
  }
  quota_.erase(id);
  pubrels_here_.erase(id);
  history_->finish(id);
}

}  // namespace holdfast::support
