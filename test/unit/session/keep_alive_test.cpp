// Keep-alive, half-open connections, and deadlines in general. [MQTT 5, 3.1.2.10]
#include "engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

Options keep_alive_of(std::chrono::seconds interval) {
  Options options = hour_long_session();
  options.keep_alive = interval;
  return options;
}

/// Lets time pass from deadline to deadline; how long until the engine wanted its first PINGREQ written.
std::chrono::nanoseconds time_to_ping(EngineUnderTest& test) {
  const TimePoint begin = test.now;
  while (test.now - begin < 100h) {
    test.pass_to_deadline();
    if (described(test.write()) == std::vector<std::string>{"PINGREQ"}) return test.now - begin;
  }
  return std::chrono::nanoseconds::max();
}

}  // namespace

TEST_CASE("a silent connection is pinged within the keep-alive, and stays when answered",
          "[keep-alive][MQTT-3.1.2-20]") {
  const auto interval = GENERATE(1s, 2s, 60s, 65'535s);
  EngineUnderTest test(keep_alive_of(interval));
  test.connect();
  for (int i = 0; i < 5; ++i) {
    const auto silence = time_to_ping(test);
    CHECK(silence <= interval);
    CHECK(silence > std::chrono::nanoseconds(interval) * 8 / 10);
    test.receive(support::pingresp());
    CHECK_FALSE(test.closing());
  }
}

TEST_CASE("a half-open connection is found within one and a half keep-alive intervals",
          "[keep-alive][U-3.1.2.10-1]") {
  const auto interval = GENERATE(1s, 10s, 60s, 65'535s);
  EngineUnderTest test(keep_alive_of(interval));
  test.connect();
  const TimePoint silent_since = test.now;
  while (!test.closing() && test.now - silent_since < 100h) {
    test.pass_to_deadline();
    test.write();
  }
  REQUIRE(test.closing());
  CHECK(test.now - silent_since <= std::chrono::nanoseconds(interval) * 3 / 2);
  CHECK(test.closing_reason() == ReasonCode::keep_alive_timeout);
}

TEST_CASE("a half-open connection is found though we keep sending", "[keep-alive]") {
  EngineUnderTest test(keep_alive_of(10s));
  test.connect();
  const TimePoint silent_since = test.now;
  while (!test.closing() && test.now - silent_since < 1h) {
    test.pass(500ms);
    test.publish("x", QoS::at_most_once);
    test.write();
  }
  REQUIRE(test.closing());
  CHECK(test.now - silent_since <= 15s);
}

TEST_CASE("the broker is pinged though it keeps sending", "[keep-alive][U-3.1.2.10-3]") {
  EngineUnderTest test(keep_alive_of(10s));
  test.connect();
  bool pinged = false;
  for (int i = 0; i < 10; ++i) {
    test.pass(1s);
    test.receive(support::publish("t", "x"));
    pinged = pinged || !test.write().empty();
  }
  CHECK(pinged);
}

TEST_CASE("no ping while both sides talk", "[keep-alive]") {
  EngineUnderTest test(keep_alive_of(10s));
  test.connect();
  for (int i = 0; i < 100; ++i) {
    test.pass(1s);
    test.publish("x", QoS::at_least_once);
    const auto sent = test.write();
    REQUIRE(described(sent) == std::vector<std::string>{"PUBLISH x"});
    test.receive(puback(sent[0]));
  }
}

TEST_CASE("keep-alive 0 is off: no ping, no deadline", "[keep-alive][U-3.1.2.10-2]") {
  EngineUnderTest test(keep_alive_of(0s));
  test.connect();
  CHECK(test.engine.deadline() == never);
}

TEST_CASE("the broker's Server Keep Alive counts, 0 turns pings off",
          "[keep-alive][MQTT-3.1.2-21][MQTT-3.2.2-21]") {
  EngineUnderTest shorter(keep_alive_of(60s));
  shorter.connect(false, Properties().add(PropertyId::server_keep_alive, 5));
  CHECK(time_to_ping(shorter) <= 5s);
  EngineUnderTest off(keep_alive_of(60s));
  off.connect(false, Properties().add(PropertyId::server_keep_alive, 0));
  CHECK(off.engine.deadline() == never);
  EngineUnderTest on(keep_alive_of(0s));
  on.connect(false, Properties().add(PropertyId::server_keep_alive, 7));
  CHECK(time_to_ping(on) <= 7s);
}

TEST_CASE("the ping time-out is ours to set", "[keep-alive]") {
  auto options = keep_alive_of(60s);
  options.ping_timeout = 2s;
  EngineUnderTest test(options);
  test.connect();
  time_to_ping(test);
  test.pass(1'999ms);
  CHECK_FALSE(test.closing());
  test.pass(1ms);
  CHECK(test.closing());
}

TEST_CASE("while reading is paused no answer can be missed, and our own silence is still broken",
          "[keep-alive]") {
  EngineUnderTest test(keep_alive_of(10s));
  test.connect();
  test.engine.set_reading(false, test.now);
  int pings = 0;
  for (int i = 0; i < 600; ++i) {
    test.pass(1s);
    pings += static_cast<int>(test.write().size());
    REQUIRE_FALSE(test.closing());
  }
  CHECK(pings >= 60);
  test.engine.set_reading(true, test.now);
  test.pass(9s);
  CHECK_FALSE(test.closing());
  test.write();
  test.pass(6s);
  CHECK(test.closing());
}

TEST_CASE("while reading is paused what is not received wakes nobody", "[keep-alive]") {
  EngineUnderTest test(keep_alive_of(10s));
  test.connect();
  test.engine.set_reading(false, test.now);
  test.pass(8s);
  test.publish("1", QoS::at_most_once);
  test.write();
  test.pass(1s);
  CHECK(test.engine.deadline() >= test.now + 1s);
}

TEST_CASE("a CONNACK is waited for from when the CONNECT has left", "[keep-alive]") {
  auto options = hour_long_session();
  options.connack_timeout = 3s;
  EngineUnderTest test(options);
  test.engine.on_connected(test.now);
  test.now += 5s;  // What was published meanwhile is committed first.
  test.write();
  CHECK(test.engine.deadline() == test.now + 3s);
  test.pass(2s);
  CHECK_FALSE(test.closing());
  test.pass(1s);
  CHECK(test.closing());
}

TEST_CASE("a CONNACK that does not come in time ends the attempt", "[keep-alive][U-3.2-1]") {
  auto options = hour_long_session();
  options.connack_timeout = 3s;
  EngineUnderTest test(options);
  test.open();
  CHECK(test.engine.deadline() == test.now + 3s);
  test.pass(3s);
  REQUIRE(test.closing());
  CHECK(test.engine.closing()->error == Errc::timed_out);
}

TEST_CASE("a deadline asked too early changes nothing, and deadlines lie in the future", "[keep-alive]") {
  EngineUnderTest test(keep_alive_of(10s));
  test.connect();
  for (int i = 0; i < 1'000; ++i) {
    test.engine.on_deadline(test.now);
    REQUIRE(test.engine.deadline() > test.now);
    test.now += 7ms;
  }
  CHECK(test.write().empty());
}

TEST_CASE("a message that uploads for longer than the keep-alive arrives", "[keep-alive]") {
  EngineUnderTest test(keep_alive_of(10s));
  test.connect();
  test.publish(std::string(1'000'000, 'x'), QoS::at_least_once);
  std::vector<Packet> sent;
  while (!test.engine.output().empty()) {  // 10 kB a second, and the broker has nothing to say meanwhile.
    test.pass(1s);
    REQUIRE_FALSE(test.closing());
    for (auto& packet : test.write(10'000))
      sent.push_back(std::move(packet));
  }
  CHECK(only(PacketType::publish, sent).size() == 1);
  CHECK(only(PacketType::pingreq, sent).size() == 1);
}

TEST_CASE("an acknowledgement is waited for from when its message, and not only the first of many, has left",
          "[keep-alive]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  const auto answer = qos == QoS::at_least_once ? PacketType::puback : PacketType::pubcomp;
  auto options = keep_alive_of(0s);
  options.acknowledgement_timeout = 5s;
  EngineUnderTest test(options);
  test.connect();
  test.publish_numbers(0, 3, qos);
  if (qos == QoS::exactly_once) {
    for (const auto& publish : test.write())
      test.receive(acknowledgement(PacketType::pubrec, publish.packet_identifier));
  }
  test.now += 10s;  // They are committed first, and the disk is slow.
  const auto left = test.write();
  REQUIRE(left.size() == 3);
  test.receive(acknowledgement(answer, left[0].packet_identifier));
  test.pass(4s);
  CHECK_FALSE(test.closing());
  test.pass(1s);
  CHECK(test.closing());
}

TEST_CASE("an acknowledgement is waited for from when its message has left on a slow line", "[keep-alive]") {
  auto options = keep_alive_of(0s);
  options.acknowledgement_timeout = 5s;
  EngineUnderTest test(options);
  test.connect();
  test.publish(std::string(100'000, 'x'), QoS::at_least_once);
  while (!test.engine.output().empty()) {
    test.pass(1s);
    REQUIRE_FALSE(test.closing());
    test.write(10'000);
  }
  test.pass(4s);
  CHECK_FALSE(test.closing());
  test.pass(1s);
  CHECK(test.closing());
}

TEST_CASE("after DISCONNECT nothing is waited for, not even the answer to a PINGREQ that leaves with it",
          "[keep-alive]") {
  EngineUnderTest test;
  test.connect();
  test.pass(1h);
  test.engine.disconnect({}, test.now);
  CHECK(described(test.write()) == std::vector<std::string>{"PINGREQ", "DISCONNECT"});
  CHECK(test.engine.deadline() == never);
}
