// Messages on their way out: window, acknowledgements, replay. [MQTT 5, 4.3, 4.4, 4.9]
#include <array>

#include <holdfast/error.hpp>

#include "engine_under_test.hpp"
#include "wire/variable_byte_integer.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

const auto window_of = [](std::uint32_t size) { return Properties().add(PropertyId::receive_maximum, size); };

}  // namespace

TEST_CASE("QoS 0 ends when its last byte has left", "[outgoing]") {
  EngineUnderTest test;
  test.connect();
  const auto message = test.publish("1", QoS::at_most_once);
  const std::size_t size = test.engine.output().size();
  test.write(size - 1);
  CHECK_FALSE(test.finished(message));
  test.write(1);
  CHECK(test.succeeded(message));
}

TEST_CASE("QoS 0 that had not left when the connection was lost goes out on the next, ahead of what waits",
          "[outgoing]") {
  EngineUnderTest test;
  test.connect();
  test.publish_numbers(1, 2, QoS::at_most_once);
  test.write(3);
  test.lose();
  test.publish("3", QoS::at_most_once);
  test.connect(true);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH 1", "PUBLISH 2", "PUBLISH 3"});
}

TEST_CASE("QoS 1 ends with its PUBACK, QoS 2 with its PUBCOMP", "[outgoing][MQTT-4.3.3-4]") {
  EngineUnderTest test;
  test.connect();
  const auto one = test.publish("1", QoS::at_least_once);
  const auto two = test.publish("2", QoS::exactly_once);
  const auto sent = test.write();
  test.receive(puback(sent[0]));
  CHECK(test.succeeded(one));
  test.receive(pubrec(sent[1]));
  CHECK_FALSE(test.finished(two));
  const auto release = test.write();
  CHECK(described(release) == std::vector<std::string>{"PUBREL"});
  test.receive(pubcomp(release[0]));
  CHECK(test.succeeded(two));
  CHECK(test.engine.in_flight() == 0);
}

TEST_CASE("the send window is never exceeded, and a place comes free with PUBACK, PUBCOMP and refusals",
          "[outgoing][MQTT-3.3.4-7][MQTT-4.9.0-2][U-4.9-1][U-4.3.2-1]") {
  EngineUnderTest test;
  test.connect(false, window_of(2));
  test.publish_numbers(1, 6, QoS::exactly_once);
  auto sent = test.write();
  REQUIRE(payloads(sent) == numbers(1, 2));
  test.receive(pubrec(sent[0]));  // PUBREL goes out, the place stays taken.
  REQUIRE(described(test.write()) == std::vector<std::string>{"PUBREL"});
  test.receive(pubrec(sent[1], ReasonCode::quota_exceeded));
  auto third = test.write();
  REQUIRE(payloads(third) == numbers(3, 1));
  test.receive(pubcomp(sent[0], ReasonCode::packet_identifier_not_found));
  CHECK(payloads(test.write()) == numbers(4, 1));
}

TEST_CASE("QoS 0 needs no place in the send window", "[outgoing][U-4.9-4]") {
  EngineUnderTest test;
  test.connect(false, window_of(1));
  test.publish("1", QoS::at_least_once);
  test.publish("2", QoS::at_most_once);
  CHECK(payloads(test.write()) == numbers(1, 2));
}

TEST_CASE("a refused message fails with the broker's reason; no matching subscribers is a success",
          "[outgoing][U-2.4-1]") {
  EngineUnderTest test;
  test.connect();
  const auto messages = test.publish_numbers(1, 2, QoS::at_least_once);
  const auto sent = test.write();
  test.receive(acknowledgement(PacketType::puback, sent[0].packet_identifier, ReasonCode::not_authorized,
                               Properties().add(PropertyId::reason_string, "go away")) +
               puback(sent[1], ReasonCode::no_matching_subscribers));
  CHECK(test.failed(messages[0], Errc::request_refused));
  CHECK(messages[0]->reason_code == ReasonCode::not_authorized);
  REQUIRE(messages[0]->detail);
  CHECK(messages[0]->detail->reason_string == "go away");
  CHECK(test.succeeded(messages[1]));
  CHECK(messages[1]->reason_code == ReasonCode::no_matching_subscribers);
}

TEST_CASE("Receive Maximum 20, 100 messages, connection lost and resumed: all, in order, window kept",
          "[outgoing][replay][MQTT-3.3.1-1][MQTT-3.3.4-7][MQTT-4.9.0-1][MQTT-4.3.3-3]") {
  const auto qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  const auto second_window = GENERATE(20u, 1u, 7u, 65'535u);
  EngineUnderTest test;
  test.connect(false, window_of(20));
  const auto messages = test.publish_numbers(1, 100, qos);
  REQUIRE(payloads(test.write()) == numbers(1, 20));
  test.lose();
  test.connect(true, window_of(second_window));

  std::vector<std::string> arrived;
  std::size_t unacknowledged = 0;
  while (arrived.size() < 100) {
    const auto sent = test.write();
    REQUIRE_FALSE(sent.empty());
    for (const Packet& packet : sent) {
      if (packet.type == PacketType::publish) {
        arrived.push_back(packet.payload);
        CHECK(packet.dup == (arrived.size() <= 20));
        REQUIRE(++unacknowledged <= second_window);
      }
    }
    for (const Packet& packet : sent) {
      if (packet.type == PacketType::pubrel || qos == QoS::at_least_once) --unacknowledged;
      test.receive(packet.type == PacketType::pubrel ? pubcomp(packet)
                   : qos == QoS::at_least_once       ? puback(packet)
                                                     : pubrec(packet));
    }
  }
  CHECK(arrived == numbers(1, 100));
}

TEST_CASE("a replay that is cut off again begins anew, and nothing new overtakes it",
          "[outgoing][replay][U-4.6-1]") {
  EngineUnderTest test;
  test.connect(false, window_of(10));
  test.publish_numbers(1, 15, QoS::at_least_once);
  test.write();
  for (int i = 0; i < 3; ++i) {
    test.lose();
    test.connect(true, window_of(4));
    REQUIRE(payloads(test.write()) == numbers(1, 4));
  }
  test.lose();
  test.connect(true, window_of(100));
  const auto sent = test.write();
  CHECK(payloads(sent) == numbers(1, 15));
  CHECK(sent[9].dup);
  CHECK_FALSE(sent[10].dup);
}

TEST_CASE("acknowledgements that come while the replay is not finished lose nothing", "[outgoing][replay]") {
  EngineUnderTest test;
  test.connect(false, window_of(6));
  test.publish_numbers(1, 6, QoS::at_least_once);
  const auto first = test.write();
  test.lose();
  test.connect(true, window_of(2));
  test.write();
  // The broker answers the next to be sent again before it has come: from the lost connection, say.
  test.receive(puback(first[2]));
  test.receive(puback(first[0]) + puback(first[1]));
  CHECK(payloads(test.write()) == numbers(4, 2));
  test.receive(puback(first[3]) + puback(first[4]));
  CHECK(payloads(test.write()) == numbers(6, 1));
  test.receive(puback(first[5]));
  CHECK(test.engine.in_flight() == 0);
}

TEST_CASE("subscribe requests and messages never share an identifier",
          "[outgoing][MQTT-2.2.1-3][U-2.2.1-2]") {
  EngineUnderTest test(hour_long_session(), {}, 65'533);
  test.connect();
  test.publish("1", QoS::at_least_once);
  test.engine.request({SubscriptionRequest::Kind::subscribe, {{"a", {}}}, {}, 1}, test.now);
  test.engine.request({SubscriptionRequest::Kind::unsubscribe, {{"b", {}}}, {}, 2}, test.now);
  test.publish("2", QoS::exactly_once);
  std::vector<int> identifiers;
  for (const Packet& packet : test.write())
    identifiers.push_back(packet.packet_identifier);
  CHECK(identifiers == std::vector<int>{65'534, 65'535, 1, 2});
}

TEST_CASE("with all 65,535 identifiers in flight the next message waits for one",
          "[outgoing][MQTT-2.2.1-3][MQTT-4.3.2-1]") {
  EngineUnderTest test;
  test.connect();
  std::vector<Packet> sent;
  for (int i = 0; i < 65'536; ++i) {
    test.publish("x", QoS::at_least_once);
    for (auto& packet : test.write())
      sent.push_back(std::move(packet));
  }
  REQUIRE(sent.size() == 65'535);
  test.receive(puback(sent[41'000]));
  const auto last = test.write();
  REQUIRE(last.size() == 1);
  CHECK(last[0].packet_identifier == sent[41'000].packet_identifier);
}

TEST_CASE("acknowledgements for nobody change nothing; a PUBREC for nobody gets PUBREL 0x92",
          "[outgoing][U-4.3.3-1][MQTT-3.6.2-1]") {
  EngineUnderTest test;
  test.connect();
  for (const auto type : {PacketType::puback, PacketType::pubcomp}) {
    test.receive(acknowledgement(type, 77));
  }
  CHECK(test.write().empty());
  test.receive(acknowledgement(PacketType::pubrec, 77));
  const auto answer = test.write();
  REQUIRE(described(answer) == std::vector<std::string>{"PUBREL"});
  CHECK(answer[0].reason_code == ReasonCode::packet_identifier_not_found);
  CHECK_FALSE(test.closing());
}

TEST_CASE("an acknowledgement of the wrong kind is a protocol error", "[outgoing]") {
  const auto reason_after = [](QoS qos, PacketType type) {
    EngineUnderTest test;
    test.connect();
    test.publish("1", qos);
    test.receive(acknowledgement(type, test.write().at(0).packet_identifier));
    return test.closing_reason();
  };
  CHECK(reason_after(QoS::at_least_once, PacketType::pubrec) == ReasonCode::protocol_error);
  CHECK(reason_after(QoS::at_least_once, PacketType::pubcomp) == ReasonCode::protocol_error);
  CHECK(reason_after(QoS::exactly_once, PacketType::puback) == ReasonCode::protocol_error);
}

TEST_CASE("a repeated PUBREC gets its PUBREL again", "[outgoing][U-4.3.3-2]") {
  EngineUnderTest test;
  test.connect();
  const auto message = test.publish("1", QoS::exactly_once);
  const auto sent = test.write();
  test.receive(pubrec(sent[0]) + pubrec(sent[0]));
  CHECK(described(test.write()) == std::vector<std::string>{"PUBREL", "PUBREL"});
  test.receive(pubcomp(sent[0]));
  CHECK(test.succeeded(message));
}

TEST_CASE("no more is taken while much waits to be written", "[outgoing]") {
  EngineUnderTest test;
  test.connect();
  const std::string large(100'000, 'x');
  for (int i = 0; i < 10; ++i)
    test.publish(large, QoS::at_least_once);
  CHECK(test.engine.output().size() < 500'000);
  CHECK_FALSE(test.engine.can_publish(*make_message("x", QoS::at_most_once)));
  std::size_t sent = 0;
  while (!test.engine.output().empty()) {
    sent += test.write().size();
    test.feed();
  }
  CHECK(sent == 10);
}

TEST_CASE("an acknowledgement time-out ends the connection, and never sends again on it",
          "[outgoing][MQTT-4.4.0-1]") {
  auto options = hour_long_session();
  options.acknowledgement_timeout = 5s;
  options.keep_alive = 0s;
  EngineUnderTest test(options);
  test.connect();
  test.publish("1", QoS::at_least_once);
  test.write();
  test.pass(4'999ms);
  CHECK_FALSE(test.closing());
  test.pass(1ms);
  REQUIRE(test.closing());
  CHECK(test.write().empty());
  test.lose();
  test.connect(true);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH dup 1"});
}

TEST_CASE("the largest message there is leaves without an alias, for which it has no room", "[outgoing]") {
  EngineUnderTest test;
  test.connect(false, Properties().add(PropertyId::topic_alias_maximum, 10));
  const std::string topic = "a topic that is worth an alias";
  const std::size_t besides = 2 + topic.size() + 1;
  std::vector<std::byte> payload(wire::variable_byte_integer_max - besides);
  const auto publish = [&](std::span<const std::byte> contents) {
    test.engine.publish(OutboundMessage::make({.topic = topic, .payload = contents}), test.now);
  };
  publish({});
  test.write();
  publish(payload);
  std::array<std::span<const std::byte>, 2> pieces;
  REQUIRE(test.engine.output().gather(pieces) == 2);
  CHECK(pieces[0].size() == 5 + besides);
  CHECK(pieces[1].size() == payload.size());
  const auto length = wire::decode_variable_byte_integer(pieces[0].subspan(1));
  CHECK(length.status == wire::VariableByteInteger::Status::complete);
  CHECK(length.value == wire::variable_byte_integer_max);
}
