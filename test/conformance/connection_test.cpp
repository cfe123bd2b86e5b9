// What only a real connection shows: who closes it, and when. [MQTT 5, 3.14, 4.13, 6]
#include "integration/client_under_test.hpp"
#include "support/relay.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

TEST_CASE("after DISCONNECT nothing is sent and the client closes, though the broker does not",
          "[connection][MQTT-3.14.4-1][MQTT-3.14.4-2][U-3.14-1][U-3.1.2.5-1]") {
  Behaviour behaviour;
  behaviour.holds_acknowledgements = true;
  behaviour.on_packet = ignoring(PacketType::disconnect);  // The broker keeps its side open.
  ScriptedBroker broker(behaviour);
  Options options = quick(broker.server());
  options.close_timeout = 200ms;
  Client client(options);
  client.connect();
  publish_all(client, numbers(0, 50), QoS::at_least_once);
  client.disconnect();
  REQUIRE(broker.wait_until([&] { return broker.open_connections() == 0; }));
  const auto received = broker.received();
  REQUIRE(received.back().type == PacketType::disconnect);
  CHECK(received.back().reason_code == ReasonCode::success);
  CHECK(received.back().size == 2);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("after a reason code of failure the connection is closed, whoever sent it",
          "[connection][MQTT-4.13.2-1][U-4.13.1-1]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  SECTION("the broker did, and leaves its side open") {
    broker.send(disconnect(ReasonCode::server_shutting_down));
  }
  SECTION("the client did") {
    broker.send(publish("t", "x", QoS::at_least_once, 0));
    REQUIRE(broker.wait_until([&] { return broker.count(PacketType::disconnect) == 1; }));
    CHECK(broker.received(PacketType::disconnect)[0].reason_code == ReasonCode::protocol_error);
  }
  CHECK(wait_for<Disconnected>(client));
  CHECK(broker.wait_until([&] { return broker.connections() == 2 && broker.open_connections() == 1; }));
}

TEST_CASE("a client that is destroyed closes without DISCONNECT, so that the will is published",
          "[connection][U-3.1.2.5-1]") {
  ScriptedBroker broker;
  {
    Options options = quick(broker.server());
    options.will = Will{.topic = "will", .payload = "gone"};
    Client client(options);
    client.connect();
  }
  REQUIRE(broker.wait_until([&] { return broker.open_connections() == 0; }));
  CHECK(broker.count(PacketType::disconnect) == 0);
}
