#include "simulation/incoming_check.hpp"

#include "simulation/numbered_payload.hpp"
#include "simulation/trace.hpp"

namespace holdfast::simulation {

using support::Packet;
using support::PacketType;

namespace {
std::string name(std::uint32_t number) {
  return "incoming message " + std::to_string(number);
}
}  // namespace

std::uint32_t IncomingCheck::create(std::uint32_t topic, QoS qos) {
  Message& made = messages_.emplace_back();
  made.topic = topic;
  made.qos = qos;
  return static_cast<std::uint32_t>(messages_.size());
}

IncomingCheck::Message& IncomingCheck::message(std::uint32_t number) {
  require(number >= 1 && number <= messages_.size(), [&] { return name(number) + " was never sent"; });
  return messages_[number - 1];
}

void IncomingCheck::on_process_started(const session::Snapshot& snapshot) {
  ++life_;
  restored_ = {snapshot.inbound_received.begin(), snapshot.inbound_received.end()};
  for (const auto& [identifier, number] : window_) {
    // A PUBREC whose record was not committed was never sent: its message comes again.
    if (restored_.count(identifier) == 0) messages_[number - 1].answered = false;
  }
  window_.clear();
  serials_.clear();
}

void IncomingCheck::on_session_lost() {
  ++life_;
  ++sessions_lost_;
  for (const auto& [identifier, number] : window_)
    messages_[number - 1].answered = false;
  window_.clear();
  restored_.clear();
}

void IncomingCheck::on_handed_over(const session::InboundMessage& received) {
  const auto payload = received.payload();
  const std::uint32_t number = number_of({reinterpret_cast<const char*>(payload.data()), payload.size()});
  Message& handed = message(number);
  require(handed.qos == received.qos(), [&] { return name(number) + " came at another QoS"; });
  if (handed.handed_over != 0) check_repeated(number, handed, received.duplicate());
  if (handed.handed_over++ == 0) {
    std::uint32_t& last = last_first_[handed.topic][static_cast<std::size_t>(handed.qos)];
    require(number > last, [&] { return name(number) + " was handed over after " + name(last); });
    last = number;
  }
  check_key(number, handed, received);
  handed.exchange = received.exchange();
  handed.sessions_lost = sessions_lost_;
  handed.life = life_;
  handed.acknowledged = handed.answered = false;
  if (handed.qos == QoS::at_most_once) return;
  handed.packet_identifier = received.token().packet_identifier;
  handed.serial = received.token().serial;
  window_[handed.packet_identifier] = number;
  serials_[handed.serial] = number;
}

void IncomingCheck::check_repeated(std::uint32_t number, const Message& handed, bool duplicate) const {
  require(handed.qos != QoS::at_most_once, [&] { return name(number) + " (QoS 0) was handed over twice"; });
  if (handed.qos == QoS::exactly_once) {
    require(handed.life != life_, [&] { return name(number) + " (QoS 2) was handed over twice"; });
    require(!handed.answered,
            [&] { return name(number) + " (QoS 2) was handed over again after its PUBREC"; });
    return;
  }
  // Without DUP it is a new message for a client; and once it was acknowledged it may be.
  require(handed.life != life_ || !duplicate || handed.answered,
          [&] { return name(number) + " (QoS 1) was handed over again before its PUBACK"; });
}

// Without what the message says, which is part of its key only for brokers that drop what they have sent.
void IncomingCheck::check_key(std::uint32_t number, const Message& handed,
                              const session::InboundMessage& received) {
  const session::InboundExchange exchange = received.exchange();
  const bool expected = options_.store && handed.qos == QoS::exactly_once;
  require(expected == (exchange.number != 0),
          [&] { return name(number) + (expected ? " has no key" : " has a key that nothing keeps"); });
  if (!expected) return;
  const auto entry = keys_.try_emplace({received.token().packet_identifier, exchange}, number);
  const std::uint32_t owner = entry.first->second;
  const bool fresh = entry.second;
  require(owner == number, [&] { return name(number) + " has the key of " + name(owner); });
  const bool same_session = handed.handed_over > 1 && handed.sessions_lost == sessions_lost_;
  require(!same_session || !fresh, [&] { return name(number) + " was handed over again with another key"; });
}

void IncomingCheck::on_acknowledged_by_application(session::InboundToken token) {
  const auto found = serials_.find(token.serial);
  if (found == serials_.end()) return;
  Message& acknowledged = messages_[found->second - 1];
  acknowledged.ever_acknowledged = true;
  if (acknowledged.serial == token.serial) acknowledged.acknowledged = true;
}

void IncomingCheck::on_made(const Packet& packet) {
  if (packet.type == PacketType::puback || packet.type == PacketType::pubrec) on_answer_made(packet);
  if (packet.type == PacketType::pubcomp) on_completion_made(packet);
}

void IncomingCheck::on_answer_made(const Packet& packet) {
  const std::uint16_t identifier = packet.packet_identifier;
  if (is_error(packet.reason_code)) {
    return require(options_.connect_properties.maximum_packet_size.has_value(),
                   [&] { return packet.describe() + " refuses a message without reason"; });
  }
  if (packet.type == PacketType::pubrec && restored_.count(identifier) != 0) return;
  const auto found = window_.find(identifier);
  require(found != window_.end(), [&] { return packet.describe() + " for what was not handed over"; });
  Message& answered = messages_[found->second - 1];
  require(answered.acknowledged, [&] {
    return packet.describe() + " before the application has acknowledged " + name(found->second);
  });
  answered.answered = true;
  if (packet.type == PacketType::puback) window_.erase(found);
}

void IncomingCheck::on_completion_made(const Packet& packet) {
  const std::uint16_t identifier = packet.packet_identifier;
  const auto found = window_.find(identifier);
  const bool known =
      restored_.count(identifier) != 0 || (found != window_.end() && messages_[found->second - 1].answered);
  require(known != is_error(packet.reason_code),
          [&] { return packet.describe() + (known ? " denies a message" : " of a message never received"); });
  if (!known) return;
  restored_.erase(identifier);
  if (found != window_.end()) window_.erase(found);
}

void IncomingCheck::check_turn() const {
  const std::size_t maximum = options_.connect_properties.receive_maximum.value_or(65535);
  require(window_.size() <= maximum, [&] {
    return std::to_string(window_.size()) + " messages held, above our Receive Maximum " +
           std::to_string(maximum);
  });
}

void IncomingCheck::on_taken_from_broker(std::uint32_t number) {
  require(message(number).ever_acknowledged,
          [&] { return name(number) + " was acknowledged at the broker, but the application never had it"; });
}

}  // namespace holdfast::simulation
