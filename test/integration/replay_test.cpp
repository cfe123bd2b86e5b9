// What goes out again on a resumed session, in which order, and how fast.
#include <atomic>
#include <memory>

#include "client_under_test.hpp"
#include "support/mosquitto.hpp"
#include "support/relay.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

struct Window {
  QoS qos;
  std::uint32_t first;   ///< Receive Maximum of the first connection.
  std::uint32_t second;  ///< Of the second.
  std::chrono::milliseconds acknowledgement_delay;
};

}  // namespace

TEST_CASE("a backlog larger than the window survives a resumed session complete and in order",
          "[integration][replay]") {
  // The first two are the case in which rumqttc loses 59 of 100.
  const Window window = GENERATE(values<Window>({{QoS::at_least_once, 20, 20, 50ms},
                                                 {QoS::exactly_once, 20, 20, 50ms},
                                                 {QoS::at_least_once, 1, 1, 2ms},
                                                 {QoS::exactly_once, 1, 1, 2ms},
                                                 {QoS::at_least_once, 20, 3, 5ms},
                                                 {QoS::exactly_once, 20, 3, 5ms},
                                                 {QoS::exactly_once, 3, 20, 5ms}}));
  CAPTURE(window.qos, window.first, window.second);
  Behaviour first = with_receive_maximum(window.first);
  Behaviour second = with_receive_maximum(window.second);
  first.acknowledgement_delay = second.acknowledgement_delay = window.acknowledgement_delay;
  // In the middle of the backlog, with at least this one in flight.
  first.on_packet = [published = std::make_shared<int>(0)](BrokerConnection& connection,
                                                           const Packet& packet) {
    if (packet.type != PacketType::publish || ++*published <= 30) return Verdict::proceed;
    connection.reset();
    return Verdict::ignore;
  };
  ScriptedBroker broker(second);
  broker.behave_on(0, first);
  Client client(quick(broker.server()));
  client.connect();
  const auto deliveries = publish_all(client, numbers(0, 100), window.qos);

  CHECK(client.flush(patience));
  CHECK(succeeded(deliveries) == 100);
  CHECK(broker.violations() == nothing);
  const auto arrived = payloads_of(broker.accepted());
  CHECK(difference(first_arrivals(arrived), numbers(0, 100)) == "");
  if (window.qos == QoS::exactly_once) CHECK(arrived.size() == 100);
  CHECK(broker.connections() == 2);
  CHECK(client.statistics().sessions_resumed == 1);
  CHECK(client.statistics().replayed >= 1);
  CHECK(eventually([&] { return client.statistics().in_flight == 0; }));
}

TEST_CASE("what was sent before comes first and with DUP, what was not comes after and without",
          "[integration][replay]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  ScriptedBroker broker(with_receive_maximum(10));
  Behaviour silent = with_receive_maximum(10);
  silent.holds_acknowledgements = true;
  broker.behave_on(0, silent);
  Client client(quick_with_window(broker.server(), 10));
  client.connect();
  const auto deliveries = publish_all(client, numbers(0, 30), qos);
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 10; }));
  broker.reset_connection();
  CHECK(succeeded(deliveries) == 30);

  const auto before = broker.received(0, PacketType::publish);
  const auto after = broker.received(1, PacketType::publish);
  CHECK(payloads_of(before) == numbers(0, 10));
  REQUIRE(payloads_of(after) == numbers(0, 30));
  for (std::size_t index = 0; index < after.size(); ++index) {
    CAPTURE(index);
    CHECK(after[index].dup == (index < 10));
    if (index < 10) CHECK(after[index].packet_identifier == before[index].packet_identifier);
  }
  CHECK(client.statistics().replayed == 10);
  CHECK(deliveries[0].result().repeated);
  CHECK_FALSE(deliveries[29].result().repeated);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("PUBRELs go out first, in PUBREC order and outside the quota", "[integration][replay][mqtt5]") {
  // On the first connection ten messages get their PUBREC and ten do not; nothing gets its PUBCOMP.
  Behaviour first = with_receive_maximum(20);
  const auto pubrecs = std::make_shared<std::atomic<int>>(0);
  first.before_send = [pubrecs](BrokerConnection&, const Packet& packet) {
    if (packet.type == PacketType::pubcomp) return Verdict::ignore;
    if (packet.type == PacketType::pubrec && pubrecs->fetch_add(1) >= 10) return Verdict::ignore;
    return Verdict::proceed;
  };
  Behaviour second = with_receive_maximum(5);
  second.holds_acknowledgements = true;
  ScriptedBroker broker(second);
  broker.behave_on(0, first);
  Client client(quick(broker.server()));
  client.connect();
  const auto deliveries = publish_all(client, numbers(0, 30), QoS::exactly_once);
  REQUIRE(broker.wait_until([&] { return broker.received(0, PacketType::pubrel).size() == 10; }));
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 20; }));
  broker.reset_connection();

  REQUIRE(broker.wait_until([&] { return broker.received(1, PacketType::publish).size() == 5; }));
  std::string order;
  for (const LoggedPacket& packet : broker.received()) {
    if (packet.connection == 1) order += std::string(name_of(packet.type)) + ' ';
  }
  std::string expected = "CONNECT ";
  for (int index = 0; index < 10; ++index)
    expected += "PUBREL ";
  for (int index = 0; index < 5; ++index)
    expected += "PUBLISH ";
  CHECK(order == expected);
  const auto published = broker.received(0, PacketType::publish);
  const auto released = broker.received(1, PacketType::pubrel);
  for (std::size_t index = 0; index < 10; ++index) {
    CHECK(released[index].packet_identifier == published[index].packet_identifier);
  }

  broker.change_behaviour([](Behaviour& behaviour) { behaviour.holds_acknowledgements = false; });
  broker.release_acknowledgements();
  CHECK(succeeded(deliveries) == 30);
  CHECK(payloads_of(broker.accepted()) == numbers(0, 30));
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a message that never left is replayed without DUP, and all arrive in order",
          "[integration][replay]") {
  ScriptedBroker broker({}, 4'096);
  broker.behave_on(0, deaf_from_first_publish());
  Options options = quick(broker.server());
  options.tcp.send_buffer = 4'096;
  Client client(options);
  client.connect();
  std::vector<std::string> payloads;
  for (char letter = 'a'; letter <= 'z'; ++letter)
    payloads.emplace_back(20'000, letter);
  const auto deliveries = publish_all(client, payloads, QoS::at_least_once);
  REQUIRE(broker.wait_until([&] { return broker.received(0, PacketType::publish).size() >= 1; }));
  // As much is in flight as the client lets wait unwritten, and then it is stuck.
  REQUIRE(eventually([&] { return client.statistics().in_flight >= 10; }));
  broker.reset_connection();
  CHECK(succeeded(deliveries) == 26);
  const auto replayed = broker.received(1, PacketType::publish);
  REQUIRE(difference(payloads_of(replayed), payloads) == "");
  CHECK(replayed.front().dup);
  CHECK_FALSE(replayed.back().dup);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a broken connection in the middle of a packet loses and garbles nothing",
          "[integration][replay]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  const Direction direction = GENERATE(Direction::to_broker, Direction::to_client);
  const auto bytes = static_cast<std::size_t>(GENERATE(range(1, 40, 3)));
  CAPTURE(qos, direction, bytes);
  ScriptedBroker broker;
  Relay relay(broker.port());
  Client client(quick(relay.server()));
  client.connect();
  relay.cut_after(bytes, direction, Ending::close);
  const auto deliveries = publish_all(client, numbers(0, 20), qos);
  CHECK(succeeded(deliveries) == 20);
  const auto arrived = payloads_of(broker.accepted());
  CHECK(first_arrivals(arrived) == numbers(0, 20));
  if (qos == QoS::exactly_once) CHECK(arrived.size() == 20);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("bytes that come one at a time are understood in both directions", "[integration][replay]") {
  Behaviour behaviour;
  behaviour.write_piece = 1;
  ScriptedBroker broker(behaviour);
  Relay relay(broker.port());
  relay.trickle();
  Client client(quick(relay.server()));
  client.connect();
  CHECK(client.subscribe("t", QoS::exactly_once) == ReasonCode::granted_qos_2);
  const auto deliveries = publish_all(client, numbers(0, 20), QoS::exactly_once);
  CHECK(succeeded(deliveries) == 20);
  CHECK(receive_payloads(client, 20) == numbers(0, 20));
  CHECK(broker.violations() == nothing);
}

TEST_CASE("acknowledgements in another order finish the messages they name", "[integration][replay]") {
  Behaviour behaviour = with_receive_maximum(10);
  behaviour.holds_acknowledgements = true;
  ScriptedBroker broker(behaviour);
  Client client(quick(broker.server()));
  client.connect();
  const auto deliveries = publish_all(client, numbers(0, 10), QoS::at_least_once);
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 10; }));
  broker.release_acknowledgements_reversed();
  CHECK(succeeded(deliveries) == 10);
  CHECK(client.is_connected());
  CHECK(broker.connections() == 1);
}

TEST_CASE("acknowledgements for identifiers that nobody uses change nothing",
          "[integration][replay][mqtt5]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  for (const PacketType type : {PacketType::puback, PacketType::pubcomp}) {
    broker.send(acknowledgement(type, 4'711));
  }
  broker.send(acknowledgement(PacketType::pubrec, 4'712));
  // The answer to a PUBREC for an unknown identifier. [MQTT 5, 3.6.2.1]
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::pubrel) == 1; }));
  CHECK(broker.received(PacketType::pubrel)[0].reason_code == ReasonCode::packet_identifier_not_found);
  synchronize(client);
  CHECK(broker.connections() == 1);
}

TEST_CASE("a refused message gives its place in the window back", "[integration][replay][mqtt5]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  Behaviour behaviour = with_receive_maximum(3);
  behaviour.publish_reason = ReasonCode::quota_exceeded;
  ScriptedBroker broker(behaviour);
  Client client(quick(broker.server()));
  client.connect();
  for (const Delivery& delivery : publish_all(client, numbers(0, 20), qos)) {
    REQUIRE(delivery.wait_for(patience));
    CHECK(delivery.result().error == Errc::request_refused);
    CHECK(delivery.result().reason_code == ReasonCode::quota_exceeded);
  }
  CHECK(eventually([&] { return client.statistics().failed == 20; }));
  broker.change_behaviour([](Behaviour& changed) {
    changed.publish_reason = ReasonCode::success;
    changed.holds_acknowledgements = true;
  });
  publish_all(client, numbers(20, 5), qos);
  CHECK(broker.wait_until([&] { return broker.accepted_count() == 3; }));
  CHECK(broker.violations() == nothing);
}

TEST_CASE("an acknowledgement that does not come in time ends the connection, and the message comes again",
          "[integration][replay]") {
  ScriptedBroker broker;
  Behaviour silent;
  silent.on_packet = ignoring(PacketType::publish);
  broker.behave_on(0, silent);
  Options options = quick(broker.server());
  options.acknowledgement_timeout = 50ms;
  Client client(options);
  client.connect();
  const Delivery delivery = client.publish("t", "x", {.qos = QoS::at_least_once});
  REQUIRE(delivery.wait_for(patience));
  CHECK_FALSE(delivery.result().error);
  const auto lost = wait_for<Disconnected>(client);
  REQUIRE(lost);
  CHECK(lost->error == Errc::timed_out);
  // Never twice on one connection.
  CHECK(broker.received(0, PacketType::publish).size() == 1);
  CHECK(broker.received(1, PacketType::publish).size() == 1);
}

TEST_CASE("a broker that closes on a certain message costs that message and no other",
          "[integration][poison]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  Behaviour behaviour;
  behaviour.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.payload != "poison") return Verdict::proceed;
    connection.close();
    return Verdict::ignore;
  };
  ScriptedBroker broker(behaviour);
  Options options = quick(broker.server());
  options.poison_after = 3;
  Client client(options);
  client.connect();
  auto before = publish_all(client, numbers(0, 5), qos);
  const Delivery poison = client.publish("forbidden", "poison", {.qos = qos});
  auto after = publish_all(client, numbers(5, 5), qos);

  REQUIRE(poison.wait_for(patience));
  CHECK(poison.result().error == Errc::poison);
  CHECK(succeeded(before) == 5);
  CHECK(succeeded(after) == 5);
  const auto failed = wait_for<MessageFailed>(client);
  REQUIRE(failed);
  CHECK(failed->topic == "forbidden");
  CHECK(failed->error == Errc::poison);
  CHECK(first_arrivals(payloads_of(broker.accepted())) == numbers(0, 10));
  CHECK(broker.connections() <= 6);
  CHECK(broker.violations() == nothing);
}
