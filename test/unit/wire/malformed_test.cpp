#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/sample_packets.hpp"
#include "wire/frame_decoder.hpp"
#include "wire/parser.hpp"

using namespace holdfast;
using support::Bytes;

namespace {

// What the bytes are: nothing wrong (success), or the reason code they are refused with.
ReasonCode verdict(const Bytes& bytes, std::uint32_t maximum = 268'435'460) {
  wire::FrameDecoder decoder(maximum);
  decoder.feed(bytes);
  wire::Frame frame;
  wire::Oversize oversize;
  const wire::Step step = decoder.next(frame, oversize);
  if (step == wire::Step::malformed) return decoder.error().reason;
  REQUIRE(step == wire::Step::frame);
  Bytes again;
  wire::DecodeError error{ReasonCode::success, {}};
  static_cast<void>(support::parse_and_encode(frame, again, error));
  CHECK(error.what.empty() == (error.reason == ReasonCode::success));
  return error.reason;
}

Bytes bytes(std::initializer_list<int> values) {
  Bytes made;
  for (const int value : values)
    made.push_back(static_cast<std::byte>(value));
  return made;
}

// The packet with `body` behind its fixed header; bodies here are below 128 bytes.
Bytes packet(int first, const Bytes& body) {
  Bytes made = bytes({first, static_cast<int>(body.size())});
  made.insert(made.end(), body.begin(), body.end());
  return made;
}

constexpr ReasonCode malformed = ReasonCode::malformed_packet;
constexpr ReasonCode protocol_error = ReasonCode::protocol_error;

struct Case {
  const char* what;
  Bytes bytes;
  ReasonCode reason;
};

// A packet that carries just these properties, for each place there is.
Bytes carrier(wire::PropertyPlace place, const Bytes& properties) {
  using wire::PropertyPlace;
  const auto with = [&](Bytes before, const Bytes& after = {}) {
    before.push_back(static_cast<std::byte>(properties.size()));
    before.insert(before.end(), properties.begin(), properties.end());
    before.insert(before.end(), after.begin(), after.end());
    return before;
  };
  const Bytes mqtt = bytes({0, 4, 'M', 'Q', 'T', 'T', 5});
  const auto connect = [&](int flags) {
    Bytes made = mqtt;
    made.insert(made.end(), {static_cast<std::byte>(flags), std::byte{0}, std::byte{0}});
    return made;
  };
  switch (place) {
    case PropertyPlace::connect:
      return packet(0x10, with(connect(2), bytes({0, 0})));
    case PropertyPlace::will: {
      Bytes before = connect(6);
      before.insert(before.end(), {std::byte{0}, std::byte{0}, std::byte{0}});
      return packet(0x10, with(before, bytes({0, 1, 't', 0, 0})));
    }
    case PropertyPlace::connack:
      return packet(0x20, with(bytes({0, 0})));
    case PropertyPlace::publish:
      return packet(0x30, with(bytes({0, 1, 't'})));
    case PropertyPlace::puback:
      return packet(0x40, with(bytes({0, 1, 0})));
    case PropertyPlace::pubrec:
      return packet(0x50, with(bytes({0, 1, 0})));
    case PropertyPlace::pubrel:
      return packet(0x62, with(bytes({0, 1, 0})));
    case PropertyPlace::pubcomp:
      return packet(0x70, with(bytes({0, 1, 0})));
    case PropertyPlace::subscribe:
      return packet(0x82, with(bytes({0, 1}), bytes({0, 1, 't', 0})));
    case PropertyPlace::suback:
      return packet(0x90, with(bytes({0, 1}), bytes({0})));
    case PropertyPlace::unsubscribe:
      return packet(0xA2, with(bytes({0, 1}), bytes({0, 1, 't'})));
    case PropertyPlace::unsuback:
      return packet(0xB0, with(bytes({0, 1}), bytes({0})));
    case PropertyPlace::disconnect:
      return packet(0xE0, with(bytes({0})));
    case PropertyPlace::auth:
      return packet(0xF0, with(bytes({0})));
  }
  return {};
}

}  // namespace

TEST_CASE(
    "every malformed class is refused with the reason code the standard names",
    "[wire][malformed][U-1.2-1][U-1.5.4-1][U-2.2.1-3][U-3.2.2.1-1][U-3.2.2.1-2][U-3.4.2-2][MQTT-3.3.1-4]") {
  const std::vector<Case> cases{
      {"packet type 0", bytes({0x00, 0}), malformed},
      {"PINGRESP with flags", bytes({0xD1, 0}), malformed},
      {"DISCONNECT with flags", bytes({0xE1, 0}), malformed},
      {"AUTH with flags", bytes({0xF1, 0}), malformed},
      {"PUBREL without its flag", bytes({0x60, 2, 0, 1}), malformed},
      {"SUBSCRIBE without its flag", bytes({0x80, 6, 0, 1, 0, 0, 1, 't'}), malformed},
      {"PUBLISH QoS 3", bytes({0x36, 6, 0, 1, 't', 0, 1, 0}), malformed},
      {"remaining length of five bytes", bytes({0x30, 0x80, 0x80, 0x80, 0x80, 1}), malformed},
      {"remaining length not the shortest", bytes({0xD0, 0x80, 0x00}), malformed},
      {"PUBLISH QoS 0 with DUP", packet(0x38, bytes({0, 1, 't', 0})), malformed},
      {"PUBLISH cut in its topic", packet(0x30, bytes({0, 9, 't'})), malformed},
      {"PUBLISH cut before its identifier", packet(0x32, bytes({0, 1, 't', 0})), malformed},
      {"PUBLISH without property length", packet(0x30, bytes({0, 1, 't'})), malformed},
      {"PUBLISH with packet identifier 0", packet(0x32, bytes({0, 1, 't', 0, 0, 0})), protocol_error},
      {"PUBLISH with a null character", packet(0x30, bytes({0, 2, 't', 0, 0})), malformed},
      {"PUBLISH with a surrogate", packet(0x30, bytes({0, 3, 0xED, 0xA0, 0x80, 0})), malformed},
      {"PUBLISH with a wildcard", packet(0x30, bytes({0, 1, '#', 0})), ReasonCode::topic_name_invalid},
      {"PUBLISH with properties beyond its end", packet(0x30, bytes({0, 1, 't', 9, 1})), malformed},
      {"CONNACK with reserved flags", packet(0x20, bytes({2, 0, 0})), malformed},
      {"CONNACK too short", packet(0x20, bytes({0})), malformed},
      {"CONNACK too long", packet(0x20, bytes({0, 0, 0, 0})), malformed},
      {"CONNACK with session present and a refusal", packet(0x20, bytes({1, 0x87, 0})), protocol_error},
      {"CONNACK with a code of another packet", packet(0x20, bytes({0, 0x10, 0})), protocol_error},
      {"PUBACK without identifier", packet(0x40, bytes({0})), malformed},
      {"PUBACK with identifier 0", packet(0x40, bytes({0, 0})), protocol_error},
      {"PUBACK with a code of another packet", packet(0x40, bytes({0, 1, 0x92})), protocol_error},
      {"PUBCOMP with an unknown code", packet(0x70, bytes({0, 1, 0xFF})), protocol_error},
      {"PUBACK with bytes behind its properties", packet(0x40, bytes({0, 1, 0, 0, 0})), malformed},
      {"SUBACK without codes", packet(0x90, bytes({0, 1, 0})), protocol_error},
      {"SUBACK with QoS 3", packet(0x90, bytes({0, 1, 0, 3})), protocol_error},
      {"UNSUBACK with a code of SUBACK", packet(0xB0, bytes({0, 1, 0, 1})), protocol_error},
      {"PINGRESP with a body", packet(0xD0, bytes({0})), malformed},
      {"DISCONNECT with a code of another packet", packet(0xE0, bytes({0x10})), protocol_error},
      {"AUTH without a method", packet(0xF0, bytes({0x18, 0})), protocol_error},
      {"SUBSCRIBE without filters", packet(0x82, bytes({0, 1, 0})), protocol_error},
      {"SUBSCRIBE with reserved options", packet(0x82, bytes({0, 1, 0, 0, 1, 't', 0x40})), malformed},
      {"SUBSCRIBE with QoS 3", packet(0x82, bytes({0, 1, 0, 0, 1, 't', 3})), protocol_error},
      {"SUBSCRIBE with retain handling 3", packet(0x82, bytes({0, 1, 0, 0, 1, 't', 0x30})), protocol_error},
      {"SUBSCRIBE cut before its options", packet(0x82, bytes({0, 1, 0, 0, 1, 't'})), malformed},
      {"UNSUBSCRIBE without filters", packet(0xA2, bytes({0, 1, 0})), protocol_error},
      {"CONNECT of another protocol", packet(0x10, bytes({0, 4, 'M', 'Q', 'T', 'X', 5, 2, 0, 0, 0, 0, 0})),
       protocol_error},
      {"CONNECT of version 4", packet(0x10, bytes({0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 0, 0})),
       ReasonCode::unsupported_protocol_version},
      {"CONNECT with its reserved flag", packet(0x10, bytes({0, 4, 'M', 'Q', 'T', 'T', 5, 3, 0, 0, 0, 0, 0})),
       malformed},
      {"CONNECT with will flags alone",
       packet(0x10, bytes({0, 4, 'M', 'Q', 'T', 'T', 5, 0x22, 0, 0, 0, 0, 0})), malformed},
  };
  for (const Case& one : cases) {
    CAPTURE(one.what);
    CHECK(verdict(one.bytes) == one.reason);
  }
}

TEST_CASE("a refusal of two bytes, as brokers of 3.1.1 send it, is an unsupported version",
          "[wire][connack]") {
  wire::FrameDecoder decoder(1000);
  const Bytes refusal = bytes({0x20, 2, 0, 1});
  decoder.feed(refusal);
  wire::Frame frame;
  wire::Oversize oversize;
  REQUIRE(decoder.next(frame, oversize) == wire::Step::frame);
  REQUIRE(wire::parse_connack(frame, wire::Version::mqtt_5));
  CHECK(wire::parse_connack(frame, wire::Version::mqtt_5)->reason_code ==
        ReasonCode::unsupported_protocol_version);
}

TEST_CASE("every property is taken where the table allows it and refused elsewhere",
          "[wire][property][U-2.2.2-1]") {
  for (const auto& rule : wire::property_rules()) {
    for (int bit = 0; bit < 14; ++bit) {
      const auto place = static_cast<wire::PropertyPlace>(1 << bit);
      CAPTURE(static_cast<int>(rule.id), bit);
      Bytes property = support::sample_property(rule, place);
      const bool allowed = (rule.places & (1 << bit)) != 0;
      if (rule.id == wire::PropertyId::authentication_data && allowed) {  // Never without its method.
        wire::PropertyWriter(property).string(wire::PropertyId::authentication_method, "m");
      }
      CHECK(verdict(carrier(place, property)) == (allowed ? ReasonCode::success : malformed));
    }
  }
}

TEST_CASE("a property stands twice only where the table allows it", "[wire][property][U-2.2.2-2]") {
  for (const auto& rule : wire::property_rules()) {
    for (int bit = 0; bit < 14; ++bit) {
      if ((rule.places & (1 << bit)) == 0 || (rule.repeats & (1 << bit)) != 0) continue;
      const auto place = static_cast<wire::PropertyPlace>(1 << bit);
      CAPTURE(static_cast<int>(rule.id), bit);
      Bytes twice = support::sample_property(rule, place);
      const Bytes once = twice;
      twice.insert(twice.end(), once.begin(), once.end());
      CHECK(verdict(carrier(place, twice)) == protocol_error);
    }
  }
}

TEST_CASE("the values of properties are bounded as the table says",
          "[wire][property][U-3.2.2.3.3-1][U-3.2.2.3.4-1][U-3.2.2.3.5-1][U-3.2.2.3.6-1][U-3.3.2.3.8-1][U-2.2."
          "2-1]") {
  struct Bound {
    int id;
    Bytes value;
    wire::PropertyPlace place;
    ReasonCode reason;
  };
  using wire::PropertyPlace;
  const std::vector<Bound> bounds{
      {0x01, bytes({1}), PropertyPlace::publish, ReasonCode::success},
      {0x01, bytes({2}), PropertyPlace::publish, protocol_error},
      {0x0B, bytes({0}), PropertyPlace::subscribe, protocol_error},
      {0x0B, bytes({1}), PropertyPlace::subscribe, ReasonCode::success},
      {0x0B, bytes({0xFF, 0xFF, 0xFF, 0x7F}), PropertyPlace::publish, ReasonCode::success},
      {0x17, bytes({2}), PropertyPlace::connect, protocol_error},
      {0x19, bytes({2}), PropertyPlace::connect, protocol_error},
      {0x21, bytes({0, 0}), PropertyPlace::connack, protocol_error},
      {0x21, bytes({0, 1}), PropertyPlace::connack, ReasonCode::success},
      {0x23, bytes({0, 0}), PropertyPlace::publish, ReasonCode::topic_alias_invalid},
      {0x24, bytes({1}), PropertyPlace::connack, ReasonCode::success},
      {0x24, bytes({2}), PropertyPlace::connack, protocol_error},
      {0x25, bytes({2}), PropertyPlace::connack, protocol_error},
      {0x27, bytes({0, 0, 0, 0}), PropertyPlace::connack, protocol_error},
      {0x27, bytes({0, 0, 0, 1}), PropertyPlace::connack, ReasonCode::success},
      {0x28, bytes({2}), PropertyPlace::connack, protocol_error},
      {0x29, bytes({2}), PropertyPlace::connack, protocol_error},
      {0x2A, bytes({2}), PropertyPlace::connack, protocol_error},
      {0x08, bytes({0, 1, '#'}), PropertyPlace::publish, protocol_error},
      {0x03, bytes({0, 1, 0x80}), PropertyPlace::publish, malformed},
      {0x26, bytes({0, 1, 0xC0, 0, 0}), PropertyPlace::publish, malformed},
      {0x26, bytes({0, 0, 0, 1, 0}), PropertyPlace::publish, malformed},
      {0x03, bytes({0, 9, 'x'}), PropertyPlace::publish, malformed},
      {0x02, bytes({0, 0}), PropertyPlace::publish, malformed},
      {0x7F, bytes({0}), PropertyPlace::publish, malformed},
      {0x16, bytes({0, 1, 1}), PropertyPlace::connect,
       protocol_error},  // Authentication data without its method.
  };
  for (const Bound& bound : bounds) {
    Bytes property = bytes({bound.id});
    property.insert(property.end(), bound.value.begin(), bound.value.end());
    CAPTURE(bound.id, static_cast<int>(bound.reason));
    CHECK(verdict(carrier(bound.place, property)) == bound.reason);
  }
}

TEST_CASE(
    "every packet cut short anywhere in its body is refused or another valid packet, never read past its end",
    "[wire][malformed]") {
  for (const auto& sample : support::sample_packets()) {
    if (sample.bytes.size() > 120) continue;  // Their length takes two bytes; the fuzzer cuts those.
    for (std::size_t size = 2; size < sample.bytes.size(); ++size) {
      Bytes cut(sample.bytes.begin(), sample.bytes.begin() + static_cast<std::ptrdiff_t>(size));
      cut[1] = static_cast<std::byte>(size - 2);
      const ReasonCode reason = verdict(cut);
      CAPTURE(sample.name, size);
      CHECK((reason == ReasonCode::success || is_error(reason)));
    }
  }
}
