// Topic aliases that the client gives by itself, at real brokers.
#include <utility>

#include "client_under_test.hpp"
#include "support/mosquitto.hpp"
#include "support/relay.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

std::string topic_of(std::size_t number) {
  return "a/topic/that/is/long/enough/" + std::to_string(number % 5);
}

/// Publishes this many messages to five topics in turn.
std::vector<Delivery> publish_in_turn(Client& client, std::size_t count, QoS qos) {
  std::vector<Delivery> deliveries;
  for (std::size_t number = 0; number < count; ++number)
    deliveries.push_back(client.publish(topic_of(number), std::to_string(number), {.qos = qos}));
  return deliveries;
}

/// What is wrong with the messages that came, each once and under its topic.
std::string fault_of(Client& subscriber, std::size_t count) {
  for (std::size_t number = 0; number < count; ++number) {
    const auto message = subscriber.receive(patience);
    if (!message) return "nothing came for " + std::to_string(number);
    if (message->payload() != std::to_string(number))
      return "out of order: " + std::string(message->payload());
    if (message->topic() != topic_of(number)) return "under " + std::string(message->topic());
  }
  return "";
}

}  // namespace

TEST_CASE("topics that come again go to mosquitto by aliases, and arrive under their names",
          "[integration][aliases]") {
  const QoS qos = GENERATE(QoS::at_most_once, QoS::at_least_once, QoS::exactly_once);
  Mosquitto mosquitto({.lines = {"max_queued_messages 0", "max_topic_alias 3"}});
  Options options = quick(mosquitto.server(), "subscriber");
  options.connect_properties.topic_alias_maximum = 3;  // In the other direction, too.
  Client subscriber(options);
  subscriber.connect();
  subscriber.subscribe("#", qos);
  std::size_t sent[2];
  for (const std::uint16_t aliases : {std::uint16_t{0}, std::uint16_t{16}}) {
    Options publishing = quick(mosquitto.server(), "publisher");
    publishing.topic_aliases_max = aliases;
    Client publisher(publishing);
    publisher.connect();
    const auto deliveries = publish_in_turn(publisher, 500, qos);
    CHECK(fault_of(subscriber, 500) == "");
    CHECK(succeeded(deliveries) == 500);
    sent[aliases == 0 ? 0 : 1] = publisher.statistics().bytes_sent;
  }
  CHECK(sent[1] + 5'000 < sent[0]);  // Three of five topics, 29 bytes less 3 each time.
}

TEST_CASE("aliases are those of the connection, however often it is cut", "[integration][aliases]") {
  Mosquitto mosquitto({.lines = {"max_queued_messages 0"}});
  Client subscriber(quick(mosquitto.server(), "subscriber"));
  subscriber.connect();
  subscriber.subscribe("#", QoS::exactly_once);
  Relay relay(mosquitto.port());
  Client publisher(quick(relay.server(), "publisher"));
  publisher.connect();
  std::vector<Delivery> deliveries;
  for (std::size_t number = 0; number < 2'000; ++number) {
    if (number % 400 == 399) relay.cut_after(number, Direction::to_broker);
    deliveries.push_back(
        publisher.publish(topic_of(number), std::to_string(number), {.qos = QoS::exactly_once}));
  }
  CHECK(fault_of(subscriber, 2'000) == "");
  CHECK(succeeded(deliveries) == 2'000);
  CHECK(publisher.statistics().connects > 1);
}

TEST_CASE("a broker that passes messages on to others of its clients sees each under its topic",
          "[integration][aliases]") {
  ScriptedBroker broker(with(Properties().add(PropertyId::topic_alias_maximum, 2)));
  Client client(quick(broker.server()));
  client.connect();
  const auto deliveries = publish_in_turn(client, 100, QoS::at_least_once);
  CHECK(succeeded(deliveries) == 100);
  const auto accepted = broker.accepted();
  REQUIRE(accepted.size() == 100);
  for (std::size_t number = 0; number < accepted.size(); ++number)
    CHECK(accepted[number].topic == topic_of(number));
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a payload that is not the text it says it is costs no connection, and is counted",
          "[integration][aliases][U-3.3.2.3.2-1]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.check_payload_format = true;
  Client client(options);
  client.connect();
  const Properties text = Properties().add(PropertyId::payload_format_indicator, 1);
  broker.deliver("client", {"t", "\xFF", QoS::exactly_once, false, text});
  broker.deliver("client", {"t", "\xFF", QoS::at_most_once, false, text});
  broker.deliver("client", {"t", "text", QoS::at_least_once, false, text});
  const auto message = client.receive(patience);
  REQUIRE(message);
  CHECK(message->payload() == "text");
  CHECK(broker.wait_until([&] { return broker.undelivered("client") == 0; }));
  CHECK(broker.received(PacketType::pubrec).at(0).reason_code == ReasonCode::payload_format_invalid);
  CHECK(eventually([&] { return client.statistics().payloads_refused == 2; }));
  CHECK(broker.connections() == 1);
  CHECK(broker.violations() == nothing);
}
