// What engineers set by hand: acknowledgements with a reason, a window of our own, the pace of a replay.
#include "engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

/// The application acknowledges the message with this number in the order of received().
void answer(EngineUnderTest& test, std::size_t number, ReasonCode reason,
            const AcknowledgementProperties& properties = {}) {
  test.engine.acknowledge(InboundAnswer{test.tokens.at(number), reason, properties});
  test.engine.send_acknowledgements(test.now);
}

const AcknowledgementProperties words{.reason_string = "the disk is full",
                                      .user_properties = {{"disk", "2"}}};

}  // namespace

TEST_CASE("an acknowledgement says what the application says, in the protocol's order", "[control]") {
  EngineUnderTest test;
  test.connect();
  test.receive(qos1(1, "1") + qos1(2, "2") + qos1(3, "3"));
  test.received();
  answer(test, 1, ReasonCode::quota_exceeded, words);
  test.acknowledge(2);
  CHECK(test.write().empty());
  answer(test, 0, ReasonCode::success, words);
  const auto sent = test.write();
  REQUIRE(described(sent) == std::vector<std::string>{"PUBACK", "PUBACK", "PUBACK"});
  CHECK(sent[0].packet_identifier == 1);
  CHECK(sent[0].reason_code == ReasonCode::success);
  CHECK(sent[0].properties.text(PropertyId::reason_string) == "the disk is full");
  CHECK(sent[1].packet_identifier == 2);
  CHECK(sent[1].reason_code == ReasonCode::quota_exceeded);
  CHECK(sent[1].properties.user_properties() == UserProperties{{"disk", "2"}});
  CHECK(sent[2].reason_code == ReasonCode::success);
  CHECK_FALSE(sent[2].properties.text(PropertyId::reason_string));
}

TEST_CASE("an error on a QoS 2 message ends its exchange, a success does not", "[control][MQTT-4.3.3-9]") {
  EngineUnderTest test;
  test.connect();
  test.receive(qos2(1, "refused") + qos2(2, "taken"));
  test.received();
  answer(test, 0, ReasonCode::not_authorized);
  answer(test, 1, ReasonCode::success, words);
  const auto sent = test.write();
  REQUIRE(described(sent) == std::vector<std::string>{"PUBREC", "PUBREC"});
  CHECK(sent[0].reason_code == ReasonCode::not_authorized);
  CHECK(sent[1].properties.text(PropertyId::reason_string) == "the disk is full");
  // The identifier of the refused one is free for another message; the other one's is not.
  test.receive(qos2(1, "new") + qos2(2, "taken", true));
  CHECK(test.received() == std::vector<std::string>{"new"});
  test.receive(pubrel(2));
  CHECK(only(PacketType::pubcomp, test.write()).at(0).reason_code == ReasonCode::success);
}

TEST_CASE("an acknowledgement with a reason is sent on no other connection than its message came on",
          "[control]") {
  EngineUnderTest test;
  test.connect();
  test.receive(qos1(1, "1"));
  test.received();
  test.lose();
  answer(test, 0, ReasonCode::quota_exceeded, words);
  test.connect(true);
  CHECK(test.write().empty());
  test.receive(qos1(1, "1", true));
  CHECK(test.received().empty());
  const auto sent = test.write();
  REQUIRE(described(sent) == std::vector<std::string>{"PUBACK"});
  CHECK(sent[0].reason_code == ReasonCode::quota_exceeded);
  CHECK(sent[0].properties.text(PropertyId::reason_string) == "the disk is full");
}

TEST_CASE("a stale acknowledgement with a reason changes nothing", "[control]") {
  EngineUnderTest test;
  test.connect();
  test.receive(qos1(1, "1"));
  test.received();
  test.acknowledge(0);
  test.write();
  test.receive(qos1(1, "2"));
  test.received();
  answer(test, 0, ReasonCode::quota_exceeded, words);
  CHECK(test.write().empty());
  test.acknowledge(1);
  CHECK(test.write().at(0).reason_code == ReasonCode::success);
}

TEST_CASE("what the broker's Maximum Packet Size does not hold is left out of an acknowledgement",
          "[control][MQTT-3.4.2-2][MQTT-3.4.2-3][MQTT-3.5.2-2][MQTT-3.5.2-3]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  // 4 bytes of headers and identifier, 1 of reason, 1 of length, 19 of reason string, 10 of user property.
  const auto sent = [qos](std::uint32_t maximum) {
    EngineUnderTest test;
    test.connect(false, Properties().add(PropertyId::maximum_packet_size, maximum));
    test.receive(support::publish("t", "1", qos, 1));
    test.received();
    answer(test, 0, ReasonCode::quota_exceeded, words);
    const auto packets = test.write();
    REQUIRE(packets.size() == 1);
    CHECK(packets[0].size <= maximum);
    CHECK(packets[0].reason_code == ReasonCode::quota_exceeded);
    return std::pair(packets[0].properties.text(PropertyId::reason_string).has_value(),
                     packets[0].properties.user_properties().size());
  };
  CHECK(sent(35) == std::pair(true, std::size_t{1}));
  CHECK(sent(34) == std::pair(true, std::size_t{0}));
  CHECK(sent(25) == std::pair(true, std::size_t{0}));
  CHECK(sent(24) == std::pair(false, std::size_t{0}));
  CHECK(sent(10) == std::pair(false, std::size_t{0}));
}

TEST_CASE("in_flight_max narrows the broker's window and never widens it", "[control]") {
  const auto sent = [](std::uint16_t ours, std::optional<std::uint32_t> brokers) {
    Options options = hour_long_session();
    options.in_flight_max = ours;
    EngineUnderTest test(options);
    Properties properties;
    if (brokers) properties.add(PropertyId::receive_maximum, *brokers);
    test.connect(false, properties);
    test.publish_numbers(1, 10, QoS::at_least_once);
    return test.write().size();
  };
  CHECK(sent(3, std::nullopt) == 3);
  CHECK(sent(3, 5) == 3);
  CHECK(sent(5, 3) == 3);
  CHECK(sent(65535, std::nullopt) == 10);
}

TEST_CASE("in_flight_max holds for a replay, and each acknowledgement makes room for one", "[control]") {
  Options options = hour_long_session();
  options.in_flight_max = 2;
  EngineUnderTest test(options);
  test.connect();
  test.publish_numbers(1, 5, QoS::at_least_once);
  test.write();
  test.lose();
  test.connect(true);
  auto sent = test.write();
  REQUIRE(payloads(sent) == numbers(1, 2));
  test.receive(puback(sent[0]));
  CHECK(payloads(test.write()) == numbers(3, 1));
}

namespace {

/// Lets time pass until nothing more is sent; how long each message after the first was waited for.
std::vector<std::chrono::milliseconds> gaps(EngineUnderTest& test, std::size_t count) {
  std::vector<std::chrono::milliseconds> waited;
  TimePoint last = test.now;
  std::size_t sent = only(PacketType::publish, test.write()).size();
  for (std::size_t i = 1; i < sent; ++i)
    waited.emplace_back(0);
  while (sent < count) {
    test.pass_to_deadline(1s);
    test.feed();
    const std::size_t more = only(PacketType::publish, test.write()).size();
    for (std::size_t i = 0; i < more; ++i)
      waited.push_back(
          std::chrono::duration_cast<std::chrono::milliseconds>(test.now - std::exchange(last, test.now)));
    sent += more;
  }
  return waited;
}

EngineUnderTest with_replay_rate(unsigned rate) {
  Options options = hour_long_session();
  options.replay_rate = rate;
  return EngineUnderTest(options);
}

}  // namespace

TEST_CASE("what a resumed session sends again keeps to replay_rate", "[control][replay]") {
  EngineUnderTest test = with_replay_rate(10);
  test.connect();
  test.publish_numbers(1, 4, QoS::at_least_once);
  CHECK(test.write().size() == 4);  // They came after the connection.
  test.lose();
  test.engine.set_backlog_end(4);
  test.connect(true);
  test.feed();
  const auto waited = gaps(test, 4);
  REQUIRE(waited.size() == 3);
  for (const auto gap : waited)
    CHECK((gap >= 90ms && gap <= 100ms));
}

TEST_CASE("what waited for the connection keeps to replay_rate, what comes later does not",
          "[control][replay]") {
  const QoS qos = GENERATE(QoS::at_most_once, QoS::at_least_once, QoS::exactly_once);
  EngineUnderTest test = with_replay_rate(10);
  test.publish_numbers(1, 3, qos);
  test.engine.set_backlog_end(3);
  test.connect();
  test.feed();
  test.publish_numbers(4, 5, qos);  // Behind the others, so that the order is kept.
  std::vector<std::string> order = payloads(test.write());
  CHECK(order == numbers(1, 1));
  test.pass(100ms);
  test.feed();
  CHECK(payloads(test.write()) == numbers(2, 1));
  test.pass(100ms);
  test.feed();
  CHECK(payloads(test.write()) == numbers(3, 6));
}

TEST_CASE("what a lost session gave back keeps to replay_rate", "[control][replay]") {
  EngineUnderTest test = with_replay_rate(10);
  test.connect();
  test.publish_numbers(1, 3, QoS::at_least_once);
  test.write();
  test.lose();
  test.engine.set_backlog_end(3);
  test.connect(false);
  CHECK(payloads(test.write()) == numbers(1, 1));
  CHECK(test.engine.deadline() > test.now);
  CHECK(test.engine.deadline() <= test.now + 100ms);
}

TEST_CASE("a late timer does not make the replay slower than its rate, nor a long pause faster",
          "[control][replay]") {
  EngineUnderTest test = with_replay_rate(1'000);
  test.publish_numbers(1, 100, QoS::at_least_once);
  test.engine.set_backlog_end(100);
  test.connect();
  test.feed();
  test.write();
  test.pass(5ms);
  test.feed();
  CHECK(test.write().size() >= 5);
  test.pass(1h);
  test.feed();
  CHECK(only(PacketType::publish, test.write()).size() <= 12);
}

TEST_CASE("PUBRELs and subscriptions do not wait for replay_rate", "[control][replay]") {
  EngineUnderTest test = with_replay_rate(1);
  test.connect();
  test.publish_numbers(1, 3, QoS::exactly_once);
  for (const Packet& packet : test.write())
    test.receive(pubrec(packet));
  CHECK(test.write().size() == 3);
  test.lose();
  test.engine.set_backlog_end(3);
  test.connect(true);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBREL", "PUBREL", "PUBREL"});
}
