// The client against a real RabbitMQ: one that speaks MQTT 5 (from 4.0 on), or an older one that does not and
// says nothing about it.
#include <algorithm>
#include <cstdio>

#include "client_under_test.hpp"
#include "support/rabbitmq.hpp"
#include "support/relay.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

/// One for all tests, since Erlang starts slowly: each has client ids and topics of its own.
RabbitMq& broker() {
  static RabbitMq rabbitmq;
  return rabbitmq;
}

/// Whether this is a test for the RabbitMQ that is installed.
bool is_for(const char* name, bool mqtt_5) {
  if (RabbitMq::speaks_mqtt_5() == mqtt_5) return true;
  std::printf("not run: \"%s\" is not for RabbitMQ %s\n", name, RabbitMq::version().c_str());
  return false;
}

Options older(std::string server, std::string client_id) {
  Options options = quick(std::move(server), std::move(client_id));
  options.protocol = Protocol::mqtt_3_1_1;
  return options;
}

}  // namespace

TEST_CASE("a broker that knows no MQTT 5 and just closes is named as such by connect()",
          "[integration][rabbitmq]") {
  if (!is_for("a broker that knows no MQTT 5", false)) return;
  Client client(quick(broker().server()));
  try {
    client.connect();
    FAIL("connected");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::connection_lost);
    const std::string what = error.what();
    CHECK(what.find("closed before its CONNACK") != std::string::npos);
    CHECK(what.find("probably does not speak MQTT 5") != std::string::npos);
    CHECK(what.find("set protocol to mqtt_3_1_1") != std::string::npos);
  }
  CHECK(client.statistics().connect_failures == 1);
}

TEST_CASE("messages arrive complete and in order through RabbitMQ", "[integration][rabbitmq]") {
  if (!is_for("messages arrive through RabbitMQ", true)) return;
  // Its Maximum QoS is 1.
  const QoS qos = GENERATE(QoS::at_most_once, QoS::at_least_once);
  const std::string name = "every-qos-" + std::to_string(static_cast<int>(qos));
  Client client(quick(broker().server(), name));
  client.connect();
  CHECK(client.broker_limits().maximum_qos == QoS::at_least_once);
  CHECK(client.subscribe(name + "/#", qos) == static_cast<ReasonCode>(qos));
  const auto deliveries = publish_all(client, numbers(0, 1'000), qos, name + "/1");
  CHECK(succeeded(deliveries) == 1'000);
  CHECK(difference(receive_payloads(client, 1'000), numbers(0, 1'000)) == "");
}

TEST_CASE("messages of every QoS arrive complete and in order through RabbitMQ over MQTT 3.1.1",
          "[integration][rabbitmq][mqtt311][3.1.1/MQTT-7.0.0-2]") {
  const QoS qos = GENERATE(QoS::at_most_once, QoS::at_least_once, QoS::exactly_once);
  const QoS granted = std::min(qos, QoS::at_least_once);  // It knows no other, and says nothing of it.
  const std::string name = "older-qos-" + std::to_string(static_cast<int>(qos));
  Client client(older(broker().server(), name));
  client.connect();
  CHECK(client.broker_limits().protocol == Protocol::mqtt_3_1_1);
  CHECK(client.subscribe(name + "/#", qos) == static_cast<ReasonCode>(granted));
  const auto deliveries = publish_all(client, numbers(0, 1'000), qos, name + "/1");
  CHECK(succeeded(deliveries) == 1'000);
  CHECK(deliveries.back().result().qos == granted);
  CHECK(client.statistics().exactly_once_lowered == (qos == QoS::exactly_once ? 1'000 : 0));
  CHECK(difference(receive_payloads(client, 1'000), numbers(0, 1'000)) == "");
  CHECK(client.statistics().connects == 1);
}

TEST_CASE("a strict client does not take RabbitMQ's PUBACK for a QoS 2 message",
          "[integration][rabbitmq][mqtt311]") {
  Options options = older(broker().server(), "strict");
  options.strict_peer = true;
  Client client(options);
  client.connect();
  const auto delivery = client.publish("strict", "", {.qos = QoS::exactly_once});
  const auto lost = wait_for<Disconnected>(client);
  REQUIRE(lost);
  CHECK(lost->error == Errc::malformed_packet);
  CHECK_FALSE(lost->reason_code);  // MQTT 3.1.1 has no packet for it.
}

TEST_CASE("a session is resumed at RabbitMQ, also after it was killed and the network was lost",
          "[integration][rabbitmq][mqtt311]") {
  const Protocol protocol = GENERATE(Protocol::mqtt_3_1_1, Protocol::mqtt_5);
  if (protocol == Protocol::mqtt_5 && !is_for("a session is resumed with MQTT 5", true)) return;
  const std::string name = protocol == Protocol::mqtt_5 ? "resumed" : "older-resumed";
  Relay relay(broker().port());
  Options options = quick(relay.server(), name);
  options.protocol = protocol;
  Client client(options);
  client.connect();
  client.subscribe(name, QoS::at_least_once);
  CHECK(succeeded(publish_all(client, numbers(0, 50), QoS::at_least_once, name)) == 50);
  relay.refuse();  // Else it takes connections that nobody answers, and the client subscribes again to be
                   // sure.
  broker().kill_hard();
  REQUIRE(eventually([&] { return !client.is_connected(); }));
  const auto more = publish_all(client, numbers(50, 50), QoS::at_least_once, name);
  broker().restart();
  relay.heal();
  CHECK(succeeded(more) == 50);
  // RabbitMQ counts its identifiers from 1 at each connection, and marks all of them as DUP after a
  // restart: one that we still hold from the last connection soon names another message.
  std::vector<std::string> arrived = receive_payloads(client, 15);
  REQUIRE(eventually([&] { return client.statistics().received >= 25; }));
  relay.cut();
  REQUIRE(eventually([&] { return client.statistics().sessions_resumed == 2; }));
  while (first_arrivals(arrived).size() < 100) {
    const auto message = client.receive(patience);
    CAPTURE(arrived, client.statistics().connects, client.statistics().duplicates_suppressed);
    REQUIRE(message);
    arrived.emplace_back(message->payload());
  }
  CHECK(difference(first_arrivals(arrived), numbers(0, 100)) == "");
}

TEST_CASE("a durable session moves to the other node of a RabbitMQ cluster over MQTT 3.1.1",
          "[integration][rabbitmq][mqtt311]") {
  RabbitMq first;
  RabbitMq second(first);
  Options options = older("", "moved");
  options.servers = {first.server(), second.server()};
  options.server_group = ServerGroup::cluster;
  Client subscriber(options);
  subscriber.connect();
  subscriber.subscribe("moved", QoS::at_least_once);
  subscriber.disconnect();
  {
    Client publisher(older(second.server(), "moved-publisher"));
    publisher.connect();
    CHECK(succeeded(publish_all(publisher, numbers(0, 50), QoS::at_least_once, "moved")) == 50);
  }
  options.servers = {second.server(), first.server()};
  options.start = Start::resume;
  Client elsewhere(options);
  elsewhere.connect();
  const auto connected = wait_for<Connected>(elsewhere);
  REQUIRE(connected);
  CHECK(connected->server == second.server());
  CHECK(connected->session_present);
  CHECK(difference(receive_payloads(elsewhere, 50), numbers(0, 50)) == "");
}
