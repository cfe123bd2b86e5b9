// What the broker does with each packet of the client. [MQTT 5, 3, 4.3, 4.4]
#include <algorithm>
#include <utility>

#include "simulation/model_broker.hpp"
#include "simulation/numbered_payload.hpp"

namespace holdfast::simulation {

using support::Packet;
using support::PacketType;
using support::PropertyId;

void ModelBroker::on_packet(Connection& connection, const Packet& packet) {
  world_.trace.note("broker", [&] { return "<- " + packet.describe(); });
  // A connection without the session was taken over: its rules are not those of the session any more.
  if (connection.up) connection.checker.on_received(packet);
  if (packet.type == PacketType::connect) return on_connect(connection, packet);
  if (!connection.up) return;
  switch (packet.type) {
    case PacketType::publish:
      return on_publish(connection, packet);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubcomp:
      return on_answer(connection, packet);
    case PacketType::pubrel:
      return on_pubrel(connection, packet);
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      return on_request(connection, packet);
    case PacketType::pingreq: {
      Packet pingresp;
      pingresp.type = PacketType::pingresp;
      connection.answers.push_back(pingresp);
      return;
    }
    case PacketType::disconnect:
      return on_disconnect(connection, packet);
    default:
      throw Violation(packet.describe() + ": a client does not send this");
  }
}

void ModelBroker::on_connect(Connection& connection, const Packet& packet) {
  // A CONNECT that comes behind one sent later would take the session from its client, who cannot know: left
  // out.
  if (connection.number < last_connected_) return close(connection);
  last_connected_ = connection.number;
  Packet connack;
  connack.type = PacketType::connack;
  if (world_.random.chance(world_.weather.connect_refused)) {
    connack.reason_code = ReasonCode::server_unavailable;
    connection.answers.push_back(connack);
    return;
  }
  if (Connection* other = current()) close(*other);  // Taken over. [MQTT-3.1.4-3]
  if (session_end() <= world_.clock.now || packet.clean_start) end_session();
  if (packet.clean_start && world_.random.chance(world_.weather.connack_lies)) {
    connack.session_present = true;
    connection.answers.push_back(connack);
    return;
  }
  const bool present = session_.has_value();
  if (!present) {
    // A client that was not told of the new session takes an identifier that it knows for the same message,
    // and can do nothing else: left out.
    session_.emplace(++incarnations_, static_cast<std::uint16_t>(last_identifier_ + 1));
  }
  session_->alone_since.reset();
  if (present && !session_->known) {
    // A session that began with a CONNACK that got lost: the client goes on with the earlier one.
    session_->state.history = support::SessionHistory{};
    session_->state.history.finished = earlier_.finished;
    for (const auto& [identifier, message] : earlier_.unfinished)
      session_->state.history.finished.insert_or_assign(identifier, message);
    session_->state.history.next_order = earlier_.next_order;
  }
  connection.up = true;
  connection.checker.attach(session_->state.history);
  connection.checker.on_received(packet);
  connection.answers.push_back(grant(connection, packet, present));
  for (const std::string& bytes : session_->state.resume()) {
    Packet again = support::decode(bytes);
    if (world_.scenario.broker.forgets_dup) again.dup = false;
    connection.answers.push_back(std::move(again));
  }
}

Packet ModelBroker::grant(Connection& connection, const Packet& connect, bool session_present) {
  const BrokerWays& ways = world_.scenario.broker;
  Random& random = world_.random;
  connection.keep_alive = std::chrono::seconds(connect.keep_alive);
  connection.receive_maximum = connect.properties.number(PropertyId::receive_maximum).value_or(65535);
  connection.maximum_packet_size =
      connect.properties.number(PropertyId::maximum_packet_size).value_or(0xFFFFFF);
  Packet connack;
  connack.type = PacketType::connack;
  connack.session_present = session_present;
  std::uint32_t expiry = connect.properties.number(PropertyId::session_expiry_interval).value_or(0);
  if (ways.session_expiry) {
    expiry = static_cast<std::uint32_t>(ways.session_expiry->count());
    connack.properties.add(PropertyId::session_expiry_interval, expiry);
  }
  session_->state.expiry = expiry;
  grants_[connection.number - 1] = {session_->incarnation, std::chrono::seconds(expiry),
                                    session_present && !session_->known};
  const auto window =
      ways.receive_maximum_varies ? random.between(1, ways.receive_maximum) : ways.receive_maximum;
  if (window != 65535)
    connack.properties.add(PropertyId::receive_maximum, static_cast<std::uint32_t>(window));
  if (ways.maximum_packet_size && !(ways.packet_size_varies && random.chance(500)))
    connack.properties.add(PropertyId::maximum_packet_size, *ways.maximum_packet_size);
  const auto aliases = random.below(ways.topic_alias_maximum + 1u);
  if (aliases != 0)
    connack.properties.add(PropertyId::topic_alias_maximum, static_cast<std::uint32_t>(aliases));
  if (ways.qos_varies && random.chance(200)) connack.properties.add(PropertyId::maximum_qos, 1);
  return connack;
}

void ModelBroker::on_publish(Connection& connection, const Packet& packet) {
  const std::uint32_t number = number_of(packet.payload);
  OutgoingCheck& outgoing = world_.invariants.outgoing;
  outgoing.check_topic(number, connection.checker.topic());
  if (packet.qos == QoS::at_most_once) return outgoing.on_passed_on(number, session_->incarnation);
  const bool once = packet.qos == QoS::exactly_once;
  const PacketType type = once ? PacketType::pubrec : PacketType::puback;
  auto& received = session_->state.received_exactly_once;
  const bool known = once && received.count(packet.packet_identifier) != 0;
  if (!known && world_.random.chance(world_.weather.message_refused)) {
    outgoing.on_refused(number);
    return answer(connection, type, packet.packet_identifier, ReasonCode::quota_exceeded);
  }
  if (!known) outgoing.on_passed_on(number, session_->incarnation);
  if (once) received.insert(packet.packet_identifier);
  answer(connection, type, packet.packet_identifier);
}

void ModelBroker::on_pubrel(Connection& connection, const Packet& packet) {
  const bool known = session_->state.received_exactly_once.erase(packet.packet_identifier) != 0;
  answer(connection, PacketType::pubcomp, packet.packet_identifier,
         known ? ReasonCode::success : ReasonCode::packet_identifier_not_found);
}

void ModelBroker::on_answer(Connection& connection, const Packet& packet) {
  support::BrokerSession& state = session_->state;
  const std::uint16_t identifier = packet.packet_identifier;
  const auto number = session_->numbers.find(identifier);
  const bool taken = packet.type != PacketType::pubcomp && !is_error(packet.reason_code);
  if (taken && number != session_->numbers.end()) {
    world_.invariants.incoming.on_taken_from_broker(number->second);
  }
  if (packet.type == PacketType::puback) state.on_puback(identifier);
  if (packet.type == PacketType::pubcomp) state.on_pubcomp(identifier);
  if (packet.type == PacketType::pubrec) {
    if (const auto pubrel = state.on_pubrec(packet)) connection.answers.push_back(support::decode(*pubrel));
  }
}

void ModelBroker::on_request(Connection& connection, const Packet& packet) {
  Packet answer;
  const bool subscribe = packet.type == PacketType::subscribe;
  answer.type = subscribe ? PacketType::suback : PacketType::unsuback;
  answer.packet_identifier = packet.packet_identifier;
  auto& subscriptions = session_->state.subscriptions;
  for (const TopicFilter& wish : packet.subscriptions) {
    const bool known = subscriptions.count(wish.filter) != 0;
    if (subscribe) {
      subscriptions[wish.filter] = wish.options;
      answer.reason_codes.push_back(static_cast<ReasonCode>(wish.options.qos));
    } else {
      subscriptions.erase(wish.filter);
      answer.reason_codes.push_back(known ? ReasonCode::success : ReasonCode::no_subscription_existed);
    }
  }
  connection.answers.push_back(std::move(answer));
}

void ModelBroker::on_disconnect(Connection& connection, const Packet& packet) {
  const auto expiry = packet.properties.number(PropertyId::session_expiry_interval);
  if (expiry) session_->state.expiry = *expiry;
  close(connection);
}

void ModelBroker::answer(Connection& connection, PacketType type, std::uint16_t packet_identifier,
                         ReasonCode reason_code) {
  Packet packet;
  packet.type = type;
  packet.packet_identifier = packet_identifier;
  packet.reason_code = reason_code;
  connection.answers.push_back(std::move(packet));
}

}  // namespace holdfast::simulation
