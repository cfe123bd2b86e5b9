// MQTT 3.1.1: messages both ways, their acknowledgements, and subscriptions. [MQTT 3.1.1, 3.3 to 3.11, 4]
#include <set>

#include "conformance/mqtt311_client.hpp"

using namespace holdfast;
using namespace holdfast::session;

TEST_CASE("PUBLISH of MQTT 3.1.1 is what the standard says, byte for byte",
          "[mqtt311][3.1.1/MQTT-3.3.2-1][3.1.1/MQTT-2.3.1-5][3.1.1/MQTT-2.3.1-1][3.1.1/MQTT-3.3.1-2]"
          "[3.1.1/MQTT-4.3.1-1][3.1.1/MQTT-4.3.2-1][3.1.1/MQTT-3.3.1-4][3.1.1/MQTT-2.2.2-1]") {
  EngineUnderTest test(older_client());
  test.connect();
  test.publish("hi", QoS::at_most_once);
  test.publish("hi", QoS::at_least_once, never, true);
  test.publish("hi", QoS::exactly_once);
  const auto packets = test.write();
  REQUIRE(packets.size() == 3);
  CHECK(packets[0].bytes == bytes({0x30, 5, 0, 1}) + "thi");
  CHECK(packets[1].bytes == bytes({0x33, 7, 0, 1}) + "t" + bytes({0, 1}) + "hi");
  CHECK(packets[2].bytes == bytes({0x34, 7, 0, 1}) + "t" + bytes({0, 2}) + "hi");
}

TEST_CASE("identifiers are unique over all that waits for an answer, and never 0",
          "[mqtt311][3.1.1/MQTT-2.3.1-2][3.1.1/MQTT-2.3.1-1][3.1.1/MQTT-4.3.2-1][3.1.1/MQTT-4.3.3-1]") {
  EngineUnderTest test(older_client(), {}, 65'530);
  test.connect();
  test.publish_numbers(0, 10, QoS::at_least_once);
  test.publish_numbers(10, 10, QoS::exactly_once);
  test.engine.request(wish_for({"a"}), test.now);
  test.engine.request(end_of({"b"}), test.now);
  std::set<std::uint16_t> identifiers;
  for (const Packet& packet : test.write())
    CHECK(identifiers.insert(packet.packet_identifier).second);
  CHECK(identifiers.size() == 22);
  CHECK(identifiers.count(0) == 0);
}

TEST_CASE("a QoS 1 message waits for its PUBACK, whose identifier is free then",
          "[mqtt311][3.1.1/MQTT-4.3.2-1][3.1.1/MQTT-2.3.1-3]") {
  EngineUnderTest test(older_client());
  test.connect();
  const auto message = test.publish("x", QoS::at_least_once);
  const auto sent = test.write();
  REQUIRE(sent.size() == 1);
  CHECK_FALSE(test.finished(message));
  test.receive(older(puback(sent[0])));
  CHECK(test.succeeded(message));
  CHECK(test.engine.in_flight() == 0);
}

TEST_CASE("a QoS 2 message goes through PUBREC, PUBREL and PUBCOMP, and its PUBLISH is not sent after PUBREC",
          "[mqtt311][3.1.1/MQTT-4.3.3-1][3.1.1/MQTT-3.6.1-1][3.1.1/MQTT-2.3.1-6]") {
  EngineUnderTest test(older_client());
  test.connect();
  const auto message = test.publish("x", QoS::exactly_once);
  const auto sent = test.write();
  REQUIRE(sent.size() == 1);
  const int identifier = sent[0].packet_identifier;
  SECTION("cut before PUBREC: the PUBLISH again") {
    test.lose();
    test.connect(true);
    CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH dup x"});
  }
  test.receive(older(pubrec(sent[0])));
  const auto release = test.write();
  REQUIRE(release.size() == 1);
  CHECK(release[0].bytes == bytes({0x62, 2, 0, identifier}));
  SECTION("cut after PUBREC: the PUBREL again, with the same flags") {
    test.lose();
    test.connect(true);
    const auto again = test.write();
    REQUIRE(again.size() == 1);
    CHECK(again[0].bytes == release[0].bytes);
  }
  CHECK_FALSE(test.finished(message));
  test.receive(older(pubcomp(sent[0])));
  CHECK(test.succeeded(message));
}

TEST_CASE("what is sent again keeps its order, over the end of the identifiers and with mixed QoS",
          "[mqtt311][3.1.1/MQTT-4.6.0-1][3.1.1/MQTT-4.4.0-1]") {
  EngineUnderTest test(older_client(), {}, 65'530);
  test.connect();
  for (int number = 0; number < 20; ++number)
    test.publish(std::to_string(number), number % 3 == 0 ? QoS::exactly_once : QoS::at_least_once);
  test.write();
  test.lose();
  test.connect(true);
  CHECK(payloads(test.write()) == numbers(0, 20));
}

TEST_CASE("PUBRELs are sent in the order of the PUBRECs", "[mqtt311][3.1.1/MQTT-4.6.0-4]") {
  EngineUnderTest test(older_client());
  test.connect();
  test.publish_numbers(0, 3, QoS::exactly_once);
  const auto sent = test.write();
  for (const std::size_t which : {2U, 0U, 1U})
    test.receive(older(pubrec(sent[which])));
  const auto check = [&](const std::vector<Packet>& releases) {
    REQUIRE(releases.size() == 3);
    CHECK(releases[0].packet_identifier == sent[2].packet_identifier);
    CHECK(releases[1].packet_identifier == sent[0].packet_identifier);
    CHECK(releases[2].packet_identifier == sent[1].packet_identifier);
  };
  check(test.write());
  test.lose();
  test.connect(true);
  check(test.write());
}

TEST_CASE(
    "received messages are answered as their QoS asks, in the order of their arrival, each with two bytes",
    "[mqtt311][3.1.1/MQTT-3.3.4-1][3.1.1/MQTT-4.5.0-2][3.1.1/MQTT-4.6.0-2][3.1.1/MQTT-4.6.0-3]"
    "[3.1.1/MQTT-2.3.1-6][3.1.1/MQTT-2.2.2-1]") {
  EngineUnderTest test(older_client());
  test.connect();
  test.receive(publish_to("a") + publish_to("b", QoS::at_least_once, 1) +
               publish_to("c", QoS::exactly_once, 2) + publish_to("d", QoS::at_least_once, 3) +
               publish_to("e", QoS::exactly_once, 4));
  CHECK(test.received().size() == 5);
  for (const std::size_t number : {4U, 3U, 2U, 1U})  // Whatever the order in which the application does.
    test.acknowledge(number);
  const auto answers = test.write();
  const auto bytes_of = [&](PacketType type) {
    std::string all;
    for (const Packet& packet : only(type, answers))
      all += packet.bytes;
    return all;
  };
  CHECK(answers.size() == 4);
  CHECK(bytes_of(PacketType::puback) == bytes({0x40, 2, 0, 1, 0x40, 2, 0, 3}));
  CHECK(bytes_of(PacketType::pubrec) == bytes({0x50, 2, 0, 2, 0x50, 2, 0, 4}));
}

TEST_CASE("after PUBACK the same identifier is a new message", "[mqtt311][3.1.1/MQTT-4.3.2-2]") {
  EngineUnderTest test(older_client());
  test.connect();
  for (std::size_t time = 0; time < 2; ++time) {
    test.receive(publish_to("a", QoS::at_least_once, 7));
    CHECK(test.received().size() == 1);
    test.acknowledge(time);
    REQUIRE(test.write().size() == 1);
  }
}

TEST_CASE(
    "a QoS 2 message that comes again is answered again and handed over once; after PUBREL it is a new one",
    "[mqtt311][3.1.1/MQTT-4.3.3-2]") {
  EngineUnderTest test(older_client());
  test.connect();
  test.receive(publish_to("a", QoS::exactly_once, 7));
  CHECK(test.received().size() == 1);
  test.acknowledge(0);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBREC"});
  test.receive(publish_to("a", QoS::exactly_once, 7, true));
  CHECK(test.received().empty());
  CHECK(described(test.write()) == std::vector<std::string>{"PUBREC"});
  test.receive(bytes({0x62, 2, 0, 7}));
  const auto complete = test.write();
  REQUIRE(complete.size() == 1);
  CHECK(complete[0].bytes == bytes({0x70, 2, 0, 7}));
  test.receive(publish_to("a", QoS::exactly_once, 7));
  CHECK(test.received().size() == 1);
}

TEST_CASE("a PUBREL for what nobody knows is answered by PUBCOMP", "[mqtt311][3.1.1/MQTT-4.3.3-2]") {
  EngineUnderTest test(older_client());
  test.connect();
  test.receive(bytes({0x62, 2, 0, 99}));
  const auto answers = test.write();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].bytes == bytes({0x70, 2, 0, 99}));
}

TEST_CASE("DUP of what is received says nothing about what is sent", "[mqtt311][3.1.1/MQTT-3.3.1-3]") {
  EngineUnderTest test(older_client());
  test.connect();
  test.receive(publish_to("a", QoS::at_least_once, 7, true));
  const auto payloads = test.received();
  REQUIRE(payloads.size() == 1);
  test.publish(payloads[0], QoS::at_least_once);
  const auto sent = only(PacketType::publish, test.write());
  REQUIRE(sent.size() == 1);
  CHECK_FALSE(sent[0].dup);
}

TEST_CASE("a topic that begins with a byte order mark arrives as it is", "[mqtt311][3.1.1/MQTT-1.5.3-3]") {
  EngineUnderTest test(older_client());
  test.connect();
  test.receive(publish_to("\xEF\xBB\xBF/a"));
  REQUIRE(test.engine.received().size() == 1);
  CHECK(test.engine.received()[0]->topic() == "\xEF\xBB\xBF/a");
}

TEST_CASE("SUBSCRIBE and UNSUBSCRIBE of MQTT 3.1.1 are what the standard says, byte for byte",
          "[mqtt311][3.1.1/MQTT-3.8.1-1][3.1.1/MQTT-3-8.3-4][3.1.1/MQTT-3.10.1-1][3.1.1/MQTT-3.8.3-1]"
          "[3.1.1/MQTT-3.10.3-1][3.1.1/MQTT-2.2.2-1]") {
  EngineUnderTest test(older_client());
  test.connect();
  test.engine.request(wish_for({"a/+", "#"}), test.now);
  test.engine.request(end_of({"b", "c/#"}), test.now);
  const auto packets = test.write();
  REQUIRE(packets.size() == 2);
  CHECK(packets[0].bytes == bytes({0x82, 12, 0, 1, 0, 3}) + "a/+" + bytes({2, 0, 1}) + "#" + bytes({2}));
  CHECK(packets[1].bytes == bytes({0xA2, 10, 0, 2, 0, 1}) + "b" + bytes({0, 3}) + "c/#");
}

TEST_CASE("SUBACKs are matched by identifier; their codes are in the order of the filters, 0x80 is a failure",
          "[mqtt311][3.1.1/MQTT-2.3.1-7][3.1.1/U311-3.9.3-1]") {
  EngineUnderTest test(older_client());
  test.connect();
  SubscriptionRequest second = wish_for({"d", "e"});
  second.ticket = 2;
  test.engine.request(wish_for({"a", "b", "c"}), test.now);
  test.engine.request(second, test.now);
  const auto packets = test.write();
  REQUIRE(packets.size() == 2);
  const int first_identifier = packets[0].packet_identifier;
  const int second_identifier = packets[1].packet_identifier;
  test.receive(bytes({0x90, 4, 0, second_identifier, 0x01, 0x80}));
  test.receive(bytes({0x90, 5, 0, first_identifier, 0x80, 0x00, 0x02}));
  const auto& answers = test.engine.answers();
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].request.ticket == 2);
  CHECK(answers[0].codes == std::vector{ReasonCode::granted_qos_1, ReasonCode::unspecified_error});
  CHECK(answers[1].request.ticket == 1);
  CHECK(answers[1].codes ==
        std::vector{ReasonCode::unspecified_error, ReasonCode::success, ReasonCode::granted_qos_2});
}

TEST_CASE("UNSUBACK has no codes: all its filters are gone", "[mqtt311][3.1.1/MQTT-2.3.1-7]") {
  EngineUnderTest test(older_client());
  test.connect();
  test.engine.request(end_of({"a", "b"}), test.now);
  const auto packets = test.write();
  REQUIRE(packets.size() == 1);
  test.receive(bytes({0xB0, 2, 0, packets[0].packet_identifier}));
  REQUIRE(test.engine.answers().size() == 1);
  CHECK(test.engine.answers()[0].codes == std::vector(2, ReasonCode::success));
}

TEST_CASE("DISCONNECT has no body, and nothing follows it", "[mqtt311][3.1.1/MQTT-3.14.4-2]") {
  EngineUnderTest test(older_client());
  test.connect();
  test.publish("x", QoS::at_most_once);
  test.engine.disconnect({}, test.now);
  test.publish("y", QoS::at_most_once);
  test.receive(publish_to("a", QoS::at_least_once, 1));
  const auto packets = test.write();
  REQUIRE(described(packets) == std::vector<std::string>{"PUBLISH x", "DISCONNECT"});
  CHECK(packets[1].bytes == bytes({0xE0, 0}));
}

TEST_CASE("what breaks MQTT 3.1.1 ends the connection, without a word: there is no packet for it",
          "[mqtt311][3.1.1/MQTT-4.8.0-1][3.1.1/MQTT-1.5.3-1][3.1.1/MQTT-1.5.3-2][3.1.1/MQTT-2.2.2-2]"
          "[3.1.1/MQTT-3.3.1-4][3.1.1/U311-3.14-1]") {
  struct Row {
    const char* what;
    std::string packet;
  };
  const auto row = GENERATE(values<Row>({
      {"a topic that is not UTF-8", bytes({0x30, 3, 0, 1, 0xFF})},
      {"a topic with U+0000", bytes({0x30, 3, 0, 1, 0})},
      {"no topic", bytes({0x30, 3, 0, 0, 'x'})},
      {"QoS 3", bytes({0x36, 5, 0, 1, 'a', 0, 1})},
      {"DUP at QoS 0", bytes({0x38, 3, 0, 1, 'a'})},
      {"identifier 0", bytes({0x32, 5, 0, 1, 'a', 0, 0})},
      {"a PUBLISH that ends in its topic", bytes({0x30, 3, 0, 9, 'a'})},
      {"flags of PUBREL", bytes({0x60, 2, 0, 1})},
      {"flags of PUBACK", bytes({0x41, 2, 0, 1})},
      {"a PUBACK of MQTT 5", bytes({0x40, 3, 0, 1, 0})},
      {"a PUBREL that is cut off", bytes({0x62, 1, 0})},
      {"a SUBACK code of MQTT 5", bytes({0x90, 3, 0, 1, 0x87})},
      {"a SUBACK without codes", bytes({0x90, 2, 0, 1})},
      {"an UNSUBACK with codes", bytes({0xB0, 3, 0, 1, 0})},
      {"a PINGRESP with a body", bytes({0xD0, 1, 0})},
      {"a second CONNACK", bytes({0x20, 2, 0, 0})},
      {"DISCONNECT", bytes({0xE0, 0})},
      {"DISCONNECT of MQTT 5", bytes({0xE0, 2, 0x8B, 0})},
      {"AUTH, which is reserved", bytes({0xF0, 0})},
      {"a packet of clients", bytes({0x82, 6, 0, 1, 0, 1, 'a', 0})},
      {"type 0", bytes({0, 0})},
      {"a length of five bytes", bytes({0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1})},
  }));
  CAPTURE(row.what);
  EngineUnderTest test(older_client());
  test.connect();
  test.write();
  test.receive(row.packet);
  REQUIRE(test.closing());
  CHECK(test.engine.closing()->error == Errc::malformed_packet);
  CHECK_FALSE(test.engine.closing()->reason_code);
  CHECK(test.write().empty());
  CHECK(test.engine.received().empty());
}
