#include "support/scripted_broker.hpp"

#include <future>

#include "support/catch.hpp"
#include "support/raw_client.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> none;

void check_honest(const ScriptedBroker& broker) {
  CHECK(broker.violations() == none);
}

}  // namespace

TEST_CASE("an honest scripted broker finishes QoS 2 and delivers at the granted QoS", "[support][broker]") {
  Behaviour behaviour;
  behaviour.write_piece = GENERATE(as<std::size_t>{}, 0, 1, 3);
  ScriptedBroker broker(behaviour);
  RawClient client(broker.port());
  CHECK(client.connect("c").session_present == false);
  client.subscribe("a/+", QoS::at_least_once);
  client.send(publish("a/b", "x", QoS::exactly_once, 5));
  client.next(PacketType::pubrec);
  const Packet message = client.next(PacketType::publish);
  CHECK(message.qos == QoS::at_least_once);
  client.send(acknowledgement(PacketType::puback, message.packet_identifier));
  client.send(acknowledgement(PacketType::pubrel, 5));
  CHECK(client.next(PacketType::pubcomp).reason_code == ReasonCode::success);
  CHECK(broker.accepted_count() == 1);
  CHECK(broker.wait_until([&] { return broker.undelivered("c") == 0; }));
  check_honest(broker);
}

TEST_CASE("a session outlives its connection for as long as asked", "[support][broker]") {
  ScriptedBroker broker;
  {
    RawClient client(broker.port());
    client.connect("c", true, 100);
    client.subscribe("a", QoS::exactly_once);
    client.reset();
  }
  REQUIRE(broker.wait_until([&] { return broker.open_connections() == 0; }));
  broker.publish({"a", "x", QoS::exactly_once});
  RawClient client(broker.port());
  CHECK(client.connect("c", false, 0).session_present == true);
  const Packet message = client.next(PacketType::publish);
  CHECK(message.dup == false);
  client.send(acknowledgement(PacketType::pubrec, message.packet_identifier));
  client.next(PacketType::pubrel);
  client.reset();
  REQUIRE(broker.wait_until([&] { return broker.open_connections() == 0; }));
  RawClient third(broker.port());
  CHECK(third.connect("c", false, 0).session_present == false);
  check_honest(broker);
}

TEST_CASE("an unfinished message comes again with DUP, a released one as PUBREL", "[support][broker]") {
  ScriptedBroker broker;
  RawClient first(broker.port());
  first.connect("c", true, 100);
  broker.deliver("c", {"a", "1", QoS::exactly_once});
  broker.deliver("c", {"a", "2", QoS::at_least_once});
  first.send(acknowledgement(PacketType::pubrec, first.next(PacketType::publish).packet_identifier));
  first.next(PacketType::pubrel);
  first.reset();
  RawClient second(broker.port());
  second.connect("c", false, 100);
  CHECK(second.next()->type == PacketType::pubrel);
  CHECK(second.next()->dup);
  check_honest(broker);
}

TEST_CASE("the client's Receive Maximum bounds what an honest broker sends", "[support][broker]") {
  ScriptedBroker broker;
  RawClient client(broker.port());
  client.connect("c", true, 100, Properties().add(PropertyId::receive_maximum, 1));
  broker.deliver("c", {"a", "1", QoS::at_least_once});
  broker.deliver("c", {"a", "2", QoS::at_least_once});
  const Packet message = client.next(PacketType::publish);
  CHECK_FALSE(client.next(20ms));
  client.send(acknowledgement(PacketType::puback, message.packet_identifier));
  CHECK(client.next(PacketType::publish).payload == "2");
}

TEST_CASE("acknowledgements can be late, held back and reversed", "[support][broker]") {
  Behaviour behaviour;
  behaviour.holds_acknowledgements = true;
  ScriptedBroker broker(behaviour);
  RawClient client(broker.port());
  client.connect("c");
  client.send(publish("a", "1", QoS::at_least_once, 1) + publish("a", "2", QoS::at_least_once, 2));
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 2; }));
  broker.release_acknowledgements_reversed();
  CHECK(client.next()->packet_identifier == 2);
  CHECK(client.next()->packet_identifier == 1);
  broker.change_behaviour([](Behaviour& changed) {
    changed.holds_acknowledgements = false;
    changed.acknowledgement_delay = 30ms;
  });
  const auto begin = std::chrono::steady_clock::now();
  client.send(publish("a", "3", QoS::at_least_once, 1));
  CHECK(client.next()->type == PacketType::puback);
  CHECK(std::chrono::steady_clock::now() - begin >= 30ms);
}

TEST_CASE("a hook may drop a packet, answer it otherwise or reset the connection", "[support][broker]") {
  Behaviour behaviour;
  behaviour.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.payload == "drop") return Verdict::ignore;
    if (packet.payload == "lie") connection.send(acknowledgement(PacketType::puback, 99));
    if (packet.payload == "poison") connection.reset();
    return Verdict::proceed;
  };
  ScriptedBroker broker(behaviour);
  RawClient client(broker.port());
  client.connect("c");
  client.send(publish("a", "drop", QoS::at_least_once, 1) + publish("a", "lie", QoS::at_least_once, 2));
  CHECK(client.next()->packet_identifier == 99);
  CHECK(client.next()->packet_identifier == 2);
  client.send(publish("a", "poison", QoS::at_least_once, 3));
  CHECK_FALSE(client.next());
  CHECK(client.ended());
  CHECK(broker.accepted_count() == 1);
}

TEST_CASE("a second connection with the same client id takes over", "[support][broker]") {
  ScriptedBroker broker;
  RawClient first(broker.port());
  first.connect("c", true, 100);
  RawClient second(broker.port());
  CHECK(second.connect("c", false, 100).session_present == true);
  CHECK(first.next(PacketType::disconnect).reason_code == ReasonCode::session_taken_over);
}

TEST_CASE("a connection that ended swallows nothing of the session that another took over",
          "[support][broker]") {
  std::promise<void> held;
  std::promise<void> go;
  Behaviour behaviour;
  // Holds the broker until an end, a CONNECT and a PUBLISH wait for one and the same turn.
  behaviour.on_packet = [&](BrokerConnection&, const Packet& packet) {
    if (packet.payload == "hold") {
      held.set_value();
      go.get_future().wait();
    }
    return Verdict::proceed;
  };
  ScriptedBroker broker(behaviour);
  RawClient first(broker.port());
  first.connect("c", true, 100);
  first.subscribe("a", QoS::at_least_once);
  RawClient publisher(broker.port());
  publisher.connect("p");
  RawClient second(broker.port());
  REQUIRE(broker.wait_until([&] { return broker.connections() == 3; }));
  publisher.send(publish("b", "hold", QoS::at_most_once, 0));
  held.get_future().wait();
  first.reset();
  publisher.send(publish("a", "x", QoS::at_least_once, 1));
  Packet connect;
  connect.type = PacketType::connect;
  connect.client_id = "c";
  connect.clean_start = false;
  second.send(connect);
  go.set_value();
  CHECK(second.next(PacketType::connack).session_present);
  CHECK(second.next(PacketType::publish).payload == "x");
}

TEST_CASE("a broker that is down refuses, and comes up with its sessions", "[support][broker]") {
  ScriptedBroker broker;
  RawClient first(broker.port());
  first.connect("c", true, 100);
  broker.go_down();
  CHECK_FALSE(first.next());
  CHECK_FALSE(is_listening(broker.port()));
  broker.come_up();
  RawClient second(broker.port());
  CHECK(second.connect("c", false, 100).session_present == true);
}

TEST_CASE("filters match topics as the standard says", "[support][broker]") {
  CHECK(matches("a/b", "a/b"));
  CHECK(matches("a/+", "a/b"));
  CHECK(matches("a/#", "a"));
  CHECK(matches("#", "a/b/c"));
  CHECK(matches("+/+", "/a"));
  CHECK(matches("$share/g/a/+", "a/b"));
  CHECK_FALSE(matches("a/+", "a"));
  CHECK_FALSE(matches("a", "a/b"));
  CHECK_FALSE(matches("a/b/c", "a/b"));
}

TEST_CASE("nonsense from a client is reported", "[support][broker]") {
  ScriptedBroker broker;
  RawClient client(broker.port());
  client.send(std::string("\x10\x04\x00\x02XX", 6));
  CHECK(broker.wait_until([&] { return broker.violations().size() == 1; }));
}
