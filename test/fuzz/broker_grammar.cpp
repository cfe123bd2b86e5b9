#include "fuzz/broker_grammar.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "fuzz/engine_options.hpp"
#include "wire/encoder.hpp"
#include "wire/packets.hpp"
#include "wire/property.hpp"
#include "wire/return_code.hpp"

namespace holdfast::fuzz {

namespace {

using wire::PacketType;
using wire::PropertyPlace;

// Few, so that they meet those in use.
std::uint16_t identifier(Input& input) {
  const std::uint8_t byte = input.byte();
  return byte == 255 ? std::uint16_t{0} : static_cast<std::uint16_t>(1 + byte % 12);
}

std::uint32_t number(Input& input, const wire::PropertyRule& rule) {
  if (input.one_in(16)) return input.four_bytes();  // Perhaps out of its range.
  const std::uint32_t value = input.byte() % 8;
  return std::clamp(value, rule.minimum, rule.maximum);
}

void append_property(Input& input, const wire::PropertyRule& rule, std::vector<std::byte>& bytes) {
  static constexpr std::array<std::string_view, 5> texts{"", "text", "a/b", "a/#", "\xff"};
  wire::PropertyWriter writer(bytes);
  switch (rule.type) {
    case wire::PropertyType::byte:
      writer.number(rule.id, number(input, rule) & 0xFF);
      return;
    case wire::PropertyType::two_byte_integer:
      writer.number(rule.id, number(input, rule) & 0xFFFF);
      return;
    case wire::PropertyType::four_byte_integer:
      writer.number(rule.id, number(input, rule));
      return;
    case wire::PropertyType::variable_byte_integer:
      writer.number(rule.id, number(input, rule) & 0xFFFFFFF);
      return;
    case wire::PropertyType::utf8_string:
      writer.string(rule.id, input.one_of(texts));
      return;
    case wire::PropertyType::binary_data:
      writer.binary(rule.id, input.bytes(input.below(4)));
      return;
    case wire::PropertyType::utf8_string_pair:
      writer.user_property(input.one_of(texts), "value");
      return;
  }
}

// Mostly what may stand there, now and then anything.
std::vector<std::byte> properties(Input& input, PropertyPlace place) {
  std::vector<std::byte> bytes;
  const auto rules = wire::property_rules();
  for (std::size_t i = 0, count = input.below(4); i < count; ++i) {
    const bool any = input.one_in(32);
    for (std::size_t at = input.byte(), tries = 0; tries < rules.size(); ++at, ++tries) {
      const wire::PropertyRule& rule = rules[at % rules.size()];
      if (!any && (rule.places & static_cast<unsigned>(place)) == 0) continue;
      append_property(input, rule, bytes);
      break;
    }
  }
  return bytes;
}

ReasonCode reason(Input& input) {
  static constexpr std::array<std::uint8_t, 8> codes{0x00, 0x10, 0x80, 0x87, 0x92, 0x97, 0x8E, 0x9C};
  return static_cast<ReasonCode>(input.one_in(16) ? input.byte() : input.one_of(codes));
}

void append_publish(Input& input, wire::Version version, std::vector<std::byte>& bytes) {
  static constexpr std::array<std::string_view, 6> topics{
      "t", "a/b", "", "a/#", "long/topic/of/many/levels", "\xff"};
  static constexpr std::array<std::byte, 1'000> payload{};
  const auto list = properties(input, PropertyPlace::publish);
  wire::Publish publish;
  publish.qos = static_cast<QoS>(input.below(3));
  publish.dup = publish.qos != QoS::at_most_once && input.one_in(3);
  publish.retain = input.one_in(8);
  publish.topic = input.one_of(topics);
  publish.packet_identifier = identifier(input);
  publish.properties = wire::PropertiesView(list);
  publish.payload = std::span(payload).first(input.one_of(std::array<std::size_t, 4>{1, 0, 60, 1'000}));
  wire::encode(publish, version, bytes);
}

void append_acknowledgement(Input& input, wire::Version version, std::vector<std::byte>& bytes) {
  static constexpr std::array types{PacketType::puback, PacketType::pubrec, PacketType::pubrel,
                                    PacketType::pubcomp};
  static constexpr std::array places{PropertyPlace::puback, PropertyPlace::pubrec, PropertyPlace::pubrel,
                                     PropertyPlace::pubcomp};
  const std::size_t which = input.below(types.size());
  const auto list = properties(input, places[which]);
  wire::encode(
      wire::Acknowledgement{types[which], identifier(input), reason(input), wire::PropertiesView(list)},
      version, bytes);
}

void append_suback(Input& input, wire::Version version, std::vector<std::byte>& bytes) {
  const bool suback = input.one_in(2);
  const auto list = properties(input, suback ? PropertyPlace::suback : PropertyPlace::unsuback);
  std::array<std::byte, 3> codes{};
  for (std::byte& code : codes)
    code = static_cast<std::byte>(reason(input));
  wire::encode(wire::Suback{suback ? PacketType::suback : PacketType::unsuback, identifier(input),
                            wire::PropertiesView(list), std::span(codes).first(input.below(4))},
               version, bytes);
}

// One byte of it is another one.
void damage(Input& input, std::span<std::byte> packet) {
  if (packet.empty()) return;
  packet[input.byte() % packet.size()] = static_cast<std::byte>(input.byte());
}

void append_disconnect(Input& input, wire::Version version, std::vector<std::byte>& bytes) {
  const auto list = properties(input, PropertyPlace::disconnect);
  wire::encode(wire::Disconnect{reason(input), wire::PropertiesView(list)}, version, bytes);
}

wire::Version other(wire::Version version) {
  return version == wire::Version::mqtt_5 ? wire::Version::mqtt_3_1_1 : wire::Version::mqtt_5;
}

ReasonCode refusal(Input& input, wire::Version version) {
  if (version == wire::Version::mqtt_3_1_1) return input.one_of(wire::return_codes);
  return input.one_in(2) ? ReasonCode::unsupported_protocol_version : reason(input);
}

void append_method(Input& input, const Greeting& greeting, std::vector<std::byte>& bytes) {
  const std::size_t choice = input.below(16);
  wire::PropertyWriter writer(bytes);
  if (choice == 15 || (greeting.authenticates && choice != 14))
    writer.string(wire::PropertyId::authentication_method, choice == 13 ? "other" : authentication_method);
  if (choice % 4 == 1)
    writer.string(wire::PropertyId::authentication_data, input.one_in(4) ? "\xff" : "data");
}

void append_answer(const Unanswered& packet, const Greeting& greeting, ReasonCode taken,
                   std::vector<std::byte>& bytes) {
  static constexpr std::array<std::byte, 8> granted{};
  switch (packet.type) {
    case PacketType::publish: {
      const auto type = packet.qos == QoS::at_least_once ? PacketType::puback : PacketType::pubrec;
      return wire::encode(wire::Acknowledgement{type, packet.packet_identifier, taken}, greeting.version,
                          bytes);
    }
    case PacketType::pubrel:
      return wire::encode(wire::Acknowledgement{PacketType::pubcomp, packet.packet_identifier},
                          greeting.version, bytes);
    case PacketType::subscribe:
    case PacketType::unsubscribe: {
      const auto type = packet.type == PacketType::subscribe ? PacketType::suback : PacketType::unsuback;
      return wire::encode(
          wire::Suback{type, packet.packet_identifier, {}, std::span(granted).first(packet.filters)},
          greeting.version, bytes);
    }
    default:
      return wire::encode(wire::Pingresp{}, bytes);
  }
}

}  // namespace

void append_connack(Input& input, const Greeting& greeting, std::vector<std::byte>& bytes) {
  const std::uint8_t choices = input.byte();
  auto list = properties(input, PropertyPlace::connack);
  if (greeting.authenticates) append_method(input, greeting, list);
  wire::Connack connack;
  connack.session_present = (choices & 1) != 0;
  if ((choices & 0x70) == 0x70) connack.reason_code = refusal(input, greeting.version);
  connack.properties = wire::PropertiesView(list);
  wire::encode(connack, greeting.version, bytes);
}

void append_welcome(const Greeting& greeting, std::vector<std::byte>& bytes) {
  std::vector<std::byte> list;
  if (greeting.authenticates)
    wire::PropertyWriter(list).string(wire::PropertyId::authentication_method, authentication_method);
  wire::Connack connack;
  connack.properties = wire::PropertiesView(list);
  wire::encode(connack, greeting.version, bytes);
}

void append_auth(Input& input, const Greeting& greeting, std::vector<std::byte>& bytes) {
  static constexpr std::array codes{ReasonCode::continue_authentication, ReasonCode::success,
                                    ReasonCode::continue_authentication, ReasonCode::re_authenticate};
  const ReasonCode code = input.one_in(32) ? reason(input) : input.one_of(codes);
  std::vector<std::byte> list;
  append_method(input, greeting, list);
  if (input.one_in(8)) {
    const auto more = properties(input, PropertyPlace::auth);
    list.insert(list.end(), more.begin(), more.end());
  }
  wire::encode(wire::Auth{code, wire::PropertiesView(list)}, bytes);
}

void append_packet(Input& input, const Greeting& greeting, std::vector<std::byte>& bytes) {
  const std::size_t before = bytes.size();
  const std::size_t fate = input.below(32);
  const wire::Version version = fate == 31 ? other(greeting.version) : greeting.version;
  switch (input.below(10)) {
    case 0:
    case 1:
    case 2:
      append_publish(input, version, bytes);
      break;
    case 3:
    case 4:
    case 5:
      append_acknowledgement(input, version, bytes);
      break;
    case 6:
      append_suback(input, version, bytes);
      break;
    case 7:
      wire::encode(wire::Pingresp{}, bytes);
      break;
    case 8:
      append_disconnect(input, version, bytes);
      break;
    default:
      append_auth(input, greeting, bytes);
  }
  if (fate >= 28) damage(input, std::span(bytes).subspan(before));
}

void append_answers(Input& input, const Greeting& greeting, std::vector<Unanswered>& unanswered,
                    std::vector<std::byte>& bytes) {
  const std::size_t count = std::min(1 + input.below(8), unanswered.size());
  // Refusing a message is honest, too; so is what RabbitMQ makes of QoS 2 in MQTT 3.1.1.
  const std::size_t choice = input.below(4);
  const ReasonCode taken = choice == 3 ? ReasonCode::quota_exceeded : ReasonCode::success;
  for (Unanswered& packet : std::span(unanswered).first(count)) {
    if (choice == 2 && greeting.version == wire::Version::mqtt_3_1_1) packet.qos = QoS::at_least_once;
    if (packet.type == PacketType::auth) {
      append_auth(input, greeting, bytes);
    } else {
      append_answer(packet, greeting, taken, bytes);
    }
  }
  unanswered.erase(unanswered.begin(), unanswered.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace holdfast::fuzz
