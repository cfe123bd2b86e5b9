#include "support/relay.hpp"

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/raw_client.hpp"
#include "support/scripted_broker.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

TEST_CASE("a relay passes everything on, in one piece or a byte at a time", "[support][relay]") {
  ScriptedBroker broker;
  Relay relay(broker.port());
  if (GENERATE(false, true)) relay.trickle();
  RawClient client(relay.port());
  client.connect("c");
  client.subscribe("a/#", QoS::at_least_once);
  client.send(publish("a/b", std::string(1'000, 'x'), QoS::exactly_once, 1));
  CHECK(client.next(PacketType::pubrec).packet_identifier == 1);
  CHECK(client.next(PacketType::publish).payload == std::string(1'000, 'x'));
}

TEST_CASE("a relay cuts after exactly so many bytes", "[support][relay]") {
  ScriptedBroker broker;
  Relay relay(broker.port());
  RawClient client(relay.port());
  client.connect("c");
  const std::string first = publish("a", "1", QoS::at_least_once, 1);
  const std::string second = publish("a", "2", QoS::at_least_once, 2);
  relay.cut_after(first.size() + 3, Direction::to_broker, Ending::close);
  client.send(first + second);
  CHECK(broker.wait_until([&] { return broker.open_connections() == 0; }));
  CHECK(broker.accepted_count() == 1);
  while (client.next()) {
  }
  CHECK(client.ended());
}

TEST_CASE("a black hole keeps the connection open and silent until it is healed", "[support][relay]") {
  ScriptedBroker broker;
  Relay relay(broker.port());
  RawClient client(relay.port());
  client.connect("c");
  relay.black_hole();
  client.send(publish("a", "1", QoS::at_least_once, 1));
  CHECK_FALSE(client.next(50ms));
  CHECK_FALSE(client.ended());
  CHECK(broker.accepted_count() == 0);
  relay.heal();
  CHECK_FALSE(client.next());
  CHECK(client.ended());
}

TEST_CASE("a relay that refuses can be opened again on the same port", "[support][relay]") {
  ScriptedBroker broker;
  Relay relay(broker.port());
  CHECK(is_listening(relay.port()));
  relay.refuse();
  CHECK_FALSE(is_listening(relay.port()));
  relay.heal();
  RawClient client(relay.port());
  CHECK(client.connect("c").reason_code == ReasonCode::success);
}

TEST_CASE("a relay cuts again and again", "[support][relay]") {
  ScriptedBroker broker;
  Relay relay(broker.port());
  relay.cut_every(10ms);
  for (int round = 0; round < 3; ++round) {
    RawClient client(relay.port());
    CHECK(eventually([&] { return !client.next(10ms) && client.ended(); }));
  }
}

TEST_CASE("a relay that stops reading fills the sender's buffers", "[support][relay]") {
  ScriptedBroker broker;
  Relay relay(broker.port());
  RawClient client(relay.port());
  client.connect("c");
  relay.stop_reading(Direction::to_client);
  client.send(publish("a", "1", QoS::at_least_once, 1));
  CHECK(broker.wait_until([&] { return broker.accepted_count() == 1; }));
  CHECK_FALSE(client.next(20ms));
  relay.heal();
  CHECK(client.next(PacketType::puback).packet_identifier == 1);
}

TEST_CASE("a relay delays what it passes on", "[support][relay]") {
  ScriptedBroker broker;
  Relay relay(broker.port());
  RawClient client(relay.port());
  relay.delay(30ms);
  const auto begin = std::chrono::steady_clock::now();
  client.connect("c");
  CHECK(std::chrono::steady_clock::now() - begin >= 60ms);
}

TEST_CASE("a relay that jitters keeps the order", "[support][relay]") {
  ScriptedBroker broker;
  Relay relay(broker.port());
  RawClient client(relay.port());
  client.connect("c");
  relay.delay(1ms, 20ms);
  std::vector<std::string> payloads;
  for (int number = 0; number < 50; ++number) {
    payloads.push_back(std::to_string(number));
    client.send(publish("a", payloads.back(), QoS::at_most_once, 0));
    std::this_thread::yield();
  }
  CHECK(broker.wait_until([&] { return broker.accepted_count() == 50; }));
  std::vector<std::string> arrived;
  for (const AcceptedMessage& message : broker.accepted())
    arrived.push_back(message.payload);
  CHECK(arrived == payloads);
}

TEST_CASE("a narrow relay passes so many bytes a second on", "[support][relay]") {
  ScriptedBroker broker;
  Relay relay(broker.port());
  RawClient client(relay.port());
  client.connect("c");
  relay.narrow(100'000);
  const auto begin = std::chrono::steady_clock::now();
  client.send(publish("a", std::string(30'000, 'x'), QoS::at_least_once, 1));
  CHECK(client.next(PacketType::puback).packet_identifier == 1);
  CHECK(std::chrono::steady_clock::now() - begin >= 295ms);
}
