// Every row of the table in docs/architecture.md that says what a session means, by name.
#include <holdfast/error.hpp>

#include "engine_under_test.hpp"
#include "store/memory_store.hpp"
#include "support/whole_snapshot.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

std::optional<std::uint32_t> asked_expiry(const Packet& connect) {
  return connect.properties.number(PropertyId::session_expiry_interval);
}

Options with(void (*change)(Options&)) {
  Options options = hour_long_session();
  change(options);
  return options;
}

Snapshot held_session() {
  Snapshot snapshot;
  snapshot.held = true;
  snapshot.identity.client_id = "client";
  snapshot.expiry = 1h;
  return snapshot;
}

}  // namespace

TEST_CASE("first connect of a process: clean, unless a store holds the session",
          "[session-table][U-3.1.2.4-1]") {
  CHECK(EngineUnderTest(hour_long_session()).open().clean_start);
  CHECK_FALSE(EngineUnderTest(hour_long_session(), held_session()).open().clean_start);
}

TEST_CASE("first connect of a process: Start::clean and Start::resume say otherwise", "[session-table]") {
  CHECK(EngineUnderTest(with([](Options& o) { o.start = Start::clean; }), held_session()).open().clean_start);
  CHECK_FALSE(EngineUnderTest(with([](Options& o) { o.start = Start::resume; })).open().clean_start);
}

TEST_CASE("first connect of a process: a clean start is repeated until a CONNACK succeeds",
          "[session-table]") {
  EngineUnderTest test;
  CHECK(test.open().clean_start);
  test.lose();
  CHECK(test.open().clean_start);
  test.receive(support::connack(false, ReasonCode::server_busy));
  test.lose();
  CHECK(test.connect().clean_start);
  test.lose();
  CHECK_FALSE(test.open().clean_start);
}

TEST_CASE("first connect of a process: packet identifiers start where the seed says", "[session-table]") {
  const auto first_identifier = [](std::uint32_t seed) {
    EngineUnderTest test(hour_long_session(), {}, seed);
    test.connect();
    test.publish("1", QoS::at_least_once);
    return test.write().at(0).packet_identifier;
  };
  CHECK(first_identifier(0) == 1);
  CHECK(first_identifier(41'999) == 42'000);
  CHECK(first_identifier(65'534) == 65'535);
  CHECK(first_identifier(65'535) == 1);
}

TEST_CASE("every reconnect: no clean start, however long we were away; the broker decides",
          "[session-table][U-3.1.2.11.2-4][U-4.1-2][U-3.1.2.4-1]") {
  EngineUnderTest test;
  test.connect();
  for (int i = 0; i < 3; ++i) {
    test.lose();
    test.pass(100h);
    CHECK_FALSE(test.connect(true).clean_start);
  }
  CHECK(test.engine.counters().sessions_resumed == 3);
  CHECK(test.engine.counters().sessions_lost == 0);
}

TEST_CASE("effective expiry: the broker's value where it sends one, else what was asked",
          "[session-table][U-3.2.2.3.2-1]") {
  EngineUnderTest test;
  CHECK(asked_expiry(test.connect()) == 3600);
  CHECK(test.engine.limits().session_expiry_interval == 3600s);
  test.lose();
  test.connect(true, Properties().add(PropertyId::session_expiry_interval, 60));
  CHECK(test.engine.limits().session_expiry_interval == 60s);
  test.lose();
  CHECK(asked_expiry(test.open()) == 3600);
}

TEST_CASE("effective expiry: a broker that grants 0 ends the session with the connection",
          "[session-table][U-3.2.2.3.2-1]") {
  EngineUnderTest test;
  test.connect(false, Properties().add(PropertyId::session_expiry_interval, 0));
  test.lose();
  CHECK(test.open().clean_start);
}

TEST_CASE("effective expiry: disconnect() may change it", "[session-table][U-3.14.2-3]") {
  EngineUnderTest test;
  test.connect();
  test.engine.disconnect({.session_expiry_interval = 0s}, test.now);
  const auto packets = test.write();
  REQUIRE(packets.size() == 1);
  CHECK(packets[0].properties.number(PropertyId::session_expiry_interval) == 0);
  test.lose(End::by_request);
  CHECK(test.open().clean_start);
}

TEST_CASE("expiry 0: the session ends with the connection, nothing is lost",
          "[session-table][U-3.1.2.11.2-1]") {
  Options options;
  options.client_id = "client";
  EngineUnderTest test(options);
  CHECK_FALSE(asked_expiry(test.connect()));
  test.publish_numbers(1, 3, QoS::at_least_once);
  test.write();
  test.lose();
  CHECK(test.connect().clean_start);
  CHECK(test.event<SessionLost>()->republished == 3);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH 1", "PUBLISH 2", "PUBLISH 3"});
}

TEST_CASE("never_expires: 0xFFFFFFFF on the wire, and no clock ends it", "[session-table][U-3.1.2.11.2-2]") {
  EngineUnderTest test(with([](Options& o) {
    o.session_expiry = never_expires;
    o.session_end = SessionEnd::by_clock;
  }));
  CHECK(asked_expiry(test.connect()) == 0xFFFFFFFF);
  test.lose();
  test.pass(24h * 365 * 200);
  CHECK_FALSE(test.open().clean_start);
}

TEST_CASE("session_end by_clock: once we were away for the expiry the session is over",
          "[session-table][U-3.1.2.11.2-3]") {
  EngineUnderTest test(with([](Options& o) { o.session_end = SessionEnd::by_clock; }));
  test.connect();
  test.publish("1", QoS::at_least_once);
  test.write();
  test.lose();
  test.pass(59min);
  CHECK_FALSE(test.connect(true).clean_start);
  test.write();
  test.lose();
  test.pass(61min);
  CHECK(test.connect().clean_start);
  CHECK(test.event<SessionLost>()->republished == 1);
}

TEST_CASE("session_end by_clock: attempts that fail meanwhile do not start the clock anew",
          "[session-table]") {
  EngineUnderTest test(with([](Options& o) { o.session_end = SessionEnd::by_clock; }));
  test.connect();
  test.lose();
  for (int i = 0; i < 3; ++i) {
    test.pass(25min);
    test.open();
    test.lose();
  }
  CHECK(test.open().clean_start);
}

TEST_CASE("session_end by_clock: an unknown time away counts as alive", "[session-table]") {
  EngineUnderTest test(with([](Options& o) { o.session_end = SessionEnd::by_clock; }), held_session());
  CHECK_FALSE(test.open().clean_start);
}

TEST_CASE("session present: PUBRELs in PUBREC order, then PUBLISHes in first order with DUP, then the outbox",
          "[session-table][MQTT-4.3.3-5][MQTT-4.3.3-6][MQTT-4.6.0-1][MQTT-4.6.0-4][MQTT-3.1.2-23][MQTT-3.3.1-"
          "1][MQTT-4.4.0-1]") {
  EngineUnderTest test(hour_long_session(), {}, 65'532);  // Identifiers wrap in the middle.
  test.connect(false, Properties().add(PropertyId::receive_maximum, 5));
  test.publish_numbers(1, 7, QoS::exactly_once);
  const auto first = test.write();
  REQUIRE(payloads(first) == numbers(1, 5));
  test.receive(pubrec(first[3]) + pubrec(first[1]));
  test.write();
  test.lose();
  test.connect(true, Properties().add(PropertyId::receive_maximum, 5));
  const auto again = test.write();
  CHECK(described(again) == std::vector<std::string>{"PUBREL", "PUBREL", "PUBLISH dup 1", "PUBLISH dup 3",
                                                     "PUBLISH dup 5", "PUBLISH 6", "PUBLISH 7"});
  REQUIRE(again.size() == 7);
  CHECK(again[0].packet_identifier == first[3].packet_identifier);
  CHECK(again[1].packet_identifier == first[1].packet_identifier);
  CHECK(again[2].packet_identifier == first[0].packet_identifier);
  CHECK(again[4].packet_identifier == first[4].packet_identifier);
}

TEST_CASE("session present: DUP 0 for what never left, also when only its last byte did not",
          "[session-table][MQTT-3.3.1-3]") {
  EngineUnderTest test;
  test.connect();
  test.publish_numbers(1, 3, QoS::at_least_once);
  const std::size_t packet = test.engine.output().size() / 3;
  test.write(2 * packet - 1);
  test.lose();
  test.connect(true);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH dup 1", "PUBLISH 2", "PUBLISH 3"});
}

TEST_CASE("session present: only packets that took quota on this connection give it back",
          "[session-table][U-4.9-2]") {
  EngineUnderTest test;
  const auto two = Properties().add(PropertyId::receive_maximum, 2);
  test.connect(false, two);
  test.publish_numbers(1, 6, QoS::exactly_once);
  const auto first = test.write();
  test.receive(pubrec(first[0]) + pubrec(first[1]));
  test.write();
  test.lose();
  test.connect(true, two);
  REQUIRE(described(test.write()) == std::vector<std::string>{"PUBREL", "PUBREL", "PUBLISH 3", "PUBLISH 4"});
  // These two exchanges took their quota on the lost connection: a place given back now would overrun two.
  test.receive(pubcomp(first[0]) + pubcomp(first[1]));
  CHECK(test.write().empty());
}

TEST_CASE("session present: acknowledgements of an earlier connection are never sent",
          "[session-table][U-4.4-1]") {
  EngineUnderTest test;
  test.connect();
  test.receive(support::publish("t", "old", QoS::at_least_once, 7));
  REQUIRE(test.received() == std::vector<std::string>{"old"});
  test.lose();
  test.connect(true);
  test.acknowledge(0);
  CHECK(test.write().empty());
}

TEST_CASE("session lost: subscribed again to all, in flight goes out as new ahead of the outbox",
          "[session-table][MQTT-3.2.2-5][U-4.1-3][MQTT-4.4.0-1]") {
  EngineUnderTest test;
  test.connect(false, Properties().add(PropertyId::receive_maximum, 3));
  test.engine.request({SubscriptionRequest::Kind::subscribe, {{"a/#", {.qos = QoS::at_least_once}}}, {}, 1},
                      test.now);
  test.receive(
      support::answer(PacketType::suback, test.write().at(0).packet_identifier, {ReasonCode::granted_qos_1}));
  test.publish_numbers(1, 5, QoS::at_least_once);
  test.write();
  test.lose();
  test.connect(false);
  const auto again = test.write();
  CHECK(described(again) == std::vector<std::string>{"SUBSCRIBE", "PUBLISH 1", "PUBLISH 2", "PUBLISH 3",
                                                     "PUBLISH 4", "PUBLISH 5"});
  REQUIRE(again[0].subscriptions.size() == 1);
  CHECK(again[0].subscriptions[0].filter == "a/#");
  const auto lost = test.event<SessionLost>();
  REQUIRE(lost);
  CHECK(lost->republished == 3);
  CHECK(lost->resubscribed == 1);
  CHECK(lost->failed == 0);
}

TEST_CASE("session lost: OnSessionLost::fail ends what was in flight, what waits goes on",
          "[session-table]") {
  EngineUnderTest test(with([](Options& o) { o.on_session_lost = OnSessionLost::fail; }));
  test.connect(false, Properties().add(PropertyId::receive_maximum, 2));
  const auto messages = test.publish_numbers(1, 3, QoS::exactly_once);
  test.write();
  test.lose();
  test.connect(false);
  CHECK(test.failed(messages[0], Errc::session_lost));
  CHECK(test.failed(messages[1], Errc::session_lost));
  CHECK(payloads(test.write()) == numbers(3, 1));
  CHECK(test.event<SessionLost>()->failed == 2);
}

TEST_CASE("session lost: a QoS 2 message past PUBREC is never sent again, its outcome is unknown",
          "[session-table][MQTT-3.2.2-5]") {
  EngineUnderTest test;
  test.connect();
  const auto messages = test.publish_numbers(1, 2, QoS::exactly_once);
  test.receive(pubrec(test.write().at(0)));
  test.write();
  test.lose();
  test.connect(false);
  CHECK(test.failed(messages[0], Errc::session_lost));
  CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH 2"});
}

TEST_CASE("session lost: inbound identifiers mean nothing any more", "[session-table][MQTT-3.2.2-5]") {
  EngineUnderTest test;
  test.connect();
  test.receive(support::publish("t", "old", QoS::exactly_once, 7));
  test.received();
  test.acknowledge(0);
  test.lose();
  test.connect(false);
  test.receive(support::publish("t", "new", QoS::exactly_once, 7, true));
  CHECK(test.received() == std::vector<std::string>{"new"});
}

TEST_CASE("session present after a clean start: closed, and the next connect is clean again",
          "[session-table][U-3.2.2.1-2][MQTT-3.2.2-4]") {
  EngineUnderTest test;
  test.connect(true);
  REQUIRE(test.closing());
  CHECK(test.engine.closing()->end == End::session_mismatch);
  CHECK_FALSE(test.engine.is_up());
  test.lose(End::session_mismatch);
  CHECK(test.connect(false).clean_start);
  CHECK_FALSE(test.closing());
}

TEST_CASE("received messages waiting in the inbox: stay, and the broker's second copy is not handed over",
          "[session-table]") {
  EngineUnderTest test;
  test.connect();
  test.receive(support::publish("t", "1", QoS::at_least_once, 7) +
               support::publish("t", "2", QoS::exactly_once, 8));
  REQUIRE(test.received() == numbers(1, 2));
  test.lose();
  test.connect(true);
  test.receive(support::publish("t", "1", QoS::at_least_once, 7, true) +
               support::publish("t", "2", QoS::exactly_once, 8, true));
  CHECK(test.received().empty());
  CHECK(test.engine.counters().duplicates_suppressed == 2);
  // The copy took the place of the waiting one: its acknowledgement belongs to the new connection.
  test.acknowledge(0);
  test.acknowledge(1);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBACK", "PUBREC"});
}

TEST_CASE("process killed, started again with the same store: as a reconnect", "[session-table][U-4.1-1]") {
  auto options = hour_long_session();
  store::MemoryStore store;
  options.store = std::shared_ptr<Store>(&store, [](Store*) {});
  const auto turn = [&](EngineUnderTest& test) {
    store.commit(test.engine.journal(), TimePoint{});
    test.engine.journal().clear();
    return test.write();
  };
  {
    EngineUnderTest test(options, store.open(TimePoint{}));
    test.connect(false, Properties().add(PropertyId::receive_maximum, 3));
    test.publish_numbers(1, 5, QoS::exactly_once);
    const auto first = turn(test);
    test.receive(pubrec(first[1]));
    test.receive(support::publish("t", "in", QoS::exactly_once, 9));
    test.received();
    test.acknowledge(0);
    turn(test);
    store.close();
  }
  EngineUnderTest test(options, support::open_whole(store), 12'345);
  for (auto& message : test.engine.returned())
    test.outbox.push_back(message);
  CHECK_FALSE(test.connect(true).clean_start);
  CHECK(described(turn(test)) ==
        std::vector<std::string>{"PUBREL", "PUBLISH dup 1", "PUBLISH dup 3", "PUBLISH 4", "PUBLISH 5"});
  test.receive(support::publish("t", "in", QoS::exactly_once, 9, true));
  CHECK(test.received().empty());
  CHECK(described(test.write()) == std::vector<std::string>{"PUBREC"});
}

TEST_CASE("message expiry: counts down while waiting, the rest goes on the wire", "[session-table]") {
  EngineUnderTest test;
  test.publish("1", QoS::at_least_once, test.now + 60s);
  test.pass(20s + 1ms);
  test.connect();
  const auto sent = only(PacketType::publish, test.write());
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].properties.number(PropertyId::message_expiry_interval) == 40);
}

TEST_CASE("message expiry: what expired and was never sent is dropped, and says so", "[session-table]") {
  EngineUnderTest test;
  const auto message = test.publish("1", QoS::at_least_once, test.now + 60s);
  test.publish("2", QoS::at_least_once);
  test.pass(60s);
  test.connect();
  CHECK(test.failed(message, Errc::expired));
  CHECK(payloads(test.write()) == numbers(2, 1));
}

TEST_CASE("message expiry: once sent it is finished, not dropped", "[session-table][MQTT-4.3.3-7]") {
  EngineUnderTest test;
  test.connect();
  const auto message = test.publish("1", QoS::at_least_once, test.now + 60s);
  test.write();
  test.lose();
  test.pass(2h);
  test.connect(true);
  const auto again = only(PacketType::publish, test.write());
  REQUIRE(again.size() == 1);
  CHECK(again[0].dup);
  CHECK(again[0].properties.number(PropertyId::message_expiry_interval) == 1);
  test.receive(puback(again[0]));
  CHECK(test.succeeded(message));
}

TEST_CASE("limits lowered: what waits and no longer fits ends with an error, the rest goes on",
          "[session-table]") {
  EngineUnderTest test;
  const auto retained = test.publish("1", QoS::at_least_once, never, true);
  const auto large = test.publish(std::string(200, 'x'), QoS::at_least_once);
  const auto too_good = test.publish("3", QoS::exactly_once);
  test.publish("4", QoS::at_least_once);
  test.connect(false, Properties()
                          .add(PropertyId::retain_available, 0)
                          .add(PropertyId::maximum_packet_size, 100)
                          .add(PropertyId::maximum_qos, 1));
  CHECK(test.failed(retained, Errc::retain_not_supported));
  CHECK(test.failed(large, Errc::packet_too_large));
  CHECK(test.failed(too_good, Errc::qos_not_supported));
  CHECK(payloads(test.write()) == numbers(4, 1));
}

TEST_CASE("limits lowered: QoS is lowered instead, by option", "[session-table]") {
  EngineUnderTest test(with([](Options& o) { o.lower_qos = true; }));
  test.publish("1", QoS::exactly_once);
  test.connect(false, Properties().add(PropertyId::maximum_qos, 1));
  const auto sent = test.write();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].qos == QoS::at_least_once);
}

TEST_CASE("limits lowered: what is in flight and no longer fits fails, and its identifier is held",
          "[session-table]") {
  EngineUnderTest test;
  test.connect();
  const auto large = test.publish(std::string(200, 'x'), QoS::at_least_once);
  test.publish("2", QoS::at_least_once);
  const auto first = test.write();
  test.lose();
  test.connect(true, Properties().add(PropertyId::maximum_packet_size, 100));
  CHECK(test.failed(large, Errc::packet_too_large));
  CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH dup 2"});
  // All other identifiers are used once: the held one is not among them.
  for (int i = 0; i < 65'533; ++i) {
    test.publish("x", QoS::at_least_once);
    const auto sent = test.write();
    REQUIRE(sent.size() == 1);
    REQUIRE(sent[0].packet_identifier != first[0].packet_identifier);
  }
  CHECK_FALSE(test.engine.can_publish(*make_message("x", QoS::at_least_once)));
  // With the session the identifier comes free.
  test.publish("last", QoS::at_least_once);
  test.lose();
  test.connect(false);
  while (!test.write().empty())
    test.feed();
  CHECK(test.engine.in_flight() == 65'535);
}

TEST_CASE("poison: the same oldest message at N closes in a row fails alone", "[session-table]") {
  EngineUnderTest test(with([](Options& o) { o.poison_after = 3; }));
  test.connect();
  const auto messages = test.publish_numbers(1, 3, QoS::at_least_once);
  for (int close = 1; close <= 3; ++close) {
    CHECK_FALSE(test.finished(messages[0]));
    REQUIRE(payloads(test.write()) == numbers(1, 3));
    test.lose(End::closed_by_peer);
    test.connect(true);
  }
  CHECK(test.failed(messages[0], Errc::poison));
  CHECK(test.event<MessageFailed>()->error == Errc::poison);
  CHECK(payloads(test.write()) == numbers(2, 2));
}

TEST_CASE("the identifier of a message that was given up stays taken in the next process, too",
          "[session-table]") {
  Snapshot snapshot = held_session();
  snapshot.held_identifiers = {5};
  EngineUnderTest test(hour_long_session(), std::move(snapshot), 4);  // The first one would be 5.
  test.connect(true);
  test.publish("1", QoS::exactly_once);
  CHECK(test.write().at(0).packet_identifier == 6);
}

TEST_CASE("poison: anything acknowledged in between clears the suspicion", "[session-table]") {
  EngineUnderTest test(with([](Options& o) { o.poison_after = 2; }));
  test.connect();
  const auto messages = test.publish_numbers(1, 8, QoS::at_least_once);
  for (int close = 0; close < 6; ++close) {
    const auto sent = test.write();
    test.receive(puback(sent.at(1)));
    test.lose(End::closed_by_peer);
    test.connect(true);
  }
  CHECK_FALSE(test.finished(messages[0]));
}

TEST_CASE("poison: a message that never reached the broker is not suspected", "[session-table]") {
  EngineUnderTest test(with([](Options& o) { o.poison_after = 2; }));
  test.connect();
  const auto message = test.publish("1", QoS::at_least_once);
  for (int close = 0; close < 6; ++close) {
    test.write(3);
    test.lose(End::closed_by_peer);
    test.connect(true);
  }
  CHECK_FALSE(test.finished(message));
}

TEST_CASE("poison: our own time-outs and a broken network are no closes", "[session-table]") {
  EngineUnderTest test(with([](Options& o) { o.poison_after = 2; }));
  test.connect();
  const auto message = test.publish("1", QoS::at_least_once);
  for (int close = 0; close < 6; ++close) {
    test.write();
    test.lose(End::lost);
    test.connect(true);
  }
  CHECK_FALSE(test.finished(message));
}

TEST_CASE("poison: a broker that missed our pings has nothing against a message", "[session-table]") {
  EngineUnderTest test;
  test.connect();
  test.receive(support::disconnect(ReasonCode::keep_alive_timeout));
  REQUIRE(test.closing());
  CHECK(test.engine.closing()->end == End::lost);
}

TEST_CASE("refused for good, refused for now: told apart by the reason code", "[session-table]") {
  const auto end_of = [](ReasonCode code) {
    EngineUnderTest test;
    test.open();
    test.receive(support::connack(false, code));
    REQUIRE(test.closing());
    CHECK(test.closing_reason() == code);
    CHECK(test.engine.closing()->what.find(std::string(to_string(code))) != std::string::npos);
    return test.engine.closing()->end;
  };
  for (const auto code :
       {ReasonCode::bad_user_name_or_password, ReasonCode::not_authorized, ReasonCode::banned,
        ReasonCode::unsupported_protocol_version, ReasonCode::client_identifier_not_valid}) {
    CHECK(end_of(code) == End::refused_for_good);
  }
  for (const auto code : {ReasonCode::server_unavailable, ReasonCode::server_busy, ReasonCode::quota_exceeded,
                          ReasonCode::connection_rate_exceeded, ReasonCode::use_another_server}) {
    CHECK(end_of(code) == End::lost);
  }
}

TEST_CASE("DISCONNECT 0x8E: the session was taken over", "[session-table][U-3.14.4-1]") {
  EngineUnderTest test;
  test.connect();
  test.receive(support::disconnect(ReasonCode::session_taken_over));
  REQUIRE(test.closing());
  CHECK(test.engine.closing()->end == End::taken_over);
  CHECK(test.write().empty());  // A DISCONNECT is not answered.
}

TEST_CASE("broker says use another server or server moved: where to is passed on",
          "[session-table][U-4.11-1]") {
  for (const auto code : {ReasonCode::use_another_server, ReasonCode::server_moved}) {
    const auto properties = Properties().add(PropertyId::server_reference, "other:1883");
    EngineUnderTest at_connect;
    at_connect.open();
    at_connect.receive(support::connack(false, code, properties));
    CHECK(at_connect.engine.closing()->server_reference == "other:1883");
    EngineUnderTest later;
    later.connect();
    later.receive(support::disconnect(code, properties));
    CHECK(later.engine.closing()->server_reference == "other:1883");
  }
}

TEST_CASE("going to another independent server is a clean start and the session-lost rule",
          "[session-table]") {
  EngineUnderTest test;
  test.connect();
  test.publish("1", QoS::at_least_once);
  test.write();
  test.lose();
  test.engine.set_servers("other:1883");
  CHECK(test.connect().clean_start);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH 1"});
  CHECK(test.event<SessionLost>()->republished == 1);
}

TEST_CASE("a store with the session of another client id is a clean start and the session-lost rule",
          "[session-table][MQTT-3.1.3-2]") {
  auto options = hour_long_session();
  store::MemoryStore store;
  options.store = std::shared_ptr<Store>(&store, [](Store*) {});
  {
    EngineUnderTest test(options, store.open(TimePoint{}));
    test.connect();
    test.publish("1", QoS::at_least_once);
    store.commit(test.engine.journal(), TimePoint{});
    store.close();
  }
  options.client_id = "another";
  EngineUnderTest test(options, store.open(TimePoint{}));
  const auto connect = test.connect();
  CHECK(connect.clean_start);
  CHECK(connect.client_id == "another");
  CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH 1"});
  CHECK(test.event<SessionLost>()->republished == 1);
}

TEST_CASE("another server that refuses us costs nothing: back at our own the session is resumed",
          "[session-table]") {
  EngineUnderTest test;
  test.connect();
  test.lose();
  test.engine.set_servers("other:1883");
  CHECK(test.open().clean_start);
  test.receive(support::connack(false, ReasonCode::server_unavailable));
  test.lose();
  test.engine.set_servers("");
  CHECK_FALSE(test.open().clean_start);
}
