// The table of what a session means: each row against a broker that does what the row says.
#include <atomic>

#include "client_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

bool clean_start_of(const ScriptedBroker& broker, std::size_t connection) {
  const auto connects = broker.received(connection, PacketType::connect);
  REQUIRE(connects.size() == 1);
  return connects[0].clean_start;
}

/// Breaks the connection and waits for the next.
Connected reconnect(ScriptedBroker& broker, Client& client) {
  while (client.next_event(0ms)) {
  }
  broker.reset_connection();
  const auto connected = wait_for<Connected>(client);
  REQUIRE(connected);
  return *connected;
}

}  // namespace

TEST_CASE("the first connect of a process starts clean, every reconnect does not",
          "[integration][session][mqtt5]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  CHECK(clean_start_of(broker, 0));
  CHECK(reconnect(broker, client).session_present);
  CHECK_FALSE(clean_start_of(broker, 1));
  CHECK(reconnect(broker, client).session_present);
  CHECK_FALSE(clean_start_of(broker, 2));
  CHECK(client.statistics().connects == 3);
  CHECK(client.statistics().sessions_resumed == 2);
}

TEST_CASE("Start decides whether the first connect takes up a session", "[integration][session][mqtt5]") {
  ScriptedBroker broker;
  {
    Client earlier(quick(broker.server()));
    earlier.connect();
    earlier.subscribe("t", QoS::at_least_once);
    earlier.disconnect();
  }
  broker.publish({"t", "missed", QoS::at_least_once});
  Options options = quick(broker.server());
  SECTION("resume brings what was missed") {
    options.start = Start::resume;
    Client client(options);
    client.connect();
    CHECK_FALSE(clean_start_of(broker, 1));
    CHECK(receive_payloads(client, 1) == std::vector<std::string>{"missed"});
  }
  SECTION("clean throws it away") {
    options.start = Start::clean;
    Client client(options);
    client.connect();
    CHECK(clean_start_of(broker, 1));
    CHECK_FALSE(client.receive(20ms));
  }
  SECTION("automatic starts clean when no store knows the session") {
    Client client(options);
    client.connect();
    CHECK(clean_start_of(broker, 1));
  }
  CHECK(broker.violations() == nothing);
}

TEST_CASE("Start::clean discards what the store holds", "[integration][session][MQTT-3.1.2-4][mqtt5]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.store = memory_store();
  {
    Client earlier(options);
    earlier.connect();
  }
  options.start = Start::clean;
  Client client(options);
  client.connect();
  CHECK(clean_start_of(broker, 1));
}

TEST_CASE("a clean start is repeated until a CONNACK succeeds", "[integration][session][mqtt5]") {
  ScriptedBroker broker;
  Behaviour busy;
  busy.connack_reason = ReasonCode::server_busy;
  broker.behave_on(0, busy);
  Options options = quick(broker.server());
  options.retry_first_connect = true;
  Client client(options);
  client.connect();
  CHECK(clean_start_of(broker, 0));
  CHECK(clean_start_of(broker, 1));
}

TEST_CASE("with expiry 0 the session ends with its connection and nothing is lost",
          "[integration][session][mqtt5]") {
  const bool by_broker = GENERATE(false, true);
  CAPTURE(by_broker);
  Behaviour silent;
  silent.holds_acknowledgements = true;
  // The broker's word counts for more than what was asked.
  if (by_broker) silent.connack.add(PropertyId::session_expiry_interval, 0);
  ScriptedBroker broker;
  broker.behave_on(0, silent);
  Options options = quick(broker.server());
  if (!by_broker) options.session_expiry.reset();
  Client client(options);
  client.connect();
  client.subscribe("s", QoS::at_least_once);
  const auto first = publish_all(client, numbers(0, 3), QoS::at_least_once);
  const auto second = publish_all(client, numbers(3, 3), QoS::exactly_once);
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 6; }));
  CHECK_FALSE(reconnect(broker, client).session_present);
  CHECK(clean_start_of(broker, 1));
  CHECK(succeeded(first) == 3);
  CHECK(succeeded(second) == 3);
  const auto again = broker.received(1, PacketType::publish);
  CHECK(payloads_of(again) == numbers(0, 6));
  CHECK(std::none_of(again.begin(), again.end(), [](const LoggedPacket& packet) { return packet.dup; }));
  CHECK(broker.received(1, PacketType::subscribe).size() == 1);
  CHECK(first[0].result().repeated);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("the session expiry is sent as asked, by either option", "[integration][session][mqtt5]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  std::uint32_t expected = 3'600;
  SECTION("session_expiry") {}
  SECTION("connect_properties") {
    options.session_expiry.reset();
    options.connect_properties.session_expiry_interval = 7s;
    expected = 7;
  }
  SECTION("never") {
    options.session_expiry = never_expires;
    expected = 0xFFFFFFFF;
  }
  Client client(options);
  client.connect();
  const auto connect = broker.received(0, PacketType::connect).at(0);
  CHECK(connect.properties.number(PropertyId::session_expiry_interval) == expected);
}

TEST_CASE("the broker's Session Present decides, our clock only when told to",
          "[integration][session][mqtt5]") {
  struct Row {
    SessionEnd session_end;
    std::chrono::seconds expiry;
    bool clean_start;
  };
  const Row row = GENERATE(values<Row>({{SessionEnd::by_broker, 1s, false},
                                        {SessionEnd::by_clock, 1s, true},
                                        {SessionEnd::by_clock, 1h, false},
                                        {SessionEnd::by_clock, never_expires, false}}));
  CAPTURE(row.expiry, row.clean_start);
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.session_expiry = row.expiry;
  options.session_end = row.session_end;
  Client client(options);
  client.connect();
  broker.go_down();
  broker.schedule(row.expiry == 1s ? 1'200ms : 50ms, [&] { broker.come_up(); });
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::connect) == 2; }));
  CHECK(clean_start_of(broker, broker.connections() - 1) == row.clean_start);
}

TEST_CASE("a lost session: what was in flight goes out as new, ahead of what waits",
          "[integration][session]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  Behaviour silent = with_receive_maximum(5);
  silent.holds_acknowledgements = true;
  Behaviour forgetful = with_receive_maximum(5);
  forgetful.session_present = false;
  ScriptedBroker broker(forgetful);
  broker.behave_on(0, silent);
  Client client(quick_with_window(broker.server(), 5));
  client.connect();
  const auto deliveries = publish_all(client, numbers(0, 20), qos);
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 5; }));
  CHECK_FALSE(reconnect(broker, client).session_present);
  CHECK_FALSE(clean_start_of(broker, 1));
  const auto lost = wait_for<SessionLost>(client);
  REQUIRE(lost);
  CHECK(lost->republished == 5);
  CHECK(lost->failed == 0);
  CHECK(succeeded(deliveries) == 20);
  const auto again = broker.received(1, PacketType::publish);
  CHECK(payloads_of(again) == numbers(0, 20));
  CHECK(std::none_of(again.begin(), again.end(), [](const LoggedPacket& packet) { return packet.dup; }));
  CHECK(deliveries[0].result().repeated);
  CHECK_FALSE(deliveries[19].result().repeated);
  CHECK(client.statistics().sessions_lost == 1);
  CHECK(client.statistics().republished == 5);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a lost session with OnSessionLost::fail: what was in flight fails, what waits goes on",
          "[integration][session]") {
  Behaviour silent = with_receive_maximum(5);
  silent.holds_acknowledgements = true;
  Behaviour forgetful = with_receive_maximum(5);
  forgetful.session_present = false;
  ScriptedBroker broker(forgetful);
  broker.behave_on(0, silent);
  Options options = quick_with_window(broker.server(), 5);
  options.on_session_lost = OnSessionLost::fail;
  Client client(options);
  client.connect();
  const auto deliveries = publish_all(client, numbers(0, 20), QoS::at_least_once);
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 5; }));
  reconnect(broker, client);
  CHECK(succeeded(deliveries) == 15);
  CHECK(deliveries[0].result().error == Errc::session_lost);
  CHECK(payloads_of(broker.received(1, PacketType::publish)) == numbers(5, 15));
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a QoS 2 message past its PUBREC is not sent again when the session is lost",
          "[integration][session]") {
  Behaviour no_pubcomp;
  no_pubcomp.on_packet = ignoring(PacketType::pubrel);
  Behaviour forgetful;
  forgetful.session_present = false;
  ScriptedBroker broker(forgetful);
  broker.behave_on(0, no_pubcomp);
  Client client(quick(broker.server()));
  client.connect();
  const Delivery delivery = client.publish("t", "once", {.qos = QoS::exactly_once});
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::pubrel) == 1; }));
  broker.reset_connection();
  REQUIRE(delivery.wait_for(patience));
  CHECK(delivery.result().error == Errc::session_lost);
  synchronize(client);
  CHECK(broker.received(1, PacketType::publish).size() == 1);
  CHECK(broker.received(1, PacketType::pubrel).empty());
  CHECK(broker.violations() == nothing);
}

TEST_CASE("Session Present 1 after a clean start is not believed", "[integration][session][mqtt5]") {
  ScriptedBroker broker;
  Behaviour liar;
  liar.session_present = true;
  broker.behave_on(0, liar);
  Client client(quick(broker.server()));
  client.connect();
  CHECK(clean_start_of(broker, 0));
  CHECK(clean_start_of(broker, 1));
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::disconnect) == 1; }));
  CHECK(broker.received(0, PacketType::disconnect).at(0).reason_code == ReasonCode::protocol_error);
  CHECK(client.publish("t", "x", {.qos = QoS::at_least_once}).wait_for(patience));
}

TEST_CASE("a process that is killed goes on with the same store where it stopped", "[integration][session]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  Behaviour silent = with_receive_maximum(5);
  silent.holds_acknowledgements = true;
  ScriptedBroker broker(with_receive_maximum(5));
  broker.behave_on(0, silent);
  Options options = quick_with_window(broker.server(), 5);
  options.store = memory_store();
  std::vector<Delivery> deliveries;
  {
    Client killed(options);
    killed.connect();
    killed.subscribe("s", QoS::at_least_once);
    deliveries = publish_all(killed, numbers(0, 20), qos);
    REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 5; }));
  }
  CHECK(deliveries[0].result().error == Errc::closed);
  CHECK(deliveries[19].result().error == Errc::closed);
  CHECK(broker.count(PacketType::disconnect) == 0);

  Client client(options);
  CHECK(client.statistics().outbox_messages == 20);
  client.connect();
  CHECK_FALSE(clean_start_of(broker, 1));
  CHECK(client.flush(patience));
  const auto again = broker.received(1, PacketType::publish);
  REQUIRE(payloads_of(again) == numbers(0, 20));
  CHECK(again[4].dup);
  CHECK_FALSE(again[5].dup);
  CHECK(first_arrivals(payloads_of(broker.accepted())) == numbers(0, 20));
  if (qos == QoS::exactly_once) CHECK(broker.accepted_count() == 20);
  broker.publish({"s", "still subscribed", QoS::at_least_once});
  CHECK(receive_payloads(client, 1) == std::vector<std::string>{"still subscribed"});
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a store keeps PUBRELs owed and QoS 2 identifiers received across processes",
          "[integration][session]") {
  ScriptedBroker broker;
  Behaviour half_way;
  half_way.on_packet = ignoring(PacketType::pubrel);
  half_way.before_send = ignoring(PacketType::pubrel);
  broker.behave_on(0, half_way);
  Options options = quick(broker.server());
  options.store = memory_store();
  {
    Client killed(options);
    killed.connect();
    killed.subscribe("s", QoS::exactly_once);
    killed.publish("t", "out", {.qos = QoS::exactly_once});
    REQUIRE(broker.wait_until([&] { return broker.count(PacketType::pubrel) == 1; }));
    broker.publish({"s", "in", QoS::exactly_once});
    CHECK(receive_payloads(killed, 1) == std::vector<std::string>{"in"});
    REQUIRE(broker.wait_until([&] { return broker.count(PacketType::pubrec) == 1; }));
  }
  Client client(options);
  client.connect();
  CHECK(client.flush(patience));
  CHECK(broker.received(1, PacketType::pubrel).size() == 1);
  CHECK(broker.received(1, PacketType::publish).empty());
  // The broker releases the message that the earlier process had got: no second hand-over.
  REQUIRE(broker.wait_until([&] { return broker.undelivered("client") == 0; }));
  CHECK(broker.received(1, PacketType::pubcomp).at(0).reason_code == ReasonCode::success);
  CHECK_FALSE(client.receive(20ms));
  CHECK(broker.violations() == nothing);
}

TEST_CASE("outcomes of messages of an earlier process come as events", "[integration][session][mqtt5]") {
  Behaviour refusing;
  refusing.publish_reason = ReasonCode::not_authorized;
  ScriptedBroker broker(refusing);
  Options options = quick(broker.server());
  options.store = memory_store();
  {
    Client killed(options);
    killed.publish("secret", "x", {.qos = QoS::at_least_once});
  }
  Client client(options);
  client.connect();
  const auto failed = wait_for<MessageFailed>(client);
  REQUIRE(failed);
  CHECK(failed->topic == "secret");
  CHECK(failed->error == Errc::request_refused);
  CHECK(failed->reason_code == ReasonCode::not_authorized);
}

TEST_CASE("a store serves one client at a time", "[integration][session]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.store = memory_store();
  const Client first(options);
  CHECK_THROWS_AS(Client(options), Error);
}

TEST_CASE("the message expiry counts while a message waits, and the rest goes on the wire",
          "[integration][session][mqtt5]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  const Delivery expiring =
      client.publish("t", "old", {.qos = QoS::at_least_once, .message_expiry_interval = 1s});
  const Delivery lasting =
      client.publish("t", "new", {.qos = QoS::at_least_once, .message_expiry_interval = 100s});
  const Delivery reference = client.publish("t", "for ever", {.qos = QoS::at_least_once});
  REQUIRE(expiring.wait_for(patience));  // Before connect(), too.
  CHECK(expiring.result().error == Errc::expired);
  client.connect();
  REQUIRE(reference.wait_for(patience));
  const auto sent = broker.received(PacketType::publish);
  REQUIRE(payloads_of(sent) == std::vector<std::string>{"new", "for ever"});
  const auto left = sent[0].properties.number(PropertyId::message_expiry_interval);
  REQUIRE(left);
  CHECK(*left <= 99);
  CHECK(*left >= 80);
  CHECK_FALSE(sent[1].properties.number(PropertyId::message_expiry_interval));
}

TEST_CASE("a message that was sent is finished and not dropped when it expires",
          "[integration][session][mqtt5]") {
  Behaviour silent;
  silent.holds_acknowledgements = true;
  ScriptedBroker broker;
  broker.behave_on(0, silent);
  Client client(quick(broker.server()));
  client.connect();
  const Delivery delivery =
      client.publish("t", "x", {.qos = QoS::at_least_once, .message_expiry_interval = 1s});
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 1; }));
  CHECK_FALSE(delivery.wait_for(1'100ms));
  broker.reset_connection();
  REQUIRE(delivery.wait_for(patience));
  CHECK_FALSE(delivery.result().error);
  CHECK(broker.received(1, PacketType::publish).at(0).dup);
}

TEST_CASE("an assigned client id is kept for the reconnects", "[integration][session][mqtt5]") {
  ScriptedBroker broker;
  Client client(quick(broker.server(), ""));
  client.connect();
  CHECK(client.client_id() == "assigned-0");
  CHECK(reconnect(broker, client).client_id == "assigned-0");
  CHECK(broker.received(1, PacketType::connect).at(0).client_id == "assigned-0");
}

TEST_CASE("limits lowered between connections: what no longer fits fails, the rest goes on",
          "[integration][session][mqtt5]") {
  struct Row {
    Properties limits;
    PublishOptions options;
    std::string payload;
    Errc error;
  };
  const std::string small = "small";
  const Row row = GENERATE_COPY(values<Row>({{Properties().add(PropertyId::maximum_packet_size, 100),
                                              {.qos = QoS::at_least_once},
                                              std::string(200, 'x'),
                                              Errc::packet_too_large},
                                             {Properties().add(PropertyId::maximum_qos, 1),
                                              {.qos = QoS::exactly_once},
                                              small,
                                              Errc::qos_not_supported},
                                             {Properties().add(PropertyId::retain_available, 0),
                                              {.qos = QoS::at_least_once, .retain = true},
                                              small,
                                              Errc::retain_not_supported}}));
  CAPTURE(static_cast<int>(row.error));
  Behaviour silent = with_receive_maximum(1);
  silent.holds_acknowledgements = true;
  Properties limits = row.limits;
  ScriptedBroker broker(with(limits.add(PropertyId::receive_maximum, 1)));
  broker.behave_on(0, silent);
  Client client(quick(broker.server()));
  client.connect();
  const Delivery in_flight = client.publish("t", row.payload, row.options);
  const Delivery waiting = client.publish("t", row.payload, row.options);
  const Delivery fitting = client.publish("t", "fits", {.qos = QoS::at_least_once});
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 1; }));
  broker.reset_connection();
  REQUIRE(fitting.wait_for(patience));
  CHECK_FALSE(fitting.result().error);
  REQUIRE(in_flight.wait_for(patience));
  CHECK(in_flight.result().error == row.error);
  REQUIRE(waiting.wait_for(patience));
  CHECK(waiting.result().error == row.error);
  CHECK(payloads_of(broker.received(1, PacketType::publish)) == std::vector<std::string>{"fits"});
  // From now on such a message is refused at the call, and the connection is not touched.
  CHECK_THROWS_AS(client.publish("t", row.payload, row.options), Error);
  synchronize(client);
  CHECK(broker.connections() == 2);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("with lower_qos a message goes out at the QoS that the broker grants",
          "[integration][session][mqtt5]") {
  ScriptedBroker broker(with(Properties().add(PropertyId::maximum_qos, 0)));
  Options options = quick(broker.server());
  options.lower_qos = true;
  Client client(options);
  const Delivery waiting = client.publish("t", "1", {.qos = QoS::exactly_once});
  client.connect();
  const Delivery later = client.publish("t", "2", {.qos = QoS::at_least_once});
  REQUIRE(later.wait_for(patience));
  CHECK_FALSE(waiting.result().error);
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 2; }));
  CHECK(broker.accepted()[1].qos == QoS::at_most_once);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a session taken over: back-off from five seconds", "[integration][session][mqtt5]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.reconnect.max_delay = 60s;
  Client client(options);
  client.connect();
  broker.send(disconnect(ReasonCode::session_taken_over));
  const auto taken_over = wait_for<TakenOver>(client);
  REQUIRE(taken_over);
  CHECK_FALSE(taken_over->final);
  const auto reconnecting = wait_for<Reconnecting>(client);
  REQUIRE(reconnecting);
  CHECK(reconnecting->delay >= 5s);
}

TEST_CASE("a session taken over again and again: the client gives up unless told to go on",
          "[integration][session][mqtt5]") {
  const bool go_on = GENERATE(false, true);
  Behaviour fight;
  fight.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::connect) return Verdict::proceed;
    connection.send(connack(false));
    connection.send(disconnect(ReasonCode::session_taken_over));
    connection.close();
    return Verdict::ignore;
  };
  ScriptedBroker broker(fight);
  Options options = quick(broker.server());
  options.session_expiry.reset();
  options.reconnect.take_overs_max = 3;
  options.reconnect.retry_when_taken_over = go_on;
  Client client(options);
  try {
    client.connect();
  } catch (const Error& error) {
    CHECK((error.code() == Errc::server_disconnected || error.code() == Errc::taken_over));
  }
  if (go_on) {
    CHECK(broker.wait_until([&] { return broker.connections() >= 6; }));
    return;
  }
  auto taken_over = wait_for<TakenOver>(client);
  while (taken_over && !taken_over->final)
    taken_over = wait_for<TakenOver>(client);
  CHECK(taken_over);
  CHECK_FALSE(client.next_event(50ms));
  CHECK(broker.connections() == 3);
  try {
    static_cast<void>(client.request("service", "?", 10s));
    FAIL_CHECK("answered");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::taken_over);
    CHECK(error.reason_code() == ReasonCode::session_taken_over);
  }
}

TEST_CASE("two clients with one id: the one thrown out comes back late, not at once",
          "[integration][session][mqtt5]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.reconnect.max_delay = 60s;
  Client first(options);
  first.connect();
  Client second(quick(broker.server()));
  second.connect();
  REQUIRE(wait_for<TakenOver>(first));
  CHECK(throughout(100ms, [&] { return broker.connections() == 2; }));
  CHECK(second.is_connected());
}
