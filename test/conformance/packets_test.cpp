// First bytes, lengths, identifiers and forms of the packets, on the wire and from it. [MQTT 5, 2, 3]
#include <set>
#include <string>
#include <utility>

#include "unit/session/engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;
using namespace std::string_literals;

namespace {

/// What waits to be written, a string a packet; all of them are short.
std::vector<std::string> frames_of(EngineUnderTest& test) {
  std::string bytes;
  std::vector<std::span<const std::byte>> pieces(1'024);
  pieces.resize(test.engine.output().gather(pieces));
  for (const auto piece : pieces)
    bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  test.engine.on_written(bytes.size(), test.now);
  std::vector<std::string> frames;
  while (!bytes.empty()) {
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(bytes.at(1))) + 2;
    frames.push_back(bytes.substr(0, size));
    bytes.erase(0, size);
  }
  return frames;
}

std::string frame_of(EngineUnderTest& test) {
  const auto frames = frames_of(test);
  REQUIRE(frames.size() == 1);
  return frames[0];
}

unsigned first_byte_of(EngineUnderTest& test) {
  return static_cast<unsigned char>(frame_of(test)[0]);
}

SubscriptionRequest request(SubscriptionRequest::Kind kind, std::uint64_t ticket = 1) {
  return {kind, {{"a", {}}}, {}, ticket};
}

constexpr auto subscribe = SubscriptionRequest::Kind::subscribe;
constexpr auto unsubscribe = SubscriptionRequest::Kind::unsubscribe;

std::optional<ReasonCode> verdict(const std::string& bytes) {
  EngineUnderTest test;
  test.connect();
  test.receive(bytes);
  return test.closing_reason();
}

}  // namespace

TEST_CASE("every packet begins with its type and the standard's flags",
          "[packets][MQTT-2.1.3-1][MQTT-3.6.1-1][MQTT-3.8.1-1][MQTT-3.10.1-1][MQTT-3.3.1-2][MQTT-4.3.1-1]"
          "[MQTT-4.3.2-2][MQTT-4.3.3-2][MQTT-3.8.3-5]") {
  EngineUnderTest test;
  test.engine.on_connected(test.now);
  CHECK(first_byte_of(test) == 0x10);
  test.receive(support::connack(false));
  test.publish("0", QoS::at_most_once);
  CHECK(first_byte_of(test) == 0x30);
  test.publish("0", QoS::at_most_once, never, true);
  CHECK(first_byte_of(test) == 0x31);
  test.publish("1", QoS::at_least_once);
  CHECK(first_byte_of(test) == 0x32);
  test.publish("1", QoS::at_least_once, never, true);
  CHECK(first_byte_of(test) == 0x33);
  test.publish("2", QoS::exactly_once);
  const std::string publish = frame_of(test);
  CHECK(static_cast<unsigned char>(publish[0]) == 0x34);
  const std::string identifier = publish.substr(5, 2);
  test.receive("\x50\x02" + identifier);
  CHECK(frame_of(test) == "\x62\x02" + identifier);
  test.engine.request(request(subscribe), test.now);
  const std::string subscribing = frame_of(test);
  CHECK(static_cast<unsigned char>(subscribing[0]) == 0x82);
  CHECK((static_cast<unsigned char>(subscribing.back()) & 0xC0) == 0);
  test.engine.request(request(unsubscribe), test.now);
  CHECK(first_byte_of(test) == 0xA2);
  test.receive(support::publish("t", "1", QoS::at_least_once, 1) +
               support::publish("t", "2", QoS::exactly_once, 2));
  test.received();
  test.acknowledge(0);
  CHECK(first_byte_of(test) == 0x40);
  test.acknowledge(1);
  CHECK(first_byte_of(test) == 0x50);
  test.receive(pubrel(2));
  CHECK(first_byte_of(test) == 0x70);
  test.pass(60s);
  CHECK(frame_of(test) == "\xC0\x00"s);
  test.engine.disconnect({}, test.now);
  CHECK(static_cast<unsigned char>(frame_of(test)[0]) == 0xE0);
}

TEST_CASE("PUBREL that is sent again has the same first byte, PUBLISH has DUP unless at QoS 0",
          "[packets][MQTT-3.6.1-1][MQTT-3.3.1-1][MQTT-3.3.1-2]") {
  EngineUnderTest test;
  test.connect();
  test.publish("2", QoS::exactly_once);
  test.publish("1", QoS::at_least_once);
  test.receive(pubrec(test.write().at(0)));
  test.write();
  test.publish("0", QoS::at_most_once);
  test.write(3);  // Not to its end: it goes out anew.
  test.lose();
  test.connect(true);
  std::vector<unsigned> first_bytes;
  for (const std::string& frame : frames_of(test))
    first_bytes.push_back(static_cast<unsigned char>(frame[0]));
  CHECK(first_bytes == std::vector<unsigned>{0x62, 0x3A, 0x30});
}

TEST_CASE("PUBLISH has an identifier at QoS 1 and 2 and none at QoS 0", "[packets][MQTT-2.2.1-2]") {
  EngineUnderTest test;
  test.connect();
  test.publish("payload", QoS::at_most_once);
  CHECK(frame_of(test) == "\x30\x0B\x00\x01t\x00payload"s);
  test.publish("payload", QoS::at_least_once);
  CHECK(frame_of(test) == "\x32\x0D\x00\x01t\x00\x01\x00payload"s);
}

TEST_CASE("a packet without properties says so with one zero", "[packets][MQTT-2.2.2-1]") {
  EngineUnderTest test;
  test.connect();
  test.engine.request(request(subscribe), test.now);
  CHECK(frame_of(test) == "\x82\x07\x00\x01\x00\x00\x01\x61\x00"s);
  test.engine.request(request(unsubscribe), test.now);
  CHECK(frame_of(test) == "\xA2\x06\x00\x02\x00\x00\x01\x61"s);
}

TEST_CASE("acknowledgements carry the identifiers of what they acknowledge, both ways at once",
          "[packets][MQTT-2.2.1-5][U-2.2.1-2]") {
  EngineUnderTest test;
  test.connect();
  const auto ours = std::vector{test.publish("1", QoS::at_least_once), test.publish("2", QoS::exactly_once)};
  const auto sent = test.write();
  // The broker uses the very same identifiers for its own messages.
  test.receive(support::publish("t", "a", QoS::exactly_once, sent[0].packet_identifier) +
               support::publish("t", "b", QoS::at_least_once, sent[1].packet_identifier));
  CHECK(test.received() == std::vector<std::string>{"a", "b"});
  test.acknowledge(0);
  test.acknowledge(1);
  auto answers = test.write();
  REQUIRE(described(answers) == std::vector<std::string>{"PUBREC", "PUBACK"});
  CHECK(answers[0].packet_identifier == sent[0].packet_identifier);
  CHECK(answers[1].packet_identifier == sent[1].packet_identifier);
  test.receive(puback(sent[0]) + pubrec(sent[1]) + pubrel(sent[0].packet_identifier));
  answers = test.write();
  REQUIRE(described(answers) == std::vector<std::string>{"PUBREL", "PUBCOMP"});
  CHECK(answers[0].packet_identifier == sent[1].packet_identifier);
  CHECK(answers[1].packet_identifier == sent[0].packet_identifier);
  test.receive(pubcomp(sent[1]));
  CHECK(test.succeeded(ours[0]));
  CHECK(test.succeeded(ours[1]));
}

TEST_CASE("answers find their requests by identifier, in whatever order they come",
          "[packets][MQTT-2.2.1-6]") {
  EngineUnderTest test;
  test.connect();
  test.engine.request(request(subscribe, 1), test.now);
  test.engine.request(request(subscribe, 2), test.now);
  test.engine.request(request(unsubscribe, 3), test.now);
  const auto sent = test.write();
  REQUIRE(sent.size() == 3);
  test.receive(support::answer(PacketType::unsuback, sent[2].packet_identifier, {ReasonCode::success}) +
               support::answer(PacketType::suback, sent[1].packet_identifier, {ReasonCode::not_authorized}) +
               support::answer(PacketType::suback, sent[0].packet_identifier, {ReasonCode::granted_qos_2}));
  std::vector<std::pair<std::uint64_t, ReasonCode>> answers;
  for (const auto& answer : test.engine.answers())
    answers.emplace_back(answer.request.ticket, answer.codes.at(0));
  CHECK(answers == std::vector<std::pair<std::uint64_t, ReasonCode>>{{3, ReasonCode::success},
                                                                     {2, ReasonCode::not_authorized},
                                                                     {1, ReasonCode::granted_qos_2}});
}

TEST_CASE("an identifier is used again only after the last acknowledgement of its exchange",
          "[packets][U-2.2.1-1][MQTT-2.2.1-3][MQTT-4.3.3-1]") {
  EngineUnderTest test;
  test.connect();
  test.publish("first", QoS::exactly_once);
  const auto first = test.write();
  test.receive(pubrec(first[0]));
  test.write();
  const auto used_again = [&] {  // Once around all identifiers.
    bool found = false;
    for (int i = 0; i < 65'535; ++i) {
      test.publish("x", QoS::at_least_once);
      for (const Packet& packet : test.write()) {
        CHECK(packet.packet_identifier != 0);
        found = found || packet.packet_identifier == first[0].packet_identifier;
        test.receive(puback(packet));
      }
    }
    return found;
  };
  CHECK_FALSE(used_again());
  test.receive(pubcomp(first[0]));
  CHECK(used_again());
}

TEST_CASE("acknowledgements of two, three and four bytes and more are understood, and we send the shortest",
          "[packets][U-3.4.2-1]") {
  const auto outcome = [](const std::string& rest) {
    EngineUnderTest test;
    test.connect();
    const auto message = test.publish("1", QoS::at_least_once);
    const auto sent = test.write();
    const std::string identifier{'\0', static_cast<char>(sent.at(0).packet_identifier)};
    test.receive("\x40" + std::string(1, static_cast<char>(2 + rest.size())) + identifier + rest);
    CHECK(test.finished(message));
    return message->reason_code;
  };
  CHECK(outcome("") == ReasonCode::success);
  CHECK(outcome("\x10") == ReasonCode::no_matching_subscribers);
  CHECK(outcome("\x10\x00"s) == ReasonCode::no_matching_subscribers);
  CHECK(outcome("\x87\x06\x1F\x00\x03no!"s) == ReasonCode::not_authorized);
  EngineUnderTest test;
  test.connect();
  test.receive(support::publish("t", "1", QoS::at_least_once, 9));
  test.received();
  test.acknowledge(0);
  CHECK(frame_of(test) == "\x40\x02\x00\x09"s);
}

TEST_CASE("a DISCONNECT of no byte, of one and of more is understood", "[packets][U-3.14.2-1]") {
  const auto reason = [](const std::string& bytes) { return verdict(bytes); };
  CHECK(reason("\xE0\x00"s) == ReasonCode::success);
  CHECK(reason("\xE0\x01\x8B"s) == ReasonCode::server_shutting_down);
  CHECK(reason("\xE0\x02\x8B\x00"s) == ReasonCode::server_shutting_down);
  CHECK(reason("\xE0\x08\x8B\x06\x1F\x00\x03"
               "bye"s) == ReasonCode::server_shutting_down);
}

TEST_CASE("flags that a packet may not have are malformed",
          "[packets][U-2.1.3-1][MQTT-3.14.1-1][MQTT-3.15.1-1]") {
  for (const auto& bytes :
       {"\x41\x02\x00\x01"s, "\x51\x02\x00\x01"s, "\x60\x02\x00\x01"s, "\x71\x02\x00\x01"s,
        "\x91\x04\x00\x01\x00\x00"s, "\xB1\x04\x00\x01\x00\x00"s, "\xD1\x00"s, "\xE1\x00"s, "\xF1\x00"s}) {
    CAPTURE(static_cast<int>(static_cast<unsigned char>(bytes[0])));
    CHECK(verdict(bytes) == ReasonCode::malformed_packet);
  }
  EngineUnderTest test;
  test.open();
  test.receive("\x21\x03\x00\x00\x00"s);
  CHECK(test.closing_reason() == ReasonCode::malformed_packet);
}

TEST_CASE("a packet with a byte too few or too many is malformed", "[packets][U-2.1.4-1]") {
  const std::vector<std::string> good{
      support::acknowledgement(PacketType::puback, 1, ReasonCode::not_authorized,
                               Properties().add(PropertyId::reason_string, "why")),
      support::answer(PacketType::suback, 1, {ReasonCode::success}),
      support::disconnect(ReasonCode::server_busy, Properties().add(PropertyId::reason_string, "why")),
      support::publish("topic", "", QoS::at_least_once, 1, false,
                       Properties().add(PropertyId::content_type, "c"))};
  for (const std::string& bytes : good) {
    CAPTURE(static_cast<int>(static_cast<unsigned char>(bytes[0])));
    std::string shorter = bytes.substr(0, bytes.size() - 1);
    --shorter[1];
    const bool ends_in_payload = static_cast<unsigned char>(bytes[0]) >> 4 == 3;
    // A SUBACK without its only code lacks it, and is not cut off.
    const auto type = static_cast<unsigned char>(bytes[0]) >> 4;
    CHECK(verdict(shorter) == (type == 9 ? ReasonCode::protocol_error : ReasonCode::malformed_packet));
    std::string longer = bytes + "x";
    ++longer[1];
    if (!ends_in_payload && type != 9) CHECK(verdict(longer) == ReasonCode::malformed_packet);
  }
  CHECK(verdict("\xD0\x01x"s) == ReasonCode::malformed_packet);
}

TEST_CASE("properties mean the same in whatever order they come", "[packets][U-2.2.2-3]") {
  std::vector<std::string> properties{"\x21\x00\x05"s, "\x24\x01"s, "\x25\x00"s, "\x13\x00\x07"s,
                                      "\x12\x00\x02me"s};
  std::sort(properties.begin(), properties.end());
  do {
    Options options;
    EngineUnderTest test(options);
    test.open();
    std::string block;
    for (const std::string& property : properties)
      block += property;
    const std::string body = "\x00\x00"s + static_cast<char>(block.size()) + block;
    test.receive("\x20" + std::string(1, static_cast<char>(body.size())) + body);
    REQUIRE(test.engine.is_connected());
    CHECK(test.engine.limits().receive_maximum == 5);
    CHECK(test.engine.limits().maximum_qos == QoS::at_least_once);
    CHECK_FALSE(test.engine.limits().retain_available);
    CHECK(test.engine.limits().keep_alive == 7s);
    CHECK(test.engine.client_id() == "me");
  } while (std::next_permutation(properties.begin(), properties.end()));
}

TEST_CASE("the bytes EF BB BF within a string are left as they are, both ways", "[packets][MQTT-1.5.4-3]") {
  const std::string topic =
      "\xEF\xBB\xBF"
      "a\xEF\xBB\xBF";
  EngineUnderTest test;
  test.connect();
  auto message = OutboundMessage::make({.topic = topic});
  test.engine.publish(std::move(message), test.now);
  CHECK(test.write().at(0).topic == topic);
  test.receive(support::publish(topic, "x"));
  REQUIRE(test.engine.received().size() == 1);
  CHECK(test.engine.received()[0]->topic() == topic);
}

TEST_CASE("control characters and non-characters are passed on, and end no connection",
          "[packets][U-1.5.4-2][U-1.5.4-3]") {
  EngineUnderTest test;
  test.connect();
  for (const char* topic : {"a\x01"
                            "b",
                            "a\x7F", "a\xC2\x80", "a\xEF\xBF\xBF"}) {
    auto message = OutboundMessage::make({.topic = topic});
    test.engine.publish(std::move(message), test.now);
    CHECK(test.write().at(0).topic == topic);
    test.receive(support::publish(topic, "x"));
    CHECK_FALSE(test.closing());
    CHECK(test.received().size() == 1);
  }
}

TEST_CASE("a PINGRESP that nobody asked for changes nothing", "[packets][U-3.12-1]") {
  CHECK_FALSE(verdict("\xD0\x00\xD0\x00"s));
}

TEST_CASE(
    "PUBREL and PUBCOMP carry neither reason string nor user property, so that no limit is in their way",
    "[packets][MQTT-3.6.2-1][MQTT-3.6.2-2][MQTT-3.6.2-3][MQTT-3.7.2-1][MQTT-3.7.2-2][MQTT-3.7.2-3]") {
  EngineUnderTest test;
  test.connect(false, Properties().add(PropertyId::maximum_packet_size, 20));
  test.publish("1", QoS::exactly_once);
  const auto sent = test.write();
  test.receive(pubrec(sent[0]));
  CHECK(frame_of(test) == "\x62\x02\x00\x01"s);
  test.receive("\x50\x02\x00\x63"s);  // For a message that is not there.
  CHECK(frame_of(test) == "\x62\x03\x00\x63\x92"s);
  test.receive(support::publish("t", "x", QoS::exactly_once, 7));
  test.received();
  test.acknowledge(0);
  test.write();
  test.receive(pubrel(7));
  CHECK(frame_of(test) == "\x70\x02\x00\x07"s);
  test.receive(pubrel(7));
  CHECK(frame_of(test) == "\x70\x03\x00\x07\x92"s);
}
