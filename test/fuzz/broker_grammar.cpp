#include "fuzz/broker_grammar.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "wire/encoder.hpp"
#include "wire/packets.hpp"
#include "wire/property.hpp"

namespace holdfast::fuzz {

namespace {

// What all of these sessions speak.
constexpr wire::Version version = wire::Version::mqtt_5;

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

void append_publish(Input& input, std::vector<std::byte>& bytes) {
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

void append_acknowledgement(Input& input, std::vector<std::byte>& bytes) {
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

void append_suback(Input& input, std::vector<std::byte>& bytes) {
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

}  // namespace

void append_connack(Input& input, std::vector<std::byte>& bytes) {
  const std::uint8_t choices = input.byte();
  const auto list = properties(input, PropertyPlace::connack);
  wire::Connack connack;
  connack.session_present = (choices & 1) != 0;
  if ((choices & 0x70) == 0x70) connack.reason_code = reason(input);
  connack.properties = wire::PropertiesView(list);
  wire::encode(connack, version, bytes);
}

void append_packet(Input& input, std::vector<std::byte>& bytes) {
  const std::size_t before = bytes.size();
  switch (input.below(10)) {
    case 0:
    case 1:
    case 2:
      append_publish(input, bytes);
      break;
    case 3:
    case 4:
    case 5:
      append_acknowledgement(input, bytes);
      break;
    case 6:
      append_suback(input, bytes);
      break;
    case 7:
      wire::encode(wire::Pingresp{}, bytes);
      break;
    case 8: {
      const auto list = properties(input, PropertyPlace::disconnect);
      wire::encode(wire::Disconnect{reason(input), wire::PropertiesView(list)}, version, bytes);
      break;
    }
    default: {
      const auto list = properties(input, PropertyPlace::auth);
      wire::encode(wire::Auth{reason(input), wire::PropertiesView(list)}, bytes);
    }
  }
  if (input.one_in(12)) damage(input, std::span(bytes).subspan(before));
}

void append_answers(Input& input, std::vector<Unanswered>& unanswered, std::vector<std::byte>& bytes) {
  static constexpr std::array<std::byte, 8> granted{};
  const std::size_t count = std::min(1 + input.below(8), unanswered.size());
  // Refusing a message is honest, too.
  const ReasonCode taken = input.one_in(4) ? ReasonCode::quota_exceeded : ReasonCode::success;
  for (const Unanswered& packet : std::span(unanswered).first(count)) {
    switch (packet.type) {
      case PacketType::publish: {
        const auto type = packet.qos == QoS::at_least_once ? PacketType::puback : PacketType::pubrec;
        wire::encode(wire::Acknowledgement{type, packet.packet_identifier, taken}, version, bytes);
        break;
      }
      case PacketType::pubrel:
        wire::encode(wire::Acknowledgement{PacketType::pubcomp, packet.packet_identifier}, version, bytes);
        break;
      case PacketType::subscribe:
      case PacketType::unsubscribe:
        wire::encode(
            wire::Suback{packet.type == PacketType::subscribe ? PacketType::suback : PacketType::unsuback,
                         packet.packet_identifier,
                         {},
                         std::span(granted).first(packet.filters)},
            version, bytes);
        break;
      default:
        wire::encode(wire::Pingresp{}, bytes);
    }
  }
  unanswered.erase(unanswered.begin(), unanswered.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace holdfast::fuzz
