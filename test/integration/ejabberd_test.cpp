// The client against a real ejabberd, alone: an MQTT 5 broker that forgets every session when it is killed.
#include "support/ejabberd.hpp"

#include <thread>

#include "client_under_test.hpp"
#include "support/relay.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

/// One for all tests, since Erlang starts slowly: each has client ids and topics of its own.
Ejabberd& broker() {
  static Ejabberd ejabberd;
  ejabberd.restart_all();
  return ejabberd;
}

Options alice(std::string server, std::string client_id) {
  Options options = quick(std::move(server), std::move(client_id));
  options.user_name = Ejabberd::user_name;
  options.password = Ejabberd::password;
  return options;
}

std::vector<std::string> receive_until(Client& client, const std::string& last) {
  std::vector<std::string> payloads;
  while (payloads.empty() || payloads.back() != last) {
    const auto message = client.receive(patience);
    if (!message) break;
    payloads.emplace_back(message->payload());
  }
  return payloads;
}

}  // namespace

TEST_CASE("ejabberd lets in who has user name and password, and nobody else", "[integration][ejabberd]") {
  Options options = alice(broker().node(0).server(), "credentials");
  SECTION("right") {
    Client client(options);
    client.connect();
    CHECK(client.is_connected());
  }
  SECTION("wrong or missing") {
    const std::optional<std::string> password = GENERATE(std::optional<std::string>("wrong"), std::nullopt);
    options.password = password;
    if (!password) options.user_name.reset();
    check_credentials_refused(options);
  }
}

TEST_CASE("messages of every QoS arrive complete and in order through ejabberd", "[integration][ejabberd]") {
  const QoS qos = GENERATE(QoS::at_most_once, QoS::at_least_once, QoS::exactly_once);
  const std::string name = "every-qos-" + std::to_string(static_cast<int>(qos));
  Client subscriber(alice(broker().node(0).server(), name + "-subscriber"));
  subscriber.connect();
  CHECK(subscriber.subscribe(name + "/#", qos) == static_cast<ReasonCode>(qos));
  Client publisher(alice(broker().node(0).server(), name + "-publisher"));
  publisher.connect();
  const auto deliveries = publish_all(publisher, numbers(0, 1'000), qos, name + "/1");
  CHECK(succeeded(deliveries) == 1'000);
  CHECK(difference(receive_payloads(subscriber, 1'000), numbers(0, 1'000)) == "");
  if (qos != QoS::at_most_once) CHECK(deliveries[0].result().reason_code == ReasonCode::success);
}

TEST_CASE("ejabberd's no matching subscribers is a success", "[integration][ejabberd]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  Client client(alice(broker().node(0).server(), "nobody-subscribed"));
  client.connect();
  const Delivery delivery = client.publish("nobody/subscribed", "x", {.qos = qos});
  REQUIRE(delivery.wait_for(patience));
  CHECK_FALSE(delivery.result().error);
  CHECK(delivery.result().reason_code == ReasonCode::no_matching_subscribers);
  CHECK(client.statistics().acknowledged == 1);
  CHECK(client.statistics().failed == 0);
}

TEST_CASE("the session expiry that ejabberd cuts is taken from its CONNACK", "[integration][ejabberd]") {
  Options options = alice(broker().node(0).server(), "expiry");
  options.session_expiry = 24h;
  Client client(options);
  client.connect();
  CHECK(client.broker_limits().session_expiry_interval == 1h);
  CHECK(client.broker_limits().topic_alias_maximum == 100);
  CHECK_FALSE(client.broker_limits().shared_subscription_available);
}

TEST_CASE("topics that come again go to ejabberd by aliases, and arrive under their names",
          "[integration][ejabberd]") {
  Options options = alice(broker().node(0).server(), "aliases-subscriber");
  options.connect_properties.topic_alias_maximum = 3;
  Client subscriber(options);
  subscriber.connect();
  subscriber.subscribe("aliases/#", QoS::at_least_once);
  Client publisher(alice(broker().node(0).server(), "aliases-publisher"));
  publisher.connect();
  for (int number = 0; number < 200; ++number) {
    publisher.publish("aliases/a/long/topic/" + std::to_string(number % 7), std::to_string(number),
                      {.qos = QoS::at_least_once});
  }
  for (int number = 0; number < 200; ++number) {
    const auto message = subscriber.receive(patience);
    REQUIRE(message);
    CHECK(message->payload() == std::to_string(number));
    CHECK(message->topic() == "aliases/a/long/topic/" + std::to_string(number % 7));
  }
  CHECK(publisher.statistics().bytes_sent < 200 * 30);  // A topic alone has 22.
}

TEST_CASE("a shared subscription is refused by the client before ejabberd ends the connection for it",
          "[integration][ejabberd]") {
  Client client(alice(broker().node(0).server(), "shared"));
  client.connect();
  try {
    client.subscribe("$share/group/t", QoS::at_least_once);
    FAIL("subscribed");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::shared_not_supported);
  }
  CHECK(client.is_connected());
}

TEST_CASE("a session is resumed at ejabberd, and what came meanwhile follows", "[integration][ejabberd]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  const std::string name = "resumed-" + std::to_string(static_cast<int>(qos));
  Relay relay(broker().node(0).port());
  Client publisher(alice(broker().node(0).server(), name + "-publisher"));
  publisher.connect();
  Client subscriber(alice(relay.server(), name + "-subscriber"));
  subscriber.connect();
  subscriber.subscribe(name, qos);
  CHECK(succeeded(publish_all(publisher, numbers(0, 10), qos, name)) == 10);
  auto arrived = receive_until(subscriber, "9");
  relay.refuse();
  relay.cut();
  REQUIRE(eventually([&] { return !subscriber.is_connected(); }));
  CHECK(succeeded(publish_all(publisher, numbers(10, 50), qos, name)) == 50);
  relay.heal();
  const auto more = receive_until(subscriber, "59");
  arrived.insert(arrived.end(), more.begin(), more.end());
  // At QoS 1 those come again whose acknowledgement the cut took.
  CHECK(difference(first_arrivals(arrived), numbers(0, 60)) == "");
  if (qos == QoS::exactly_once) CHECK(arrived.size() == 60);
  CHECK(subscriber.statistics().sessions_resumed == 1);
  CHECK(subscriber.statistics().sessions_lost == 0);
}

TEST_CASE("ejabberd forgets the session when it is killed: nothing that was not acknowledged is lost",
          "[integration][ejabberd]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  const std::string name = "killed-" + std::to_string(static_cast<int>(qos));
  Ejabberd& ejabberd = broker();
  Relay relay(ejabberd.node(0).port());
  Client client(alice(relay.server(), name));
  client.connect();
  client.subscribe(name, qos);
  // The first half is on its way when the broker dies, the other is published while it is away.
  relay.stop_reading(Direction::to_client);
  auto deliveries = publish_all(client, numbers(0, 50), qos, name);
  REQUIRE(eventually([&] { return client.statistics().in_flight == 50; }));
  ejabberd.node(0).kill_hard();
  relay.cut();  // What the relay has not read yet is lost, too.
  relay.heal();
  REQUIRE(eventually([&] { return !client.is_connected(); }));
  const auto more = publish_all(client, numbers(50, 50), qos, name);
  deliveries.insert(deliveries.end(), more.begin(), more.end());
  ejabberd.node(0).restart();
  const auto lost = wait_for<SessionLost>(client);
  REQUIRE(lost);
  CHECK(lost->resubscribed == 1);
  CHECK(lost->republished == 50);
  CHECK(lost->failed == 0);
  CHECK(succeeded(deliveries) == 100);
  CHECK(difference(receive_payloads(client, 100), numbers(0, 100)) == "");
}

TEST_CASE("ejabberd is reached over TLS and over WebSocket", "[integration][ejabberd]") {
  const bool tls = GENERATE(false, true);
  const std::string name = tls ? "over-tls" : "over-websocket";
  Ejabberd& ejabberd = broker();
  Options options = alice(tls ? ejabberd.node(0).tls_server() : ejabberd.node(0).websocket_server(), name);
  options.tls.ca_pem = ejabberd.authority();
  Client client(options);
  client.connect();
  client.subscribe(name, QoS::exactly_once);
  CHECK(succeeded(publish_all(client, numbers(0, 500), QoS::exactly_once, name)) == 500);
  CHECK(difference(receive_payloads(client, 500), numbers(0, 500)) == "");
  CHECK(client.statistics().tls_handshakes == (tls ? 1 : 0));
}

TEST_CASE("handles with overlapping filters each get each message once from ejabberd",
          "[integration][ejabberd][subscription]") {
  Client client(alice(broker().node(0).server(), "handles"));
  client.connect();
  auto all = client.subscribe("handles/#", QoS::at_least_once, SubscriptionQueue{});
  auto one = client.subscribe("handles/+/temp", QoS::at_least_once, SubscriptionQueue{});
  auto other = client.subscribe("handles/other", QoS::at_least_once, SubscriptionQueue{});
  for (const std::string& number : numbers(0, 20))
    client.publish("handles/17/temp", number, {.qos = QoS::at_least_once});
  for (const std::string& number : numbers(0, 20)) {
    for (Subscription* handle : {&all, &one}) {
      const auto message = handle->receive(patience);
      REQUIRE(message);
      CHECK(message->payload() == number);
    }
  }
  REQUIRE(client.flush(patience));
  CHECK_FALSE(all.receive(0ms));
  CHECK_FALSE(one.receive(0ms));
  CHECK_FALSE(other.receive(0ms));
  CHECK_FALSE(client.receive(0ms));
}

TEST_CASE("a request is answered through ejabberd", "[integration][ejabberd][request]") {
  Client responder(alice(broker().node(0).server(), "answers"));
  responder.connect();
  responder.subscribe("question", QoS::at_least_once);
  std::thread serving([&] {
    if (const auto request = responder.receive(patience)) responder.reply(*request, "42");
  });
  Client client(alice(broker().node(0).server(), "asks"));
  client.connect();
  CHECK(client.request("question", "6 * 7", patience).payload() == "42");
  serving.join();
}
