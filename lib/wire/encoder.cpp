#include "wire/encoder.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "wire/return_code.hpp"
#include "wire/variable_byte_integer.hpp"

namespace holdfast::wire {

namespace {

/// Writes a packet whose size was computed first, so that the vector grows once a packet.
class Writer {
 public:
  Writer(std::byte* at, Version version) : at_(at), version_(version) {}

  Writer& byte(unsigned value) {
    *at_++ = static_cast<std::byte>(value);
    return *this;
  }
  Writer& two_bytes(std::size_t value) {
    return byte(static_cast<unsigned>(value >> 8 & 0xFF)).byte(static_cast<unsigned>(value & 0xFF));
  }
  Writer& variable(std::uint32_t value) {
    for (; value >= 128; value >>= 7)
      byte((value & 0x7F) | 0x80);
    return byte(value);
  }
  Writer& bytes(std::span<const std::byte> value) {
    if (!value.empty()) std::memcpy(at_, value.data(), value.size());
    at_ += value.size();
    return *this;
  }
  Writer& binary(std::span<const std::byte> value) { return two_bytes(value.size()).bytes(value); }
  Writer& string(std::string_view value) { return binary(std::as_bytes(std::span(value))); }
  Writer& properties(const PropertiesView& value) {
    if (version_ == Version::mqtt_3_1_1) return *this;
    return variable(static_cast<std::uint32_t>(value.bytes().size())).bytes(value.bytes());
  }

 private:
  std::byte* at_;
  Version version_;
};

/// By value, hence in registers: in memory it would be read again after each byte, which might have changed
/// it.
Writer begin_packet(std::vector<std::byte>& out, Version version, PacketType type, unsigned flags,
                    std::size_t remaining, std::size_t left_out = 0) {
  const auto length = static_cast<std::uint32_t>(remaining);
  const std::size_t begin = out.size();
  out.resize(begin + 1 + variable_byte_integer_size(length) + remaining - left_out);
  Writer writer(out.data() + begin, version);
  writer.byte(static_cast<unsigned>(type) << 4 | flags).variable(length);
  return writer;
}

std::size_t size_of(const PropertiesView& properties, Version version) {
  if (version == Version::mqtt_3_1_1) return 0;
  const std::size_t size = properties.bytes().size();
  return variable_byte_integer_size(static_cast<std::uint32_t>(size)) + size;
}

unsigned flags_of(PacketType type) {
  const bool one_is_set =
      type == PacketType::pubrel || type == PacketType::subscribe || type == PacketType::unsubscribe;
  return one_is_set ? 2 : 0;  // [MQTT 5, table 2-2]
}

std::size_t size_of(const Will& will, Version version) {
  return size_of(will.properties, version) + 2 + will.topic.size() + 2 + will.payload.size();
}

// DISCONNECT and AUTH: a reason code and properties that fall away when they say nothing.
template <class Packet>
void encode_reason(PacketType type, const Packet& packet, Version version, std::vector<std::byte>& out) {
  const bool bare = packet.properties.empty();
  if (version == Version::mqtt_3_1_1 || (bare && packet.reason_code == ReasonCode::success)) {
    begin_packet(out, version, type, 0, 0);
    return;
  }
  Writer writer = begin_packet(out, version, type, 0, bare ? 1 : 1 + size_of(packet.properties, version));
  writer.byte(static_cast<unsigned>(packet.reason_code));
  if (!bare) writer.properties(packet.properties);
}

// Nearly all acknowledgements are this: type, length, packet identifier.
void encode_bare(const Acknowledgement& acknowledgement, std::vector<std::byte>& out) {
  const std::array packet{static_cast<std::byte>(static_cast<unsigned>(acknowledgement.type) << 4 |
                                                 flags_of(acknowledgement.type)),
                          std::byte{2}, static_cast<std::byte>(acknowledgement.packet_identifier >> 8),
                          static_cast<std::byte>(acknowledgement.packet_identifier & 0xFF)};
  out.insert(out.end(), packet.begin(), packet.end());
}

unsigned options_byte(const TopicSubscription& subscription, Version version) {
  if (version == Version::mqtt_3_1_1) return static_cast<unsigned>(subscription.maximum_qos);
  return static_cast<unsigned>(subscription.maximum_qos) | (subscription.no_local ? 0x04U : 0U) |
         (subscription.retain_as_published ? 0x08U : 0U) |
         static_cast<unsigned>(subscription.retain_handling) << 4;
}

}  // namespace

void encode(const Connect& connect, Version version, std::vector<std::byte>& out) {
  std::size_t remaining = 10 + size_of(connect.properties, version) + 2 + connect.client_identifier.size();
  unsigned flags = connect.clean_start ? 0x02 : 0;
  if (connect.will) {
    remaining += size_of(*connect.will, version);
    flags |= 0x04U | static_cast<unsigned>(connect.will->qos) << 3 | (connect.will->retain ? 0x20U : 0U);
  }
  if (connect.user_name) {
    remaining += 2 + connect.user_name->size();
    flags |= 0x80;
  }
  if (connect.password) {
    remaining += 2 + connect.password->size();
    flags |= 0x40;
  }
  Writer writer = begin_packet(out, version, PacketType::connect, 0, remaining);
  writer.string("MQTT").byte(static_cast<unsigned>(version)).byte(flags).two_bytes(connect.keep_alive);
  writer.properties(connect.properties).string(connect.client_identifier);
  if (connect.will) {
    writer.properties(connect.will->properties).string(connect.will->topic).binary(connect.will->payload);
  }
  if (connect.user_name) writer.string(*connect.user_name);
  if (connect.password) writer.binary(*connect.password);
}

void encode(const Connack& connack, Version version, std::vector<std::byte>& out) {
  Writer writer =
      begin_packet(out, version, PacketType::connack, 0, 2 + size_of(connack.properties, version));
  const unsigned code = version == Version::mqtt_3_1_1 ? return_code(connack.reason_code)
                                                       : static_cast<unsigned>(connack.reason_code);
  writer.byte(connack.session_present ? 1 : 0).byte(code);
  writer.properties(connack.properties);
}

void encode_publish_header(const Publish& publish, Version version, std::vector<std::byte>& out) {
  const bool has_identifier = publish.qos != QoS::at_most_once;
  const std::size_t remaining = 2 + publish.topic.size() + (has_identifier ? 2 : 0) +
                                size_of(publish.properties, version) + publish.payload.size();
  const unsigned flags =
      (publish.dup ? 0x08U : 0U) | static_cast<unsigned>(publish.qos) << 1 | (publish.retain ? 0x01U : 0U);
  Writer writer = begin_packet(out, version, PacketType::publish, flags, remaining, publish.payload.size());
  writer.string(publish.topic);
  if (has_identifier) writer.two_bytes(publish.packet_identifier);
  writer.properties(publish.properties);
}

void encode(const Publish& publish, Version version, std::vector<std::byte>& out) {
  encode_publish_header(publish, version, out);
  out.insert(out.end(), publish.payload.begin(), publish.payload.end());
}

void encode(const Acknowledgement& acknowledgement, Version version, std::vector<std::byte>& out) {
  const bool bare = acknowledgement.properties.empty();
  const bool shortest =
      version == Version::mqtt_3_1_1 || (bare && acknowledgement.reason_code == ReasonCode::success);
  if (shortest) return encode_bare(acknowledgement, out);
  const std::size_t remaining = bare ? 3 : 3 + size_of(acknowledgement.properties, version);
  Writer writer = begin_packet(out, version, acknowledgement.type, flags_of(acknowledgement.type), remaining);
  writer.two_bytes(acknowledgement.packet_identifier)
      .byte(static_cast<unsigned>(acknowledgement.reason_code));
  if (!bare) writer.properties(acknowledgement.properties);
}

void encode(const Subscribe& subscribe, Version version, std::vector<std::byte>& out) {
  std::size_t remaining = 2 + size_of(subscribe.properties, version);
  for (const auto& subscription : subscribe.subscriptions)
    remaining += 2 + subscription.filter.size() + 1;
  Writer writer =
      begin_packet(out, version, PacketType::subscribe, flags_of(PacketType::subscribe), remaining);
  writer.two_bytes(subscribe.packet_identifier).properties(subscribe.properties);
  for (const auto& subscription : subscribe.subscriptions) {
    writer.string(subscription.filter).byte(options_byte(subscription, version));
  }
}

void encode(const Suback& suback, Version version, std::vector<std::byte>& out) {
  const bool coded = version == Version::mqtt_5 || suback.type == PacketType::suback;
  const std::size_t codes = coded ? suback.reason_codes.size() : 0;
  Writer writer = begin_packet(out, version, suback.type, 0, 2 + size_of(suback.properties, version) + codes);
  writer.two_bytes(suback.packet_identifier).properties(suback.properties);
  if (coded) writer.bytes(suback.reason_codes);
}

void encode(const Unsubscribe& unsubscribe, Version version, std::vector<std::byte>& out) {
  std::size_t remaining = 2 + size_of(unsubscribe.properties, version);
  for (const auto filter : unsubscribe.filters)
    remaining += 2 + filter.size();
  Writer writer =
      begin_packet(out, version, PacketType::unsubscribe, flags_of(PacketType::unsubscribe), remaining);
  writer.two_bytes(unsubscribe.packet_identifier).properties(unsubscribe.properties);
  for (const auto filter : unsubscribe.filters)
    writer.string(filter);
}

void encode(const Pingreq&, std::vector<std::byte>& out) {
  begin_packet(out, Version::mqtt_5, PacketType::pingreq, 0, 0);
}
void encode(const Pingresp&, std::vector<std::byte>& out) {
  begin_packet(out, Version::mqtt_5, PacketType::pingresp, 0, 0);
}
void encode(const Disconnect& disconnect, Version version, std::vector<std::byte>& out) {
  encode_reason(PacketType::disconnect, disconnect, version, out);
}
void encode(const Auth& auth, std::vector<std::byte>& out) {
  encode_reason(PacketType::auth, auth, Version::mqtt_5, out);
}

}  // namespace holdfast::wire
