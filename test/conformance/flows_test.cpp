// The exchanges of QoS 1 and 2, and what stops them or not. [MQTT 5, 4.1, 4.3 to 4.6, 4.9, 4.13]
#include <string>

#include "unit/session/engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

std::vector<int> identifiers(const std::vector<Packet>& packets) {
  std::vector<int> found;
  for (const Packet& packet : packets)
    found.push_back(packet.packet_identifier);
  return found;
}

}  // namespace

TEST_CASE("a message is unfinished until its own acknowledgement, and goes out again until then",
          "[flows][MQTT-4.3.2-3][MQTT-4.3.3-3][MQTT-4.1.0-1]") {
  const auto qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  EngineUnderTest test;
  test.connect();
  const auto messages = test.publish_numbers(1, 2, qos);
  const auto sent = test.write();
  const auto answer = qos == QoS::at_least_once ? puback : pubrec;
  test.receive(answer(sent[1], ReasonCode::success));
  CHECK_FALSE(test.finished(messages[0]));
  test.write();
  test.lose();
  test.connect(true);
  const auto again = only(PacketType::publish, test.write());
  REQUIRE(described(again) == std::vector<std::string>{"PUBLISH dup 1"});
  CHECK(again[0].packet_identifier == sent[0].packet_identifier);
}

TEST_CASE("what is not acknowledged for long is neither sent again on its connection nor forgotten",
          "[flows][MQTT-4.4.0-1][MQTT-4.1.0-1]") {
  EngineUnderTest test;
  test.connect();
  const auto one = test.publish("1", QoS::at_least_once);
  const auto two = test.publish("2", QoS::exactly_once);
  const auto sent = test.write();
  test.receive(pubrec(sent[1]));
  REQUIRE(described(test.write()) == std::vector<std::string>{"PUBREL"});
  for (int minute = 0; minute < 24 * 60; ++minute) {
    test.pass(1min);
    test.receive(support::pingresp());
    for (const Packet& packet : test.write())
      REQUIRE(packet.type == PacketType::pingreq);
  }
  test.receive(puback(sent[0]) + pubcomp(sent[1]));
  CHECK(test.succeeded(one));
  CHECK(test.succeeded(two));
}

TEST_CASE("a PUBREC that is no failure is answered by PUBREL, one that is ends the message",
          "[flows][MQTT-4.3.3-4]") {
  EngineUnderTest test;
  test.connect();
  const auto messages = test.publish_numbers(1, 3, QoS::exactly_once);
  const auto sent = test.write();
  test.receive(pubrec(sent[0]) + pubrec(sent[1], ReasonCode::no_matching_subscribers) +
               pubrec(sent[2], ReasonCode::not_authorized));
  const auto answers = test.write();
  CHECK(described(answers) == std::vector<std::string>{"PUBREL", "PUBREL"});
  CHECK(identifiers(answers) == std::vector<int>{sent[0].packet_identifier, sent[1].packet_identifier});
  CHECK(test.failed(messages[2], Errc::request_refused));
}

TEST_CASE("PUBRELs leave in the order of the PUBRECs", "[flows][MQTT-4.6.0-4]") {
  EngineUnderTest test;
  test.connect();
  test.publish_numbers(1, 3, QoS::exactly_once);
  const auto sent = test.write();
  test.receive(pubrec(sent[1]) + pubrec(sent[0]) + pubrec(sent[2]));
  const std::vector<int> order{sent[1].packet_identifier, sent[0].packet_identifier,
                               sent[2].packet_identifier};
  CHECK(identifiers(test.write()) == order);
  test.lose();
  test.connect(true);
  CHECK(identifiers(test.write()) == order);
}

TEST_CASE("a refused message is never sent again, its identifier and its place come free",
          "[flows][MQTT-4.4.0-2][U-4.13.2-1]") {
  EngineUnderTest test;
  test.connect(false, Properties().add(PropertyId::receive_maximum, 2));
  const auto one = test.publish("1", QoS::at_least_once);
  const auto two = test.publish("2", QoS::exactly_once);
  const auto sent = test.write();
  test.receive(puback(sent[0], ReasonCode::not_authorized) + pubrec(sent[1], ReasonCode::quota_exceeded));
  CHECK_FALSE(test.closing());
  CHECK(one->reason_code == ReasonCode::not_authorized);
  CHECK(two->reason_code == ReasonCode::quota_exceeded);
  test.publish_numbers(3, 2, QoS::at_least_once);
  CHECK(payloads(test.write()) == numbers(3, 2));
  test.lose();
  test.connect(true);
  CHECK(payloads(test.write()) == numbers(3, 2));
}

TEST_CASE("PUBCOMP ends the exchange whatever its code, and frees identifier and place",
          "[flows][U-4.3.3-3]") {
  EngineUnderTest test;
  test.connect(false, Properties().add(PropertyId::receive_maximum, 1));
  const auto message = test.publish("1", QoS::exactly_once);
  const auto sent = test.write();
  test.receive(pubrec(sent[0]));
  test.write();
  test.lose();
  test.connect(true, Properties().add(PropertyId::receive_maximum, 1));
  test.write();
  test.receive(pubcomp(sent[0], ReasonCode::packet_identifier_not_found));
  CHECK(test.succeeded(message));
  CHECK(test.engine.in_flight() == 0);
  test.publish("2", QoS::exactly_once);
  CHECK(payloads(test.write()) == numbers(2, 1));
}

TEST_CASE("a window that is used up stops messages at QoS 1 and 2, and nothing else",
          "[flows][MQTT-3.3.4-8][MQTT-4.9.0-3]") {
  EngineUnderTest test;
  test.connect(false, Properties().add(PropertyId::receive_maximum, 1));
  test.publish("1", QoS::exactly_once);
  const auto first = test.write();
  test.publish("2", QoS::at_least_once);
  CHECK(test.write().empty());
  test.engine.request({SubscriptionRequest::Kind::subscribe, {{"a", {}}}, {}, 1}, test.now);
  CHECK(described(test.write()) == std::vector<std::string>{"SUBSCRIBE"});
  test.receive(support::publish("t", "in", QoS::at_least_once, 1) +
               support::publish("t", "in", QoS::exactly_once, 2));
  test.received();
  test.acknowledge(0);
  test.acknowledge(1);
  test.receive(pubrel(2));
  CHECK(described(test.write()) == std::vector<std::string>{"PUBACK", "PUBREC", "PUBCOMP"});
  test.pass(60s);
  CHECK(described(test.write()) == std::vector<std::string>{"PINGREQ"});
  test.receive(support::pingresp() + pubrec(first[0]));
  CHECK(described(test.write()) == std::vector<std::string>{"PUBREL"});
  test.receive(pubcomp(first[0]));
  CHECK(payloads(test.write()) == numbers(2, 1));
}

TEST_CASE("after PUBACK the same identifier is a new message, whatever DUP says", "[flows][MQTT-4.3.2-5]") {
  EngineUnderTest test;
  test.connect();
  for (std::size_t time = 0; time < 3; ++time) {
    test.receive(support::publish("t", "again", QoS::at_least_once, 5, true));
    CHECK(test.received() == std::vector<std::string>{"again"});
    test.acknowledge(time);
    CHECK(described(test.write()) == std::vector<std::string>{"PUBACK"});
  }
}

TEST_CASE("after PUBCOMP the same identifier is a new message", "[flows][MQTT-4.3.3-12]") {
  EngineUnderTest test;
  test.connect();
  for (std::size_t time = 0; time < 3; ++time) {
    test.receive(support::publish("t", "again", QoS::exactly_once, 5, true));
    CHECK(test.received() == std::vector<std::string>{"again"});
    test.acknowledge(time);
    test.receive(pubrel(5));
    CHECK(described(test.write()) == std::vector<std::string>{"PUBREC", "PUBCOMP"});
  }
}

TEST_CASE("acknowledgements leave in the order in which their messages came",
          "[flows][MQTT-4.6.0-2][MQTT-4.6.0-3]") {
  const auto qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  EngineUnderTest test;
  test.connect();
  for (const std::uint16_t identifier : std::initializer_list<std::uint16_t>{5, 3, 9})
    test.receive(support::publish("t", "x", qos, identifier));
  test.received();
  test.acknowledge(2);
  test.acknowledge(0);
  CHECK(identifiers(test.write()) == std::vector<int>{5});
  test.acknowledge(1);
  CHECK(identifiers(test.write()) == std::vector<int>{3, 9});
}

TEST_CASE("an exchange goes on though its message expired while the application took its time",
          "[flows][MQTT-4.3.3-13]") {
  EngineUnderTest test;
  test.connect();
  test.receive(support::publish("t", "x", QoS::exactly_once, 5, false,
                                Properties().add(PropertyId::message_expiry_interval, 1)));
  test.pass(50s);
  CHECK(test.received() == std::vector<std::string>{"x"});
  test.acknowledge(0);
  test.receive(pubrel(5));
  CHECK(described(test.write()) == std::vector<std::string>{"PUBREC", "PUBCOMP"});
}

TEST_CASE("messages that nobody subscribed to are acknowledged like all others", "[flows][MQTT-4.5.0-2]") {
  EngineUnderTest test;
  test.connect();
  test.receive(support::publish("never/asked", "1", QoS::at_least_once, 1) +
               support::publish("never/asked", "2", QoS::exactly_once, 2));
  CHECK(test.received() == numbers(1, 2));
  test.acknowledge(0);
  test.acknowledge(1);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBACK", "PUBREC"});
}

TEST_CASE("a session that is there at the fourth connection began with the first",
          "[flows][U-4.1-2][MQTT-3.1.2-23]") {
  EngineUnderTest test;
  test.connect();
  test.publish("out", QoS::exactly_once);
  test.receive(pubrec(test.write().at(0)));
  test.receive(support::publish("t", "in", QoS::exactly_once, 9));
  test.received();
  test.acknowledge(0);
  test.write();
  for (int connection = 2; connection <= 4; ++connection) {
    test.lose();
    test.pass(50min);  // Each time less than the hour that the session outlives a connection.
    CHECK_FALSE(test.connect(true).clean_start);
    test.receive(support::publish("t", "in", QoS::exactly_once, 9, true));
    CHECK(test.received().empty());
    CHECK(described(test.write()) == std::vector<std::string>{"PUBREL", "PUBREC"});
  }
}

TEST_CASE("Session Present and what we hold: all four combinations",
          "[flows][U-3.1.2.11.2-4][MQTT-3.2.2-4]") {
  const auto second_connect = [](bool held, bool present) {
    Options options = hour_long_session();
    if (!held) options.session_expiry = 0s;
    auto test = std::make_unique<EngineUnderTest>(options);
    test->connect();
    test->publish("1", QoS::at_least_once);
    test->write();
    test->lose();
    test->connect(present);
    return test;
  };
  auto both = second_connect(true, true);
  CHECK(described(both->write()) == std::vector<std::string>{"PUBLISH dup 1"});
  auto ours_alone = second_connect(true, false);
  CHECK(described(ours_alone->write()) == std::vector<std::string>{"PUBLISH 1"});
  auto theirs_alone = second_connect(false, true);
  CHECK(theirs_alone->closing());
  auto none = second_connect(false, false);
  CHECK(described(none->write()) == std::vector<std::string>{"PUBLISH 1"});
}

TEST_CASE("a message that came with DUP is passed on without", "[flows][MQTT-3.3.1-3]") {
  EngineUnderTest test;
  test.connect();
  test.receive(support::publish("t", "x", QoS::at_least_once, 5, true));
  REQUIRE(test.received() == std::vector<std::string>{"x"});
  test.publish("x", QoS::at_least_once);
  CHECK(described(only(PacketType::publish, test.write())) == std::vector<std::string>{"PUBLISH x"});
}

TEST_CASE("a clean start leaves nothing of the session before: neither in flight nor known",
          "[flows][MQTT-3.1.2-4][MQTT-3.2.2-5]") {
  Options options = hour_long_session();
  options.on_session_lost = OnSessionLost::fail;
  EngineUnderTest test(options);
  test.connect();
  const auto one = test.publish("1", QoS::at_least_once);
  const auto two = test.publish("2", QoS::exactly_once);
  test.receive(pubrec(test.write().at(1)));
  test.receive(support::publish("t", "in", QoS::exactly_once, 7));
  test.received();
  test.acknowledge(0);
  test.write();
  test.lose();
  test.engine.set_servers("another:1883");  // Which a clean start is asked of.
  CHECK(test.connect().clean_start);
  CHECK(test.failed(one, Errc::session_lost));
  CHECK(test.failed(two, Errc::session_lost));
  CHECK(test.write().empty());
  test.receive(support::publish("t", "another", QoS::exactly_once, 7, true));
  CHECK(test.received() == std::vector<std::string>{"another"});
}
