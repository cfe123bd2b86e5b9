#include "bench/guard/broker_end.hpp"

#include "bench/guard/workload.hpp"

namespace holdfast::guard {

using support::PacketType;

void BrokerEnd::receive(std::span<const std::byte> bytes) {
  received_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::size_t at = 0;
  while (const auto size = support::frame_size(std::string_view(received_).substr(at))) {
    answer(support::decode(std::string_view(received_).substr(at, *size)));
    at += *size;
  }
  received_ = received_.substr(at);  // Gives the memory back, which is none of the client's.
}

void BrokerEnd::answer(const support::Packet& packet) {
  const auto answer_with = [&](PacketType type) {
    sent_ += support::acknowledgement(type, packet.packet_identifier);
  };
  switch (packet.type) {
    case PacketType::connect:
      sent_ += support::connack(session_present_);
      break;
    case PacketType::publish:
      if (!acknowledging_ || packet.qos == QoS::at_most_once) break;
      answer_with(packet.qos == QoS::at_least_once ? PacketType::puback : PacketType::pubrec);
      break;
    case PacketType::pubrel:
      if (acknowledging_) answer_with(PacketType::pubcomp);
      break;
    case PacketType::pubrec:
      answer_with(PacketType::pubrel);
      break;
    default:
      break;
  }
}

void BrokerEnd::publish(QoS qos) {
  if (qos != QoS::at_most_once) last_identifier_ = last_identifier_ == 65535 ? 1 : last_identifier_ + 1;
  sent_ += support::publish(topic, payload(), qos, qos == QoS::at_most_once ? 0 : last_identifier_);
}

void BrokerEnd::lose() {
  received_.clear();
  arriving_.clear();
  sent_.clear();
}

void BrokerEnd::next_turn() {
  arriving_.clear();
  arriving_.swap(sent_);
}

}  // namespace holdfast::guard
