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
void encode(const Packet& packet, wire::Version version, Bytes& out) {
  if constexpr (requires { wire::encode(packet, version, out); }) {
    wire::encode(packet, version, out);
  } else {
    wire::encode(packet, out);
  }
}

struct Samples {
  wire::Version version;
  std::vector<SamplePacket> packets = {};

  template <class Packet>
  void add(const char* name, PacketType type, const Packet& packet) {
    packets.push_back({name, type, {}});
    encode(packet, version, packets.back().bytes);
  }
};

PropertyPlace place_of(PacketType type) {
  constexpr std::array places{PropertyPlace::connect,     PropertyPlace::connack,    PropertyPlace::publish,
                              PropertyPlace::puback,      PropertyPlace::pubrec,     PropertyPlace::pubrel,
                              PropertyPlace::pubcomp,     PropertyPlace::subscribe,  PropertyPlace::suback,
                              PropertyPlace::unsubscribe, PropertyPlace::unsuback,   PropertyPlace::connect,
                              PropertyPlace::connect,     PropertyPlace::disconnect, PropertyPlace::auth};
  return places[static_cast<std::size_t>(type) - 1];
}

void add_connects(Samples& packets, const Bytes& properties, const Bytes& will_properties) {
  packets.add("CONNECT, bare", PacketType::connect, wire::Connect{});
  wire::Connect full{.clean_start = true, .keep_alive = 60, .client_identifier = "client"};
  full.properties = PropertiesView(properties);
  full.will =
      wire::Will{QoS::exactly_once, true, "will/topic", bytes_of("gone"), PropertiesView(will_properties)};
  full.user_name = "user";
  full.password = bytes_of("secret");
  packets.add("CONNECT, full", PacketType::connect, full);
}

void add_publishes(Samples& packets, const Bytes& properties) {
  packets.add("PUBLISH, QoS 0", PacketType::publish, wire::Publish{.topic = "a/b"});
  for (const auto qos : {QoS::at_least_once, QoS::exactly_once}) {
    packets.add(
        "PUBLISH, full", PacketType::publish,
        wire::Publish{true, qos, true, "a/b", 65535, PropertiesView(properties), bytes_of("payload")});
  }
}

void add_acknowledgements(Samples& packets) {
  for (const auto type : {PacketType::puback, PacketType::pubrec, PacketType::pubrel, PacketType::pubcomp}) {
    const bool first_half = type == PacketType::puback || type == PacketType::pubrec;
    const ReasonCode failure =
        first_half ? ReasonCode::not_authorized : ReasonCode::packet_identifier_not_found;
    const Bytes properties = sample_properties(place_of(type));
    packets.add("acknowledgement, success", type, wire::Acknowledgement{type, 1});
    packets.add("acknowledgement, failure", type, wire::Acknowledgement{type, 2, failure});
    packets.add("acknowledgement, full", type,
                wire::Acknowledgement{type, 3, failure, PropertiesView(properties)});
  }
}

void add_subscriptions(Samples& packets) {
  const Bytes subscribe = sample_properties(PropertyPlace::subscribe);
  const Bytes unsubscribe = sample_properties(PropertyPlace::unsubscribe);
  packets.add("SUBSCRIBE", PacketType::subscribe,
              wire::Subscribe{7,
                              PropertiesView(subscribe),
                              {{"a/+/c", QoS::exactly_once, true, true, RetainHandling::do_not_send},
                               {"$share/group/#", QoS::at_least_once, false, false, RetainHandling::send}}});
  packets.add("UNSUBSCRIBE", PacketType::unsubscribe,
              wire::Unsubscribe{8, PropertiesView(unsubscribe), {"a/+/c", "#"}});
  const std::array granted{std::byte{0x02},
                           packets.version == wire::Version::mqtt_5 ? std::byte{0x87} : std::byte{0x80}};
  const std::array gone{std::byte{0x00}, std::byte{0x11}};
  for (const auto type : {PacketType::suback, PacketType::unsuback}) {
    const Bytes properties = sample_properties(place_of(type));
    packets.add("SUBACK or UNSUBACK", type,
                wire::Suback{type, 9, PropertiesView(properties),
                             type == PacketType::suback ? std::span<const std::byte>(granted)
                                                        : std::span<const std::byte>(gone)});
  }
}

std::vector<SamplePacket> make_packets(wire::Version version) {
  const bool newer = version == wire::Version::mqtt_5;
  Samples packets{version};
  add_connects(packets, sample_properties(PropertyPlace::connect), sample_properties(PropertyPlace::will));
  const Bytes connack = sample_properties(PropertyPlace::connack);
  packets.add("CONNACK", PacketType::connack, wire::Connack{true});
  packets.add("CONNACK, full", PacketType::connack,
              wire::Connack{false, newer ? ReasonCode::use_another_server : ReasonCode::not_authorized,
                            PropertiesView(connack)});
  add_publishes(packets, sample_properties(PropertyPlace::publish));
  add_acknowledgements(packets);
  add_subscriptions(packets);
  packets.add("PINGREQ", PacketType::pingreq, wire::Pingreq{});
  packets.add("PINGRESP", PacketType::pingresp, wire::Pingresp{});
  const Bytes disconnect = sample_properties(PropertyPlace::disconnect);
  packets.add("DISCONNECT", PacketType::disconnect, wire::Disconnect{});
  packets.add("DISCONNECT, reason", PacketType::disconnect, wire::Disconnect{ReasonCode::server_busy});
  packets.add("DISCONNECT, full", PacketType::disconnect,
              wire::Disconnect{ReasonCode::success, PropertiesView(disconnect)});
  if (!newer) return packets.packets;
  const Bytes auth = sample_properties(PropertyPlace::auth);
  packets.add("AUTH, full", PacketType::auth,
              wire::Auth{ReasonCode::continue_authentication, PropertiesView(auth)});
  packets.add("AUTH", PacketType::auth, wire::Auth{});
  return packets.packets;
}

template <class Packet>
bool encode_again(const wire::Decoded<Packet>& packet, wire::Version version, Bytes& again,
                  wire::DecodeError& error) {
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
  encode(*packet, version, again);
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

const std::vector<SamplePacket>& sample_packets(wire::Version version) {
  static const std::vector<SamplePacket> newer = make_packets(wire::Version::mqtt_5);
  static const std::vector<SamplePacket> older = make_packets(wire::Version::mqtt_3_1_1);
  return version == wire::Version::mqtt_5 ? newer : older;
}

bool parse_and_encode(const wire::Frame& frame, Bytes& again, wire::DecodeError& error,
                      wire::Version version) {
  switch (frame.type) {
    case PacketType::connect:
      return encode_again(wire::parse_connect(frame, version), version, again, error);
    case PacketType::connack:
      return encode_again(wire::parse_connack(frame, version), version, again, error);
    case PacketType::publish:
      return encode_again(wire::parse_publish(frame, version), version, again, error);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return encode_again(wire::parse_acknowledgement(frame, version), version, again, error);
    case PacketType::subscribe:
      return encode_again(wire::parse_subscribe(frame, version), version, again, error);
    case PacketType::suback:
      return encode_again(wire::parse_suback(frame, version), version, again, error);
    case PacketType::unsubscribe:
      return encode_again(wire::parse_unsubscribe(frame, version), version, again, error);
    case PacketType::unsuback:
      return encode_again(wire::parse_unsuback(frame, version), version, again, error);
    case PacketType::pingreq:
      return encode_again(wire::parse_pingreq(frame), version, again, error);
    case PacketType::pingresp:
      return encode_again(wire::parse_pingresp(frame), version, again, error);
    case PacketType::disconnect:
      return encode_again(wire::parse_disconnect(frame, version), version, again, error);
    case PacketType::auth:
      if (version == wire::Version::mqtt_3_1_1) {
        error = {ReasonCode::malformed_packet, "reserved"};
        return false;
      }
      return encode_again(wire::parse_auth(frame), version, again, error);
  }
  return false;
}

}  // namespace holdfast::support
