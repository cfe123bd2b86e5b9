#include "support/sample_packets.hpp"

#include <array>
#include <string_view>

#include "wire/encoder.hpp"
#include "wire/parser.hpp"

namespace holdfast::support {

namespace {

using wire::PacketType;
using wire::PropertiesView;
using wire::PropertyPlace;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

void append_value(const wire::PropertyRule& rule, wire::PropertyWriter& writer) {
  switch (rule.type) {
    case wire::PropertyType::utf8_string:
      writer.string(rule.id, "täxt");
      break;
    case wire::PropertyType::binary_data:
      writer.binary(rule.id, bytes_of(std::string_view("\0\xFF", 2)));
      break;
    case wire::PropertyType::utf8_string_pair:
      writer.user_property("name", "");
      break;
    default:
      writer.number(rule.id, rule.maximum);
      break;
  }
}

template <class Packet>
SamplePacket sample(const char* name, PacketType type, const Packet& packet) {
  SamplePacket made{name, type, {}};
  wire::encode(packet, made.bytes);
  return made;
}

PropertyPlace place_of(PacketType type) {
  constexpr std::array places{PropertyPlace::connect,     PropertyPlace::connack,    PropertyPlace::publish,
                              PropertyPlace::puback,      PropertyPlace::pubrec,     PropertyPlace::pubrel,
                              PropertyPlace::pubcomp,     PropertyPlace::subscribe,  PropertyPlace::suback,
                              PropertyPlace::unsubscribe, PropertyPlace::unsuback,   PropertyPlace::connect,
                              PropertyPlace::connect,     PropertyPlace::disconnect, PropertyPlace::auth};
  return places[static_cast<std::size_t>(type) - 1];
}

void add_connects(std::vector<SamplePacket>& packets, const Bytes& properties, const Bytes& will_properties) {
  packets.push_back(sample("CONNECT, bare", PacketType::connect, wire::Connect{}));
  wire::Connect full{.clean_start = true, .keep_alive = 60, .client_identifier = "client"};
  full.properties = PropertiesView(properties);
  full.will =
      wire::Will{QoS::exactly_once, true, "will/topic", bytes_of("gone"), PropertiesView(will_properties)};
  full.user_name = "user";
  full.password = bytes_of("secret");
  packets.push_back(sample("CONNECT, full", PacketType::connect, full));
}

void add_publishes(std::vector<SamplePacket>& packets, const Bytes& properties) {
  packets.push_back(sample("PUBLISH, QoS 0", PacketType::publish, wire::Publish{.topic = "a/b"}));
  for (const auto qos : {QoS::at_least_once, QoS::exactly_once}) {
    packets.push_back(sample(
        "PUBLISH, full", PacketType::publish,
        wire::Publish{true, qos, true, "a/b", 65535, PropertiesView(properties), bytes_of("payload")}));
  }
}

void add_acknowledgements(std::vector<SamplePacket>& packets) {
  for (const auto type : {PacketType::puback, PacketType::pubrec, PacketType::pubrel, PacketType::pubcomp}) {
    const bool first_half = type == PacketType::puback || type == PacketType::pubrec;
    const ReasonCode failure =
        first_half ? ReasonCode::not_authorized : ReasonCode::packet_identifier_not_found;
    const Bytes properties = sample_properties(place_of(type));
    packets.push_back(sample("acknowledgement, success", type, wire::Acknowledgement{type, 1}));
    packets.push_back(sample("acknowledgement, failure", type, wire::Acknowledgement{type, 2, failure}));
    packets.push_back(sample("acknowledgement, full", type,
                             wire::Acknowledgement{type, 3, failure, PropertiesView(properties)}));
  }
}

void add_subscriptions(std::vector<SamplePacket>& packets) {
  const Bytes subscribe = sample_properties(PropertyPlace::subscribe);
  const Bytes unsubscribe = sample_properties(PropertyPlace::unsubscribe);
  packets.push_back(
      sample("SUBSCRIBE", PacketType::subscribe,
             wire::Subscribe{7,
                             PropertiesView(subscribe),
                             {{"a/+/c", QoS::exactly_once, true, true, RetainHandling::do_not_send},
                              {"$share/group/#", QoS::at_least_once, false, false, RetainHandling::send}}}));
  packets.push_back(sample("UNSUBSCRIBE", PacketType::unsubscribe,
                           wire::Unsubscribe{8, PropertiesView(unsubscribe), {"a/+/c", "#"}}));
  const std::array granted{std::byte{0x02}, std::byte{0x87}};
  const std::array gone{std::byte{0x00}, std::byte{0x11}};
  for (const auto type : {PacketType::suback, PacketType::unsuback}) {
    const Bytes properties = sample_properties(place_of(type));
    packets.push_back(sample("SUBACK or UNSUBACK", type,
                             wire::Suback{type, 9, PropertiesView(properties),
                                          type == PacketType::suback ? std::span<const std::byte>(granted)
                                                                     : std::span<const std::byte>(gone)}));
  }
}

std::vector<SamplePacket> make_packets() {
  std::vector<SamplePacket> packets;
  add_connects(packets, sample_properties(PropertyPlace::connect), sample_properties(PropertyPlace::will));
  const Bytes connack = sample_properties(PropertyPlace::connack);
  packets.push_back(sample("CONNACK", PacketType::connack, wire::Connack{true}));
  packets.push_back(sample("CONNACK, full", PacketType::connack,
                           wire::Connack{false, ReasonCode::use_another_server, PropertiesView(connack)}));
  add_publishes(packets, sample_properties(PropertyPlace::publish));
  add_acknowledgements(packets);
  add_subscriptions(packets);
  packets.push_back(sample("PINGREQ", PacketType::pingreq, wire::Pingreq{}));
  packets.push_back(sample("PINGRESP", PacketType::pingresp, wire::Pingresp{}));
  const Bytes disconnect = sample_properties(PropertyPlace::disconnect);
  packets.push_back(sample("DISCONNECT", PacketType::disconnect, wire::Disconnect{}));
  packets.push_back(
      sample("DISCONNECT, reason", PacketType::disconnect, wire::Disconnect{ReasonCode::server_busy}));
  packets.push_back(sample("DISCONNECT, full", PacketType::disconnect,
                           wire::Disconnect{ReasonCode::success, PropertiesView(disconnect)}));
  const Bytes auth = sample_properties(PropertyPlace::auth);
  packets.push_back(sample("AUTH, full", PacketType::auth,
                           wire::Auth{ReasonCode::continue_authentication, PropertiesView(auth)}));
  packets.push_back(sample("AUTH", PacketType::auth, wire::Auth{}));
  return packets;
}

template <class Packet>
bool encode_again(const wire::Decoded<Packet>& packet, Bytes& again, wire::DecodeError& error) {
  if (!packet) {
    error = packet.error();
    return false;
  }
  if constexpr (requires { packet->violation; }) {
    if (packet->violation != nullptr) {
      error = *packet->violation;
      return false;
    }
  }
  again.clear();
  wire::encode(*packet, again);
  return true;
}

}  // namespace

Bytes sample_property(const wire::PropertyRule& rule, wire::PropertyPlace place) {
  Bytes bytes;
  wire::PropertyWriter writer(bytes);
  append_value(rule, writer);
  if ((rule.repeats & static_cast<unsigned>(place)) != 0) append_value(rule, writer);
  return bytes;
}

Bytes sample_properties(wire::PropertyPlace place) {
  Bytes all;
  for (const auto& rule : wire::property_rules()) {
    if ((rule.places & static_cast<unsigned>(place)) == 0) continue;
    const Bytes one = sample_property(rule, place);
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

const std::vector<SamplePacket>& sample_packets() {
  static const std::vector<SamplePacket> packets = make_packets();
  return packets;
}

bool parse_and_encode(const wire::Frame& frame, Bytes& again, wire::DecodeError& error) {
  switch (frame.type) {
    case PacketType::connect:
      return encode_again(wire::parse_connect(frame), again, error);
    case PacketType::connack:
      return encode_again(wire::parse_connack(frame), again, error);
    case PacketType::publish:
      return encode_again(wire::parse_publish(frame), again, error);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return encode_again(wire::parse_acknowledgement(frame), again, error);
    case PacketType::subscribe:
      return encode_again(wire::parse_subscribe(frame), again, error);
    case PacketType::suback:
      return encode_again(wire::parse_suback(frame), again, error);
    case PacketType::unsubscribe:
      return encode_again(wire::parse_unsubscribe(frame), again, error);
    case PacketType::unsuback:
      return encode_again(wire::parse_unsuback(frame), again, error);
    case PacketType::pingreq:
      return encode_again(wire::parse_pingreq(frame), again, error);
    case PacketType::pingresp:
      return encode_again(wire::parse_pingresp(frame), again, error);
    case PacketType::disconnect:
      return encode_again(wire::parse_disconnect(frame), again, error);
    case PacketType::auth:
      return encode_again(wire::parse_auth(frame), again, error);
  }
  return false;
}

}  // namespace holdfast::support
