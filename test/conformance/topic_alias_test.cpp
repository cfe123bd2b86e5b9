// Topic aliases in both directions. [MQTT 5, 3.3.2.3.4]
#include <string>
#include <utility>
#include <vector>

#include "unit/session/engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

constexpr std::string_view topic_a = "plant/a/temperature";
constexpr std::string_view topic_b = "plant/b/temperature";
constexpr std::string_view topic_c = "plant/c/temperature";

Properties aliases_up_to(std::uint32_t maximum) {
  return Properties().add(PropertyId::topic_alias_maximum, maximum);
}

void publish(EngineUnderTest& test, std::string_view topic, QoS qos = QoS::at_most_once) {
  auto message = OutboundMessage::make({.topic = topic, .payload = as_bytes("x"), .qos = qos});
  test.outbox.push_back(std::move(message));
  test.feed();
}

/// How the packets name their topics: "a" in full, "a=1" in full with an alias, "=1" by the alias alone.
std::vector<std::string> topics_of(const std::vector<Packet>& packets) {
  std::vector<std::string> names;
  for (const Packet& packet : only(PacketType::publish, packets)) {
    std::string name = packet.topic.empty() ? "" : packet.topic.substr(6, 1);
    if (const auto alias = packet.properties.number(PropertyId::topic_alias))
      name += "=" + std::to_string(*alias);
    names.push_back(name);
  }
  return names;
}

using Names = std::vector<std::string>;

std::string aliased(const char* topic, std::uint32_t alias) {
  return support::publish(topic, "x", QoS::at_most_once, 0, false,
                          Properties().add(PropertyId::topic_alias, alias));
}

std::vector<std::string> received_topics(EngineUnderTest& test) {
  std::vector<std::string> topics;
  for (const auto& message : test.engine.received())
    topics.emplace_back(message->topic());
  test.engine.received().clear();
  return topics;
}

EngineUnderTest accepting(std::uint16_t maximum) {
  Options options = hour_long_session();
  options.connect_properties.topic_alias_maximum = maximum;
  return EngineUnderTest(options);
}

}  // namespace

TEST_CASE("what is sent has aliases from 1 to the broker's Topic Alias Maximum, and no others",
          "[aliases][MQTT-3.2.2-17][MQTT-3.3.2-8][MQTT-3.3.2-9]") {
  EngineUnderTest test;
  test.connect(false, aliases_up_to(2));
  for (int round = 0; round < 3; ++round) {
    for (const auto topic : {topic_a, topic_b, topic_c})
      publish(test, topic);
  }
  CHECK(topics_of(test.write()) == Names{"a", "b", "c", "a=1", "b=2", "c", "=1", "=2", "c"});
}

TEST_CASE("a broker that grants no aliases gets none, whatever it granted before",
          "[aliases][MQTT-3.2.2-18]") {
  EngineUnderTest test;
  test.connect(false, aliases_up_to(10));
  for (int i = 0; i < 3; ++i)
    publish(test, topic_a);
  CHECK(topics_of(test.write()) == Names{"a", "a=1", "=1"});
  for (const Properties& properties : {Properties(), aliases_up_to(0)}) {
    test.lose();
    test.connect(true, properties);
    for (int i = 0; i < 3; ++i)
      publish(test, topic_a);
    CHECK(topics_of(test.write()) == Names{"a", "a", "a"});
  }
}

TEST_CASE("topic_aliases_max bounds them further", "[aliases]") {
  Options options = hour_long_session();
  options.topic_aliases_max = GENERATE(std::uint16_t{0}, std::uint16_t{1});
  EngineUnderTest test(options);
  test.connect(false, aliases_up_to(10));
  for (const auto topic : {topic_a, topic_b, topic_a, topic_b, topic_a, topic_b})
    publish(test, topic);
  const Names expected = options.topic_aliases_max == 0 ? Names{"a", "b", "a", "b", "a", "b"}
                                                        : Names{"a", "b", "a=1", "b", "=1", "b"};
  CHECK(topics_of(test.write()) == expected);
}

TEST_CASE("a replay has its topic, and aliases of the new connection only",
          "[aliases][MQTT-3.3.2-7][U-3.3.2.3.4-3]") {
  EngineUnderTest test;
  test.connect(false, aliases_up_to(10));
  for (int i = 0; i < 3; ++i)
    publish(test, topic_a, QoS::at_least_once);
  publish(test, topic_b, QoS::exactly_once);
  CHECK(topics_of(test.write()) == Names{"a", "a=1", "=1", "b"});
  test.lose();
  test.connect(true, aliases_up_to(1));
  const auto replayed = test.write();
  CHECK(topics_of(replayed) == Names{"a", "a=1", "=1", "b"});
  for (const Packet& packet : replayed)
    CHECK(packet.dup);
  test.lose();
  test.connect(true);
  CHECK(topics_of(test.write()) == Names{"a", "a", "a", "b"});
}

TEST_CASE("what waits for the window goes out by what stands in the stream before it",
          "[aliases][U-3.3.2.3.4-3]") {
  EngineUnderTest test;
  test.connect(false, aliases_up_to(10).add(PropertyId::receive_maximum, 1));
  for (int i = 0; i < 3; ++i)
    publish(test, topic_a, QoS::at_least_once);
  CHECK(topics_of(test.write()) == Names{"a"});
  test.lose();
  test.connect(false, aliases_up_to(10).add(PropertyId::receive_maximum, 1));
  for (const char* expected : {"a", "a=1", "=1"}) {
    const auto packets = test.write();
    CHECK(topics_of(packets) == Names{expected});
    test.receive(acknowledgement(PacketType::puback, packets.back().packet_identifier));
  }
}

TEST_CASE("an alias makes no packet too large for the broker", "[aliases][MQTT-3.2.2-15]") {
  EngineUnderTest test;
  // Fixed header 2, topic 2 + 19, length of properties 1, payload 1.
  test.connect(false, aliases_up_to(10).add(PropertyId::maximum_packet_size, 25));
  for (int i = 0; i < 3; ++i)
    publish(test, topic_a);
  CHECK(topics_of(test.write()) == Names{"a", "a", "a"});
}

TEST_CASE("every alias up to our maximum is accepted, and may be given to another topic",
          "[aliases][MQTT-3.3.2-10][U-3.3.2.3.4-1][U-3.3.2.3.4-2]") {
  EngineUnderTest test = accepting(65'535);
  test.connect();
  test.receive(aliased("a", 1) + aliased("b", 65'535) + aliased("", 1) + aliased("", 65'535) +
               aliased("c", 1) + aliased("", 1));
  CHECK(received_topics(test) == Names{"a", "b", "a", "b", "c", "c"});
  CHECK_FALSE(test.closing());
}

TEST_CASE("both sides have aliases of their own", "[aliases][U-3.3.2.3.4-1]") {
  EngineUnderTest test = accepting(1);
  test.connect(false, aliases_up_to(1));
  publish(test, topic_a);
  publish(test, topic_a);
  test.receive(aliased("theirs", 1));
  publish(test, topic_a);
  test.receive(aliased("", 1));
  CHECK(topics_of(test.write()) == Names{"a", "a=1", "=1"});
  CHECK(received_topics(test) == Names{"theirs", "theirs"});
}

TEST_CASE("the broker's aliases end with their connection", "[aliases][MQTT-3.3.2-7]") {
  EngineUnderTest test = accepting(1);
  test.connect();
  test.receive(aliased("a", 1));
  test.lose();
  test.connect(true);
  test.receive(aliased("", 1));
  CHECK(test.closing_reason() == ReasonCode::protocol_error);
}

TEST_CASE("an alias of 0, above our maximum, or that stands for nothing ends the connection",
          "[aliases][U-3.1.2.11.5-1][U-3.3.2.3.4-2]") {
  const auto reason = [](std::uint16_t maximum, const char* topic, std::uint32_t alias) {
    EngineUnderTest test = accepting(maximum);
    test.connect();
    test.receive(aliased(topic, alias));
    return test.closing_reason();
  };
  CHECK(reason(2, "a", 0) == ReasonCode::topic_alias_invalid);
  CHECK(reason(2, "a", 3) == ReasonCode::topic_alias_invalid);
  CHECK(reason(0, "a", 1) == ReasonCode::topic_alias_invalid);
  CHECK(reason(2, "", 2) == ReasonCode::protocol_error);
  EngineUnderTest none;
  none.connect();
  none.receive(aliased("a", 1));
  CHECK(none.closing_reason() == ReasonCode::topic_alias_invalid);
}
