#include "client/packet_log.hpp"

#include <algorithm>
#include <string>

#include "client/check_argument.hpp"
#include "wire/property.hpp"
#include "wire/reader.hpp"

namespace holdfast::client {

namespace {

using wire::PacketType;
using wire::Reader;

constexpr auto ignore_malformed = [](std::span<const std::byte>) {};  // The engine tells why it gives up.

unsigned identifier_of(const CutPacket& packet) {
  return packet.packet_identifier().value_or(0);
}

unsigned reason_of(const CutPacket& packet) {
  return packet.reason_code().value_or(0);
}

/// Behind the properties that MQTT 5 has in front of it.
Reader payload_of(Reader reader, bool has_properties) {
  if (has_properties) reader.bytes(reader.variable());
  return reader;
}

/// The fields of a PUBLISH, as far as they are kept.
class Publish {
 public:
  Publish(const CutPacket& packet, bool has_properties) : remaining_length_(packet.remaining_length) {
    Reader reader(packet.body);
    const std::size_t topic_size = reader.two_bytes();
    const auto topic = reader.bytes(std::min(topic_size, reader.rest().size()));
    topic_ = {reinterpret_cast<const char*>(topic.data()), topic.size()};
    before_payload_ = 2 + topic_size + (packet.qos() != 0 ? 2 : 0);
    if (!has_properties || before_payload_ > packet.body.size()) return;
    reader = Reader(packet.body.subspan(before_payload_));
    const std::size_t before = reader.rest().size();
    const std::size_t size = reader.variable();
    before_payload_ += before - reader.rest().size() + size;
    properties_ = reader.bytes(size);
  }

  [[nodiscard]] std::string_view topic() const noexcept { return topic_; }
  /// Where the end of the properties is not known they count, too.
  [[nodiscard]] std::size_t payload_size() const noexcept {
    return remaining_length_ - std::min(before_payload_, remaining_length_);
  }
  /// 0: none.
  [[nodiscard]] std::uint32_t topic_alias() const noexcept {
    if (wire::check_properties(properties_, wire::PropertyPlace::publish)) return 0;
    return wire::PropertiesView(properties_).number(wire::PropertyId::topic_alias).value_or(0);
  }

 private:
  std::size_t remaining_length_;
  std::string_view topic_;
  std::size_t before_payload_ = 0;
  std::span<const std::byte> properties_;
};

}  // namespace

void PacketLog::on_received(std::span<const std::byte> bytes) {
  received_.feed(
      bytes, [this](const CutPacket& packet) { tell_received(packet); }, ignore_malformed);
}

void PacketLog::on_sent(std::span<const std::span<const std::byte>> pieces, std::size_t written) {
  for (const auto& bytes : pieces) {
    const auto taken = bytes.first(std::min(written, bytes.size()));
    sent_.feed(
        taken, [this](const CutPacket& packet) { tell_sent(packet); }, ignore_malformed);
    written -= taken.size();
  }
}

std::string PacketLog::client() const {
  return client_id_->empty() ? "(null)" : without_controls(*client_id_);  // It may be the broker's to choose.
}

void PacketLog::tell_received(const CutPacket& packet) {
  switch (packet.type()) {
    case PacketType::publish:
      return tell_received_publish(packet);
    case PacketType::suback:
      return tell_suback(packet);
    case PacketType::puback:
    case PacketType::pubcomp:
      return logger_->debug("holdfast: Client {} received {} (Mid: {}, RC:{})", client(), packet.name(),
                            identifier_of(packet), reason_of(packet));
    case PacketType::pubrec:
    case PacketType::pubrel:
      return logger_->debug("holdfast: Client {} received {} (Mid: {})", client(), packet.name(),
                            identifier_of(packet));
    case PacketType::connack:
      return logger_->debug("holdfast: Client {} received CONNACK ({})", client(), reason_of(packet));
    case PacketType::disconnect:
      return logger_->debug("holdfast: Received DISCONNECT ({})", reason_of(packet));
    default:
      return logger_->debug("holdfast: Client {} received {}", client(), packet.name());
  }
}

void PacketLog::tell_sent(const CutPacket& packet) {
  switch (packet.type()) {
    case PacketType::publish:
      return tell_sent_publish(packet);
    case PacketType::subscribe:
      return tell_subscribe(packet);
    case PacketType::unsubscribe:
      return tell_unsubscribe(packet);
    case PacketType::puback:
    case PacketType::pubrec:
      return logger_->debug("holdfast: Client {} sending {} (m{}, rc{})", client(), packet.name(),
                            identifier_of(packet), reason_of(packet));
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return logger_->debug("holdfast: Client {} sending {} (m{})", client(), packet.name(),
                            identifier_of(packet));
    default:
      return logger_->debug("holdfast: Client {} sending {}", client(), packet.name());
  }
}

void PacketLog::tell_publish(const char* direction, const CutPacket& packet, std::string_view topic,
                             std::size_t payload_size) {
  logger_->debug("holdfast: Client {} {} PUBLISH (d{}, q{}, r{}, m{}, '{}', ... ({} bytes))", client(),
                 direction, packet.dup() ? 1 : 0, packet.qos(), packet.retain() ? 1 : 0,
                 identifier_of(packet), without_controls(topic), payload_size);
}

void PacketLog::tell_received_publish(const CutPacket& packet) {
  const Publish publish(packet, has_properties_);
  tell_publish("received", packet, publish.topic(), publish.payload_size());
}

// The client gives aliases to topics by itself, and who reads the log knows of none.
void PacketLog::tell_sent_publish(const CutPacket& packet) {
  const Publish publish(packet, has_properties_);
  std::string_view topic = publish.topic();
  if (const std::uint32_t alias = publish.topic_alias(); alias != 0) {
    std::string& named = aliased_[alias];
    if (!topic.empty()) named = topic;
    topic = named;
  }
  tell_publish("sending", packet, topic, publish.payload_size());
}

void PacketLog::tell_subscribe(const CutPacket& packet) {
  Reader reader(packet.body);
  reader.two_bytes();
  for (reader = payload_of(reader, has_properties_); !reader.at_end();) {
    const std::string filter = without_controls(reader.string());
    const unsigned options = reader.byte();
    if (reader.failed()) return;
    logger_->debug("holdfast: Client {} sending SUBSCRIBE (Mid: {}, Topic: {}, QoS: {}, Options: 0x{:02x})",
                   client(), identifier_of(packet), filter, options & 3U, options & 0xFCU);
  }
}

void PacketLog::tell_unsubscribe(const CutPacket& packet) {
  Reader reader(packet.body);
  reader.two_bytes();
  for (reader = payload_of(reader, has_properties_); !reader.at_end();) {
    const std::string filter = without_controls(reader.string());
    if (reader.failed()) return;
    logger_->debug("holdfast: Client {} sending UNSUBSCRIBE (Mid: {}, Topic: {})", client(),
                   identifier_of(packet), filter);
  }
}

void PacketLog::tell_suback(const CutPacket& packet) {
  Reader reader(packet.body);
  reader.two_bytes();
  std::string codes;
  const auto payload = payload_of(reader, has_properties_).rest();
  for (const std::byte code : payload)
    codes += (codes.empty() ? "" : ", ") + std::to_string(std::to_integer<unsigned>(code));
  logger_->debug("holdfast: Client {} received SUBACK", client());
  logger_->debug("holdfast: Subscribed (mid: {}): {}", identifier_of(packet), codes);
}

}  // namespace holdfast::client
