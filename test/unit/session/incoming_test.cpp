// Messages coming in, and their acknowledgement. [MQTT 5, 3.3.4, 4.3, 4.6]
#include "engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

std::vector<int> identifiers(const std::vector<Packet>& packets) {
  std::vector<int> found;
  for (const Packet& packet : packets)
    found.push_back(packet.packet_identifier);
  return found;
}

EngineUnderTest connected(void (*change)(Options&) = [](Options&) {}) {
  Options options = hour_long_session();
  change(options);
  EngineUnderTest test(options);
  test.connect();
  return test;
}

}  // namespace

TEST_CASE("nothing is acknowledged before the application has it",
          "[incoming][MQTT-3.3.4-1][MQTT-4.3.2-4][MQTT-4.3.3-8]") {
  EngineUnderTest test = connected();
  test.receive(qos1(1, "1") + qos2(2, "2"));
  CHECK(test.received() == numbers(1, 2));
  CHECK(test.write().empty());
  test.acknowledge(0);
  test.acknowledge(1);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBACK", "PUBREC"});
}

TEST_CASE("acknowledgements in any order leave in the order of the PUBLISHes", "[incoming]") {
  EngineUnderTest test = connected();
  test.receive(qos1(5, "1") + qos1(3, "2") + qos1(9, "3"));
  test.received();
  test.acknowledge(2);
  CHECK(test.write().empty());
  test.acknowledge(1);
  CHECK(test.write().empty());
  test.acknowledge(0);
  CHECK(identifiers(test.write()) == std::vector<int>{5, 3, 9});
}

TEST_CASE("PUBACKs do not wait for PUBRECs, nor the other way round", "[incoming]") {
  EngineUnderTest test = connected();
  test.receive(qos1(1, "1") + qos2(2, "2") + qos1(3, "3") + qos2(4, "4"));
  test.received();
  test.acknowledge(1);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBREC"});
  test.acknowledge(0);
  test.acknowledge(2);
  CHECK(identifiers(test.write()) == std::vector<int>{1, 3});
}

TEST_CASE("an acknowledgement given twice is sent once", "[incoming]") {
  EngineUnderTest test = connected();
  test.receive(qos1(1, "1"));
  test.received();
  test.acknowledge(0);
  test.acknowledge(0);
  CHECK(test.write().size() == 1);
}

TEST_CASE("a stale acknowledgement does not acknowledge a new message under the same identifier",
          "[incoming]") {
  EngineUnderTest test = connected();
  test.receive(qos1(1, "old"));
  test.received();
  test.acknowledge(0);
  test.write();
  test.receive(qos1(1, "new"));
  CHECK(test.received() == std::vector<std::string>{"new"});
  test.acknowledge(0);
  CHECK(test.write().empty());
  test.acknowledge(1);
  CHECK(test.write().size() == 1);
}

TEST_CASE("a QoS 2 message that comes again before its PUBREL is handed over once",
          "[incoming][MQTT-4.3.3-10][MQTT-4.3.3-11][MQTT-4.3.3-12]") {
  EngineUnderTest test = connected();
  test.receive(qos2(1, "once"));
  test.received();
  test.acknowledge(0);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBREC"});
  for (int i = 0; i < 3; ++i) {
    test.receive(qos2(1, "once", true));
    CHECK(test.received().empty());
    CHECK(described(test.write()) == std::vector<std::string>{"PUBREC"});
  }
  test.receive(pubrel(1));
  CHECK(described(test.write()) == std::vector<std::string>{"PUBCOMP"});
  test.receive(qos2(1, "next"));
  CHECK(test.received() == std::vector<std::string>{"next"});
}

TEST_CASE("a QoS 2 message known before the reconnect is handed over once, PUBREC is sent again",
          "[incoming][MQTT-4.3.3-10]") {
  EngineUnderTest test = connected();
  test.receive(qos2(1, "once"));
  test.received();
  test.acknowledge(0);
  test.write();
  test.lose();
  test.connect(true);
  test.receive(qos2(1, "once", true));
  CHECK(test.received().empty());
  CHECK(described(test.write()) == std::vector<std::string>{"PUBREC"});
  test.receive(pubrel(1));
  const auto answer = test.write();
  REQUIRE(described(answer) == std::vector<std::string>{"PUBCOMP"});
  CHECK(answer[0].reason_code == ReasonCode::success);
}

TEST_CASE("a PUBREL that comes again after a reconnect is answered, known or not",
          "[incoming][MQTT-4.3.3-11][MQTT-3.7.2-1]") {
  EngineUnderTest test = connected();
  test.receive(qos2(1, "1"));
  test.received();
  test.acknowledge(0);
  test.receive(pubrel(1));
  test.write();
  test.lose();
  test.connect(true);
  test.receive(pubrel(1));
  const auto answer = test.write();
  REQUIRE(described(answer) == std::vector<std::string>{"PUBCOMP"});
  CHECK(answer[0].reason_code == ReasonCode::packet_identifier_not_found);
  CHECK_FALSE(test.closing());
}

TEST_CASE("after a reconnect a message without DUP under a known QoS 1 identifier is a new one",
          "[incoming]") {
  EngineUnderTest test = connected();
  test.receive(qos1(1, "old"));
  test.received();
  test.lose();
  test.connect(true);
  test.receive(qos1(1, "new"));
  CHECK(test.received() == std::vector<std::string>{"new"});
}

TEST_CASE("what comes with DUP under the identifier of a QoS 1 message that it is not is handed over",
          "[incoming]") {
  EngineUnderTest test = connected();
  test.receive(qos1(1, "1") + qos1(2, "2") + qos1(3, "3"));
  test.received();
  test.acknowledge(0);
  test.write();
  test.lose();
  test.connect(true);
  // RabbitMQ counts its identifiers from 1 at each connection.
  test.receive(qos1(1, "2", true) + qos1(2, "3", true) + qos1(3, "4", true));
  CHECK(test.received() == std::vector<std::string>{"2", "3", "4"});
  // From now on its identifiers say nothing, though the content be the same.
  test.lose();
  test.connect(true);
  test.receive(qos1(1, "2", true));
  CHECK(test.received() == std::vector<std::string>{"2"});
}

TEST_CASE("a message acknowledged while away is acknowledged when the broker sends it again",
          "[incoming][U-4.4-1]") {
  EngineUnderTest test = connected();
  test.receive(qos1(1, "1"));
  test.received();
  test.lose();
  test.acknowledge(0);
  test.connect(true);
  CHECK(test.write().empty());
  test.receive(qos1(1, "1", true));
  CHECK(test.received().empty());
  CHECK(identifiers(test.write()) == std::vector<int>{1});
}

TEST_CASE("topic aliases stand for full topics, and end with the connection", "[incoming]") {
  EngineUnderTest test = connected([](Options& o) { o.connect_properties.topic_alias_maximum = 2; });
  const auto aliased = [](const char* topic, std::uint32_t alias) {
    return support::publish(topic, "x", QoS::at_most_once, 0, false,
                            Properties().add(PropertyId::topic_alias, alias));
  };
  test.receive(aliased("a", 2) + aliased("", 2) + aliased("b", 2) + aliased("", 2));
  std::vector<std::string> topics;
  for (const auto& message : test.engine.received())
    topics.emplace_back(message->topic());
  CHECK(topics == std::vector<std::string>{"a", "a", "b", "b"});
  test.lose();
  test.connect(true);
  test.receive(aliased("", 2));
  CHECK(test.closing_reason() == ReasonCode::protocol_error);
}

TEST_CASE("an alias that is 0, above our maximum, or missing with an empty topic ends the connection",
          "[incoming]") {
  const auto reason = [](const char* topic, std::optional<std::uint32_t> alias) {
    EngineUnderTest test = connected([](Options& o) { o.connect_properties.topic_alias_maximum = 2; });
    Properties properties;
    if (alias) properties.add(PropertyId::topic_alias, *alias);
    test.receive(support::publish(topic, "x", QoS::at_most_once, 0, false, properties));
    return test.closing_reason();
  };
  CHECK(reason("a", 0) == ReasonCode::topic_alias_invalid);
  CHECK(reason("a", 3) == ReasonCode::topic_alias_invalid);
  CHECK(reason("", 1) == ReasonCode::protocol_error);
  CHECK(reason("", std::nullopt) == ReasonCode::protocol_error);
}

TEST_CASE("a broker that overruns our Receive Maximum is counted, and ended when strict", "[incoming]") {
  const auto flood = [](bool strict, std::uint16_t count) {
    Options options = hour_long_session();
    options.connect_properties.receive_maximum = 2;
    options.strict_peer = strict;
    EngineUnderTest test(options);
    test.connect();
    for (std::uint16_t id = 1; id <= count; ++id)
      test.receive(qos1(id, "x"));
    return std::pair(test.closing_reason(), test.engine.counters().receive_maximum_overruns);
  };
  using Outcome = std::pair<std::optional<ReasonCode>, std::uint64_t>;
  CHECK(flood(true, 2) == Outcome(std::nullopt, 0));
  CHECK(flood(true, 3) == Outcome(ReasonCode::receive_maximum_exceeded, 1));
  CHECK(flood(false, 5) == Outcome(std::nullopt, 3));
  CHECK(flood(false, 1'000).first == ReasonCode::receive_maximum_exceeded);  // Memory stays bounded.
}

TEST_CASE("the message that overruns our Receive Maximum is handed over, though the connection ends with it",
          "[incoming]") {
  EngineUnderTest test = connected([](Options& o) {
    o.connect_properties.receive_maximum = 1;
    o.strict_peer = true;
  });
  test.receive(qos2(1, "1") + qos2(2, "2"));
  REQUIRE(test.closing());
  CHECK(test.received() == numbers(1, 2));
  test.lose();
  test.connect(true);
  test.write();
  test.acknowledge(0);
  test.acknowledge(1);
  test.receive(qos2(1, "1", true));
  CHECK(identifiers(test.write()) == std::vector<int>{1});
}

TEST_CASE("a packet over our maximum is answered with 0x83, not stored, and ends the connection when strict",
          "[incoming]") {
  const auto limited = [](Options& o) { o.connect_properties.maximum_packet_size = 50; };
  const std::string large(100, 'x');
  EngineUnderTest test = connected(limited);
  test.receive(qos1(1, large) + qos2(2, large) + support::publish("t", large) + qos1(3, "small"));
  CHECK(test.received() == std::vector<std::string>{"small"});
  const auto answers = test.write();
  REQUIRE(described(answers) == std::vector<std::string>{"PUBACK", "PUBREC"});
  CHECK(answers[0].reason_code == ReasonCode::implementation_specific_error);
  CHECK(answers[1].reason_code == ReasonCode::implementation_specific_error);
  CHECK(test.engine.counters().oversized_packets == 3);

  EngineUnderTest strict = connected([](Options& o) {
    o.connect_properties.maximum_packet_size = 50;
    o.strict_peer = true;
  });
  strict.receive(qos1(1, large));
  CHECK(strict.closing_reason() == ReasonCode::packet_too_large);
}

TEST_CASE("a packet over our maximum ends the connection where it may have set a topic alias unread",
          "[incoming]") {
  EngineUnderTest test = connected([](Options& o) {
    o.connect_properties.maximum_packet_size = 50;
    o.connect_properties.topic_alias_maximum = 1;
  });
  test.receive(qos1(1, std::string(100, 'x')));
  CHECK(test.closing_reason() == ReasonCode::packet_too_large);
}

TEST_CASE("everything is understood in any split", "[incoming]") {
  const std::string stream =
      qos1(1, "1") + qos2(2, "2") + support::publish("t", "3") + pubrel(9) + support::pingresp();
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    EngineUnderTest test = connected();
    for (std::size_t at = 0; at < stream.size(); at += piece)
      test.receive(std::string_view(stream).substr(at, piece));
    CHECK(test.received() == numbers(1, 3));
    CHECK(described(test.write()) == std::vector<std::string>{"PUBCOMP"});
  }
}

TEST_CASE("the refusal of an oversized packet waits for its turn", "[incoming]") {
  EngineUnderTest test = connected([](Options& o) { o.connect_properties.maximum_packet_size = 50; });
  test.receive(qos1(1, "1") + qos1(2, std::string(100, 'x')));
  test.received();
  CHECK(test.write().empty());
  test.acknowledge(0);
  const auto answers = test.write();
  REQUIRE(identifiers(answers) == std::vector<int>{1, 2});
  CHECK(answers[1].reason_code == ReasonCode::implementation_specific_error);
}

TEST_CASE("one identifier used again and again overruns our Receive Maximum", "[incoming]") {
  EngineUnderTest test = connected([](Options& o) { o.connect_properties.receive_maximum = 2; });
  for (int i = 0; i < 3; ++i)
    test.receive(qos1(7, "x"));
  CHECK(test.engine.counters().receive_maximum_overruns == 1);
  for (int i = 0; i < 100; ++i)
    test.receive(qos1(7, "x"));
  CHECK(test.closing_reason() == ReasonCode::receive_maximum_exceeded);  // Memory stays bounded.
}

TEST_CASE("an identifier used twice counts against our Receive Maximum no longer than its messages",
          "[incoming]") {
  EngineUnderTest test = connected([](Options& o) { o.connect_properties.receive_maximum = 2; });
  for (std::size_t round = 0; round < 100; ++round) {
    test.receive(qos1(7, "1") + qos1(7, "2"));
    CHECK(test.received() == numbers(1, 2));
    test.acknowledge(2 * round);
    test.acknowledge(2 * round + 1);
    test.write();
  }
  CHECK_FALSE(test.closing());
  CHECK(test.engine.counters().receive_maximum_overruns == 0);
}

TEST_CASE("a QoS 2 message that a resumed session sends again without DUP is handed over once",
          "[incoming]") {
  EngineUnderTest test = connected();
  test.receive(qos2(1, "once"));
  CHECK(test.received() == std::vector<std::string>{"once"});
  test.lose();
  test.acknowledge(0);
  test.connect(true);
  test.receive(qos2(1, "once"));
  CHECK(test.received().empty());
  CHECK(described(test.write()) == std::vector<std::string>{"PUBREC"});
}
