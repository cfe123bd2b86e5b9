#include "wire/parser.hpp"

#include <optional>

#include "wire/reader.hpp"
#include "wire/reason_code_table.hpp"
#include "wire/return_code.hpp"
#include "wire/topic.hpp"
#include "wire/utf8.hpp"

namespace holdfast::wire {

namespace {

constexpr DecodeError malformed(std::string_view what) {
  return {ReasonCode::malformed_packet, what};
}
constexpr DecodeError protocol_error(std::string_view what) {
  return {ReasonCode::protocol_error, what};
}

constexpr DecodeError cut_off = malformed("a packet is shorter than its fields [MQTT 5, 2.1.4]");
constexpr DecodeError too_long = malformed("a packet is longer than its fields [MQTT 5, 2.1.4]");
constexpr DecodeError no_identifier = protocol_error("packet identifier 0 [MQTT-2.2.1-3]");
constexpr DecodeError wrong_reason =
    protocol_error("a reason code that this packet may not have [MQTT 5, 2.4]");
constexpr DecodeError refused_with_session =
    protocol_error("a refusal with session present [MQTT 5, 3.2.2.1.1]");
constexpr DecodeError topic_with_wildcards{ReasonCode::topic_name_invalid,
                                           "a topic name has wildcards [MQTT-3.3.2-2]"};
constexpr DecodeError not_utf8 = malformed("a string is not UTF-8 or holds U+0000 [MQTT 5, 1.5.4]");

// Takes the properties off the reader, checked.
std::optional<DecodeError> take_properties(Reader& reader, Version version, PropertyPlace place,
                                           PropertiesView& properties) {
  if (version == Version::mqtt_3_1_1) return reader.failed() ? std::optional(cut_off) : std::nullopt;
  const std::uint32_t size = reader.variable();
  if (size == 0) return reader.failed() ? std::optional(cut_off) : std::nullopt;
  const auto bytes = reader.bytes(size);
  if (reader.failed()) return cut_off;
  if (auto error = check_properties(bytes, place)) return error;
  properties = PropertiesView(bytes);
  return std::nullopt;
}

// The same where they may be left out, and nothing follows.
std::optional<DecodeError> take_properties_at_end(Reader& reader, Version version, PropertyPlace place,
                                                  PropertiesView& properties) {
  if (reader.at_end()) return std::nullopt;
  if (auto error = take_properties(reader, version, place, properties)) return error;
  return reader.at_end() ? std::nullopt : std::optional(too_long);
}

PropertyPlace place_of(PacketType type) {
  switch (type) {
    case PacketType::puback:
      return PropertyPlace::puback;
    case PacketType::pubrec:
      return PropertyPlace::pubrec;
    case PacketType::pubrel:
      return PropertyPlace::pubrel;
    default:
      return PropertyPlace::pubcomp;
  }
}

// A code that the packet may not have still says whether it is a failure; which success it means, nobody
// knows.
template <class Packet>
bool take_code(PacketType type, std::uint8_t code, Packet& packet) {
  if (is_reason_code_of(type, code)) return true;
  packet.violation = &wrong_reason;
  return is_error(static_cast<ReasonCode>(code));
}

// The reason code and properties that may be left out at the end of a packet; an absent code is 0x00.
template <class Packet>
std::optional<DecodeError> take_reason(Reader& reader, Version version, PacketType type, PropertyPlace place,
                                       Packet& packet) {
  if (reader.at_end()) return std::nullopt;
  if (version == Version::mqtt_3_1_1) return too_long;
  const std::uint8_t code = reader.byte();
  if (!take_code(type, code, packet)) return wrong_reason;
  packet.reason_code = static_cast<ReasonCode>(code);
  return take_properties_at_end(reader, version, place, packet.properties);
}

Decoded<Suback> parse_codes(const Frame& frame, Version version, PropertyPlace place) {
  Reader reader(frame.body);
  Suback suback;
  suback.type = frame.type;
  suback.packet_identifier = reader.two_bytes();
  if (auto error = take_properties(reader, version, place, suback.properties)) return *error;
  if (suback.packet_identifier == 0) return no_identifier;
  suback.reason_codes = reader.rest();
  if (suback.reason_codes.empty()) return protocol_error("an answer without a reason code [MQTT 5, 3.9.3]");
  for (const std::byte code : suback.reason_codes) {
    if (version == Version::mqtt_3_1_1 && std::to_integer<std::uint8_t>(code) > 0x80) return wrong_reason;
    if (!take_code(frame.type, std::to_integer<std::uint8_t>(code), suback)) return wrong_reason;
  }
  return suback;
}

std::optional<DecodeError> take_will(Reader& reader, Version version, std::uint8_t flags, Connect& connect) {
  Will will;
  will.qos = static_cast<QoS>((flags >> 3) & 3);
  will.retain = (flags & 0x20) != 0;
  if (auto error = take_properties(reader, version, PropertyPlace::will, will.properties)) return error;
  will.topic = reader.string();
  will.payload = reader.binary();
  if (reader.failed()) return cut_off;
  if (!is_valid_utf8_string(will.topic)) return not_utf8;
  if (!is_valid_topic_name(will.topic))
    return protocol_error("a will topic is empty or has wildcards [MQTT 5, 4.7]");
  connect.will = will;
  return std::nullopt;
}

std::optional<DecodeError> take_credentials(Reader& reader, std::uint8_t flags, Connect& connect) {
  if ((flags & 0x80) != 0) connect.user_name = reader.string();
  if ((flags & 0x40) != 0) connect.password = reader.binary();
  if (reader.failed()) return cut_off;
  if (connect.user_name && !is_valid_utf8_string(*connect.user_name)) return not_utf8;
  return reader.at_end() ? std::nullopt : std::optional(too_long);
}

std::optional<DecodeError> take_subscription(Reader& reader, Version version, Subscribe& subscribe) {
  TopicSubscription subscription;
  subscription.filter = reader.string();
  const std::uint8_t options = reader.byte();
  if (reader.failed()) return cut_off;
  if (!is_valid_utf8_string(subscription.filter)) return not_utf8;
  if (!is_valid_topic_filter(subscription.filter)) return protocol_error("not a topic filter [MQTT 5, 4.7]");
  const int reserved = version == Version::mqtt_5 ? 0xC0 : 0xFC;
  if ((options & reserved) != 0) return malformed("reserved subscription options are set [MQTT-3.8.3-5]");
  if ((options & 0x03) == 3) return protocol_error("a subscription asks for QoS 3 [MQTT 5, 3.8.3.1]");
  if ((options & 0x30) == 0x30) return protocol_error("retain handling 3 [MQTT 5, 3.8.3.1]");
  subscription.maximum_qos = static_cast<QoS>(options & 0x03);
  subscription.no_local = (options & 0x04) != 0;
  subscription.retain_as_published = (options & 0x08) != 0;
  subscription.retain_handling = static_cast<RetainHandling>((options >> 4) & 0x03);
  if (subscription.no_local && is_shared(subscription.filter)) {
    return protocol_error("no local on a shared subscription [MQTT-3.8.3-4]");
  }
  subscribe.subscriptions.push_back(subscription);
  return std::nullopt;
}

// The rest of a CONNACK of 3.1.1. [MQTT 3.1.1, 3.2.2.3]
Decoded<Connack> parse_return_code(const Reader& reader, std::uint8_t code, Connack connack) {
  if (!reader.at_end()) return too_long;
  const auto reason = reason_of_return_code(code);
  if (!reason)
    return malformed("a CONNACK with a return code that MQTT 3.1.1 does not have [MQTT 3.1.1, 3.2.2.3]");
  connack.reason_code = *reason;
  if (connack.session_present && is_error(*reason)) return refused_with_session;
  return connack;
}

template <class Packet>
Decoded<Packet> parse_empty(const Frame& frame) {
  if (!frame.body.empty()) return too_long;
  return Packet{};
}

}  // namespace

Decoded<Connect> parse_connect(const Frame& frame, Version version) {
  Reader reader(frame.body);
  Connect connect;
  const std::string_view protocol = reader.string();
  const std::uint8_t level = reader.byte();
  const std::uint8_t flags = reader.byte();
  connect.keep_alive = reader.two_bytes();
  if (reader.failed()) return cut_off;
  if (protocol != "MQTT") return protocol_error("the protocol is not MQTT [MQTT-3.1.2-1]");
  if (level != static_cast<std::uint8_t>(version))
    return DecodeError{ReasonCode::unsupported_protocol_version, "another version [MQTT-3.1.2-2]"};
  if ((flags & 0x01) != 0) return malformed("the reserved connect flag is set [MQTT-3.1.2-3]");
  const bool has_will = (flags & 0x04) != 0;
  if ((flags & 0x18) == 0x18) return malformed("a will of QoS 3 [MQTT-3.1.2-12]");
  if (version == Version::mqtt_3_1_1 && (flags & 0xC0) == 0x40)
    return malformed("a password without a user name [MQTT 3.1.1, MQTT-3.1.2-22]");
  if (!has_will && (flags & 0x38) != 0) return malformed("will flags without a will [MQTT-3.1.2-11]");
  connect.clean_start = (flags & 0x02) != 0;
  if (auto error = take_properties(reader, version, PropertyPlace::connect, connect.properties))
    return *error;
  connect.client_identifier = reader.string();
  if (reader.failed()) return cut_off;
  if (!is_valid_utf8_string(connect.client_identifier)) return not_utf8;
  if (has_will) {
    if (auto error = take_will(reader, version, flags, connect)) return *error;
  }
  if (auto error = take_credentials(reader, flags, connect)) return *error;
  return connect;
}

Decoded<Connack> parse_connack(const Frame& frame, Version version) {
  Reader reader(frame.body);
  Connack connack;
  const std::uint8_t flags = reader.byte();
  const std::uint8_t code = reader.byte();
  if (reader.failed()) return cut_off;
  if ((flags & 0xFE) != 0) return malformed("reserved acknowledge flags are set [MQTT 5, 3.2.2.1]");
  connack.session_present = (flags & 0x01) != 0;
  if (version == Version::mqtt_3_1_1) return parse_return_code(reader, code, connack);
  // What a 3.1.1 broker answers to a CONNECT of version 5: no properties, and its own code for it. [MQTT
  // 5, 3.1.2.2]
  if (frame.body.size() == 2 && code == 1) {
    connack.reason_code = ReasonCode::unsupported_protocol_version;
    connack.session_present = false;
    return connack;
  }
  if (!is_reason_code_of(PacketType::connack, code)) return wrong_reason;
  connack.reason_code = static_cast<ReasonCode>(code);
  if (connack.session_present && is_error(connack.reason_code)) return refused_with_session;
  if (auto error = take_properties(reader, version, PropertyPlace::connack, connack.properties))
    return *error;
  if (!reader.at_end()) return too_long;
  return connack;
}

Decoded<Publish> parse_publish(const Frame& frame, Version version) {
  Reader reader(frame.body);
  Publish publish;
  publish.dup = (frame.flags & 0x08) != 0;
  publish.qos = static_cast<QoS>((frame.flags >> 1) & 0x03);
  publish.retain = (frame.flags & 0x01) != 0;
  publish.topic = reader.string();
  if (publish.qos != QoS::at_most_once) {
    publish.packet_identifier = reader.two_bytes();
    if (publish.packet_identifier == 0) return reader.failed() ? cut_off : no_identifier;
  } else if (publish.dup) {
    return malformed("DUP at QoS 0 [MQTT-3.3.1-2]");
  }
  if (auto error = take_properties(reader, version, PropertyPlace::publish, publish.properties))
    return *error;
  if (!publish.topic.empty() && !is_valid_topic_name(publish.topic)) {
    if (!is_valid_utf8_string(publish.topic)) return not_utf8;
    publish.violation = &topic_with_wildcards;
  }
  publish.payload = reader.rest();
  return publish;
}

Decoded<Acknowledgement> parse_acknowledgement(const Frame& frame, Version version) {
  Acknowledgement acknowledgement;
  acknowledgement.type = frame.type;
  Reader reader(frame.body);
  acknowledgement.packet_identifier = reader.two_bytes();
  if (reader.failed()) return cut_off;
  if (acknowledgement.packet_identifier == 0) return no_identifier;
  if (auto error = take_reason(reader, version, frame.type, place_of(frame.type), acknowledgement))
    return *error;
  return acknowledgement;
}

Decoded<Subscribe> parse_subscribe(const Frame& frame, Version version) {
  Reader reader(frame.body);
  Subscribe subscribe;
  subscribe.packet_identifier = reader.two_bytes();
  if (auto error = take_properties(reader, version, PropertyPlace::subscribe, subscribe.properties))
    return *error;
  if (subscribe.packet_identifier == 0) return no_identifier;
  if (reader.at_end()) return protocol_error("a SUBSCRIBE without a filter [MQTT-3.8.3-2]");
  while (!reader.at_end()) {
    if (auto error = take_subscription(reader, version, subscribe)) return *error;
  }
  return subscribe;
}

Decoded<Suback> parse_suback(const Frame& frame, Version version) {
  return parse_codes(frame, version, PropertyPlace::suback);
}
Decoded<Suback> parse_unsuback(const Frame& frame, Version version) {
  if (version == Version::mqtt_5) return parse_codes(frame, version, PropertyPlace::unsuback);
  Reader reader(frame.body);
  Suback unsuback;
  unsuback.type = frame.type;
  unsuback.packet_identifier = reader.two_bytes();
  if (reader.failed()) return cut_off;
  if (unsuback.packet_identifier == 0) return no_identifier;
  if (!reader.at_end()) return too_long;
  return unsuback;
}

Decoded<Unsubscribe> parse_unsubscribe(const Frame& frame, Version version) {
  Reader reader(frame.body);
  Unsubscribe unsubscribe;
  unsubscribe.packet_identifier = reader.two_bytes();
  if (auto error = take_properties(reader, version, PropertyPlace::unsubscribe, unsubscribe.properties))
    return *error;
  if (unsubscribe.packet_identifier == 0) return no_identifier;
  if (reader.at_end()) return protocol_error("an UNSUBSCRIBE without a filter [MQTT-3.10.3-2]");
  while (!reader.at_end()) {
    const std::string_view filter = reader.string();
    if (reader.failed()) return cut_off;
    if (!is_valid_utf8_string(filter)) return not_utf8;
    if (!is_valid_topic_filter(filter)) return protocol_error("not a topic filter [MQTT 5, 4.7]");
    unsubscribe.filters.push_back(filter);
  }
  return unsubscribe;
}

Decoded<Pingreq> parse_pingreq(const Frame& frame) {
  return parse_empty<Pingreq>(frame);
}
Decoded<Pingresp> parse_pingresp(const Frame& frame) {
  return parse_empty<Pingresp>(frame);
}

Decoded<Disconnect> parse_disconnect(const Frame& frame, Version version) {
  Reader reader(frame.body);
  Disconnect disconnect;
  if (auto error = take_reason(reader, version, frame.type, PropertyPlace::disconnect, disconnect))
    return *error;
  return disconnect;
}

Decoded<Auth> parse_auth(const Frame& frame) {
  Reader reader(frame.body);
  Auth auth;
  if (!reader.at_end()) {
    const std::uint8_t code = reader.byte();
    if (!is_reason_code_of(frame.type, code)) return wrong_reason;
    auth.reason_code = static_cast<ReasonCode>(code);
    if (auto error = take_properties_at_end(reader, Version::mqtt_5, PropertyPlace::auth, auth.properties))
      return *error;
  }
  if (auth.reason_code != ReasonCode::success && !auth.properties.string(PropertyId::authentication_method)) {
    return protocol_error("AUTH without an authentication method [MQTT 5, 3.15.2.2.2]");
  }
  return auth;
}

}  // namespace holdfast::wire
