#include "support/broker_session.hpp"

#include <algorithm>

namespace holdfast::support {
namespace {

constexpr std::string_view shared = "$share/";

std::string encoded(const Publication& publication, std::uint16_t packet_identifier, bool dup) {
  Packet packet;
  packet.type = PacketType::publish;
  packet.topic = publication.topic;
  packet.payload = publication.payload;
  packet.qos = publication.qos;
  packet.retain = publication.retain;
  packet.properties = publication.properties;
  packet.packet_identifier = packet_identifier;
  packet.dup = dup;
  return encode(packet);
}

}  // namespace

bool matches(std::string_view filter, std::string_view topic) {
  if (filter.substr(0, shared.size()) == shared) {
    filter.remove_prefix(shared.size());
    filter.remove_prefix(filter.find('/') + 1);
  }
  while (true) {
    const std::size_t filter_end = std::min(filter.find('/'), filter.size());
    const std::size_t topic_end = std::min(topic.find('/'), topic.size());
    const std::string_view level = filter.substr(0, filter_end);
    if (level == "#") return true;
    if (level != "+" && level != topic.substr(0, topic_end)) return false;
    if (topic_end == topic.size()) return filter_end == filter.size() || filter.substr(filter_end) == "/#";
    if (filter_end == filter.size()) return false;
    filter.remove_prefix(filter_end + 1);
    topic.remove_prefix(topic_end + 1);
  }
}

void BrokerSession::offer(const Publication& publication, bool own) {
  for (const auto& [filter, options] : subscriptions) {
    if (!matches(filter, publication.topic) || (own && options.no_local)) continue;
    Publication granted = publication;
    granted.qos = std::min(publication.qos, options.qos);
    granted.retain = publication.retain && options.retain_as_published;
    return queue(granted);
  }
}

void BrokerSession::queue(const Publication& publication) {
  outgoing_.push_back({publication});
}

std::uint16_t BrokerSession::unused_identifier() {
  while (next_identifier_ == 0 || find(next_identifier_) != nullptr)
    ++next_identifier_;
  return next_identifier_++;
}

BrokerSession::Outgoing* BrokerSession::find(std::uint16_t packet_identifier) {
  const auto found = std::find_if(outgoing_.begin(), outgoing_.end(), [&](const Outgoing& outgoing) {
    return outgoing.state != State::queued && outgoing.packet_identifier == packet_identifier;
  });
  return found == outgoing_.end() ? nullptr : &*found;
}

void BrokerSession::finish(std::uint16_t packet_identifier) {
  const auto found = std::find_if(outgoing_.begin(), outgoing_.end(), [&](const Outgoing& outgoing) {
    return outgoing.state != State::queued && outgoing.packet_identifier == packet_identifier;
  });
  if (found != outgoing_.end()) outgoing_.erase(found);
}

std::vector<std::string> BrokerSession::resume() {
  std::vector<std::string> packets;
  for (const Outgoing& outgoing : outgoing_) {
    if (outgoing.state == State::published) {
      packets.push_back(encoded(outgoing.publication, outgoing.packet_identifier, true));
    }
    if (outgoing.state == State::released) {
      packets.push_back(acknowledgement(PacketType::pubrel, outgoing.packet_identifier));
    }
  }
  return packets;
}

std::vector<std::string> BrokerSession::sendable(std::size_t receive_maximum, std::size_t size_max) {
  std::vector<std::string> packets;
  std::size_t sent = in_flight();
  for (Outgoing& outgoing : outgoing_) {
    if (outgoing.state != State::queued) continue;
    const bool counted = outgoing.publication.qos != QoS::at_most_once;
    if (counted && sent >= receive_maximum) break;
    if (counted) {
      // The identifier first: while the message counts as queued it is not found by it.
      outgoing.packet_identifier = unused_identifier();
      ++sent;
    }
    outgoing.state = State::published;
    std::string packet = encoded(outgoing.publication, outgoing.packet_identifier, false);
    // A broker drops what the client cannot take. [MQTT 5, 3.1.2.11.4]
    if (packet.size() <= size_max)
      packets.push_back(std::move(packet));
    else
      outgoing.publication.qos = QoS::at_most_once;
  }
  std::erase_if(outgoing_, [](const Outgoing& outgoing) {
    return outgoing.state == State::published && outgoing.publication.qos == QoS::at_most_once;
  });
  return packets;
}

std::size_t BrokerSession::in_flight() const {
  return static_cast<std::size_t>(std::count_if(outgoing_.begin(), outgoing_.end(), [](const auto& outgoing) {
    return outgoing.state != State::queued;
  }));
}

void BrokerSession::on_puback(std::uint16_t packet_identifier) {
  finish(packet_identifier);
}

std::optional<std::string> BrokerSession::on_pubrec(const Packet& pubrec) {
  if (is_error(pubrec.reason_code)) {
    finish(pubrec.packet_identifier);
    return std::nullopt;
  }
  Outgoing* outgoing = find(pubrec.packet_identifier);
  if (outgoing == nullptr) {
    return acknowledgement(PacketType::pubrel, pubrec.packet_identifier,
                           ReasonCode::packet_identifier_not_found);
  }
  outgoing->state = State::released;
  return acknowledgement(PacketType::pubrel, pubrec.packet_identifier);
}

void BrokerSession::on_pubcomp(std::uint16_t packet_identifier) {
  finish(packet_identifier);
}

}  // namespace holdfast::support
