// The client against a real mosquitto, which is killed, restarted and emptied on the way.
#include <thread>

#include "client_under_test.hpp"
#include "support/mosquitto.hpp"
#include "support/raw_client.hpp"
#include "support/relay.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

/// A client that takes up its session at the broker, if there is one. Mosquitto 2.0.11 saves no session that
/// began with Clean Start 1, so what shall survive its restart must be asked for in this way.
Options resuming(const Mosquitto& mosquitto, std::string client_id) {
  Options options = quick(mosquitto.server(), std::move(client_id));
  options.start = Start::resume;
  return options;
}

bool session_present(Client& client) {
  client.connect();
  const auto connected = wait_for<Connected>(client);
  REQUIRE(connected);
  return connected->session_present;
}

}  // namespace

TEST_CASE("messages of every QoS arrive complete and in order through mosquitto",
          "[integration][mosquitto]") {
  const QoS qos = GENERATE(QoS::at_most_once, QoS::at_least_once, QoS::exactly_once);
  Mosquitto mosquitto({.lines = {"max_queued_messages 0"}});
  Client subscriber(quick(mosquitto.server(), "subscriber"));
  subscriber.connect();
  CHECK(subscriber.subscribe("n/#", qos) == static_cast<ReasonCode>(qos));
  Client publisher(quick(mosquitto.server(), "publisher"));
  publisher.connect();
  const auto deliveries = publish_all(publisher, numbers(0, 1'000), qos, "n/1");
  CHECK(succeeded(deliveries) == 1'000);
  CHECK(difference(receive_payloads(subscriber, 1'000), numbers(0, 1'000)) == "");
  if (qos != QoS::at_most_once) CHECK(deliveries[0].result().reason_code == ReasonCode::success);
  if (over_mqtt_5()) CHECK(publisher.broker_limits().receive_maximum == 20);
}

TEST_CASE("a publish that nobody subscribed to succeeds and says so", "[integration][mosquitto][mqtt5]") {
  Mosquitto mosquitto;
  Client client(quick(mosquitto.server()));
  client.connect();
  const Delivery delivery = client.publish("t", "x", {.qos = QoS::at_least_once});
  REQUIRE(delivery.wait_for(patience));
  CHECK_FALSE(delivery.result().error);
  CHECK(delivery.result().reason_code == ReasonCode::no_matching_subscribers);
}

TEST_CASE("mosquitto ends and comes back with its sessions: nothing is missing", "[integration][mosquitto]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  Mosquitto mosquitto({.persistence = Persistence::on_demand, .lines = {"max_queued_messages 0"}});
  Client subscriber(resuming(mosquitto, "subscriber"));
  subscriber.connect();
  subscriber.subscribe("t", qos);
  Client publisher(resuming(mosquitto, "publisher"));
  publisher.connect();
  auto deliveries = publish_all(publisher, numbers(0, 300), qos);
  for (int kill = 0; kill < 3; ++kill) {
    // SIGTERM saves: what was acknowledged is kept, what was not is replayed.
    mosquitto.terminate();
    const auto more = publish_all(publisher, numbers(deliveries.size(), 100), qos);
    deliveries.insert(deliveries.end(), more.begin(), more.end());
    mosquitto.restart();
    REQUIRE(eventually([&] { return publisher.is_connected() && subscriber.is_connected(); }));
  }
  CHECK(succeeded(deliveries) == 600);
  std::vector<std::string> arrived;
  while (const auto message = subscriber.receive(arrived.size() < 600 ? patience : 50ms)) {
    arrived.emplace_back(message->payload());
  }
  CHECK(difference(first_arrivals(arrived), numbers(0, 600)) == "");
  if (qos == QoS::exactly_once) CHECK(arrived.size() == 600);
  CHECK(publisher.statistics().sessions_lost == 0);
  CHECK(publisher.statistics().sessions_resumed >= 3);
}

TEST_CASE("mosquitto comes back without the session: subscriptions are made again, nothing in flight is lost",
          "[integration][mosquitto]") {
  Mosquitto mosquitto({.persistence = Persistence::on_demand});
  Client client(quick(mosquitto.server()));
  client.connect();
  client.subscribe("t", QoS::at_least_once);
  mosquitto.kill_hard();
  const auto deliveries = publish_all(client, numbers(0, 50), QoS::at_least_once);
  mosquitto.wipe_database();
  mosquitto.restart();
  const auto lost = wait_for<SessionLost>(client);
  REQUIRE(lost);
  CHECK(lost->resubscribed == 1);
  CHECK(succeeded(deliveries) == 50);
  CHECK(difference(receive_payloads(client, 50), numbers(0, 50)) == "");
}

TEST_CASE("a subscriber that was away gets what it missed", "[integration][mosquitto]") {
  Mosquitto mosquitto;
  {
    Client subscriber(resuming(mosquitto, "subscriber"));
    CHECK_FALSE(session_present(subscriber));
    subscriber.subscribe("t", QoS::exactly_once);
    subscriber.disconnect();
  }
  Client publisher(quick(mosquitto.server(), "publisher"));
  publisher.connect();
  CHECK(succeeded(publish_all(publisher, numbers(0, 50), QoS::exactly_once)) == 50);
  Client subscriber(resuming(mosquitto, "subscriber"));
  CHECK(session_present(subscriber));
  CHECK(difference(receive_payloads(subscriber, 50), numbers(0, 50)) == "");
}

TEST_CASE("what a process was killed with arrives from the next one with the same store",
          "[integration][mosquitto]") {
  Mosquitto mosquitto({.persistence = Persistence::on_demand});
  Client subscriber(quick(mosquitto.server(), "subscriber"));
  subscriber.connect();
  subscriber.subscribe("t", QoS::exactly_once);
  Options options = quick(mosquitto.server(), "publisher");
  options.store = memory_store();
  {
    Client killed(options);
    killed.connect();
    publish_all(killed, numbers(0, 200), QoS::exactly_once);
  }
  Client next(options);
  CHECK(session_present(next));
  CHECK(next.flush(patience));
  CHECK(difference(receive_payloads(subscriber, 200), numbers(0, 200)) == "");
  CHECK_FALSE(subscriber.receive(20ms));
}

TEST_CASE("disconnect() can end the session at the broker", "[integration][mosquitto][mqtt5]") {
  Mosquitto mosquitto;
  const bool end = GENERATE(false, true);
  {
    Client client(resuming(mosquitto, "client"));
    client.connect();
    DisconnectOptions options;
    if (end) options.session_expiry_interval = 0s;
    client.disconnect(options);
  }
  Client again(resuming(mosquitto, "client"));
  CHECK(session_present(again) == !end);
}

TEST_CASE("the will speaks when the client is destroyed, and is silent after disconnect()",
          "[integration][mosquitto]") {
  Mosquitto mosquitto;
  Client watcher(quick(mosquitto.server(), "watcher"));
  watcher.connect();
  watcher.subscribe("#", QoS::exactly_once);
  Options options = quick(mosquitto.server());
  options.will = Will{.topic = "will", .payload = "gone", .qos = QoS::at_least_once};
  if (over_mqtt_5()) {
    options.will = Will{.topic = "will",
                        .payload = "gone",
                        .qos = QoS::at_least_once,
                        .payload_is_utf8 = true,
                        .message_expiry_interval = 60s,
                        .content_type = "text/plain",
                        .response_topic = "answer",
                        .correlation_data = "c",
                        .user_properties = {{"k", "v"}}};
  }
  {
    Client client(options);
    client.connect();
    SECTION("destroyed") {}
    if (over_mqtt_5()) {
      SECTION("disconnected, with the will") {
        client.disconnect({.reason = ReasonCode::disconnect_with_will_message});
      }
    }
    SECTION("disconnected") {
      client.disconnect();
      watcher.publish("last", "");
      const auto message = watcher.receive(patience);
      REQUIRE(message);
      CHECK(message->topic() == "last");
      return;
    }
  }
  const auto message = watcher.receive(patience);
  REQUIRE(message);
  CHECK(message->topic() == "will");
  CHECK(message->payload() == "gone");
  CHECK(message->qos() == QoS::at_least_once);
  if (!over_mqtt_5()) return;
  CHECK(message->payload_is_utf8());
  CHECK(message->content_type() == "text/plain");
  CHECK(message->response_topic() == "answer");
  CHECK(message->correlation_data() == "c");
  CHECK(message->user_properties() == UserProperties{{"k", "v"}});
}

TEST_CASE("a delayed will is cancelled by a reconnect", "[integration][mosquitto][mqtt5]") {
  Mosquitto mosquitto;
  Relay relay(mosquitto.port());
  Client watcher(quick(mosquitto.server(), "watcher"));
  watcher.connect();
  watcher.subscribe("#", QoS::exactly_once);
  Options options = quick(relay.server());
  options.will = Will{.topic = "will", .will_delay_interval = 1s};
  Client client(options);
  client.connect();
  relay.cut();
  REQUIRE(eventually([&] { return client.statistics().connects == 2; }));
  CHECK_FALSE(watcher.receive(1'500ms));
}

TEST_CASE("every property travels from client to client", "[integration][mosquitto][mqtt5]") {
  Mosquitto mosquitto;
  Client client(quick(mosquitto.server()));
  client.connect();
  client.subscribe("a/+", {.qos = QoS::exactly_once}, {.subscription_identifier = 17});
  PublishOptions options;
  options.qos = QoS::exactly_once;
  options.payload_is_utf8 = true;
  options.message_expiry_interval = 100s;
  options.content_type = "text/plain";
  options.response_topic = "answer";
  options.correlation_data = std::string("\0\1", 2);
  options.user_properties = {{"k", "v"}, {"k", "w"}, {"", ""}};
  client.publish("a/b", "payload", options);
  const auto message = client.receive(patience);
  REQUIRE(message);
  CHECK(message->topic() == "a/b");
  CHECK(message->payload() == "payload");
  CHECK(message->payload_is_utf8());
  CHECK(message->content_type() == "text/plain");
  CHECK(message->response_topic() == "answer");
  CHECK(message->correlation_data() == std::string_view("\0\1", 2));
  CHECK(message->user_properties() == options.user_properties);
  CHECK(message->subscription_identifiers() == std::vector<std::uint32_t>{17});
}

TEST_CASE("a shared subscription divides the messages", "[integration][mosquitto]") {
  Mosquitto mosquitto;
  Client first(quick(mosquitto.server(), "first"));
  Client second(quick(mosquitto.server(), "second"));
  for (Client* member : {&first, &second}) {
    member->connect();
    CHECK(member->subscribe("$share/g/t", QoS::at_least_once) == ReasonCode::granted_qos_1);
  }
  CHECK(succeeded(publish_all(first, numbers(0, 20), QoS::at_least_once)) == 20);
  REQUIRE(eventually([&] { return first.statistics().received + second.statistics().received == 20; }));
  CHECK(first.statistics().received == 10);
}

TEST_CASE("credentials are asked for and told apart from everything else", "[integration][mosquitto]") {
  Mosquitto mosquitto({.users = {{"alice", "secret"}}});
  Options options = quick(mosquitto.server());
  SECTION("in the options") {
    options.user_name = "alice";
    options.password = "secret";
    Client client(options);
    client.connect();
    CHECK(client.is_connected());
  }
  SECTION("in the server") {
    options.server = "mqtt://alice:secret@127.0.0.1:" + std::to_string(mosquitto.port());
    Client client(options);
    client.connect();
    CHECK(client.is_connected());
  }
  SECTION("wrong or missing") {
    if (GENERATE(false, true)) {
      options.user_name = "alice";
      options.password = "wrong";
    }
    check_credentials_refused(options);
  }
}

TEST_CASE("mosquitto's limits are kept", "[integration][mosquitto][mqtt5]") {
  Mosquitto mosquitto({.lines = {"max_packet_size 1000", "max_inflight_messages 3"}});
  Client client(quick(mosquitto.server()));
  client.connect();
  CHECK(client.broker_limits().maximum_packet_size == 1'000u);
  CHECK(client.broker_limits().receive_maximum == 3);
  CHECK_THROWS_AS(client.publish("t", std::string(1'000, 'x')), Error);
  CHECK(succeeded(publish_all(client, numbers(0, 100), QoS::exactly_once)) == 100);
  CHECK(client.statistics().connects == 1);
}

// Apart from the other limits: with max_keepalive mosquitto 2.0.21 now and then takes a busy client for one
// that is silent.
TEST_CASE("mosquitto's Server Keep Alive is taken over", "[integration][mosquitto][mqtt5]") {
  Mosquitto mosquitto({.lines = {"max_keepalive 30"}});
  Client client(quick(mosquitto.server()));
  client.connect();
  CHECK(client.broker_limits().keep_alive == 30s);
}

TEST_CASE("mosquitto assigns a client id once", "[integration][mosquitto][mqtt5]") {
  Mosquitto mosquitto;
  Relay relay(mosquitto.port());
  Client client(quick(relay.server(), ""));
  client.connect();
  const std::string assigned = client.client_id();
  CHECK_FALSE(assigned.empty());
  relay.cut();
  REQUIRE(eventually([&] { return client.statistics().sessions_resumed == 1; }));
  CHECK(client.client_id() == assigned);
}

TEST_CASE("a short keep-alive keeps the connection alive", "[integration][mosquitto]") {
  Mosquitto mosquitto;
  Options options = quick(mosquitto.server());
  options.keep_alive = 1s;
  Client client(options);
  client.connect();
  CHECK(throughout(2'000ms, [&] { return client.is_connected(); }));
  CHECK(client.statistics().connects == 1);
}

TEST_CASE("a message of several megabytes makes the round trip", "[integration][mosquitto]") {
  Mosquitto mosquitto;
  Client client(quick(mosquitto.server()));
  client.connect();
  client.subscribe("t", QoS::exactly_once);
  std::string payload(5'000'000, '\0');
  for (std::size_t index = 0; index < payload.size(); ++index)
    payload[index] = static_cast<char>(index * 31);
  REQUIRE(client.publish("t", payload, {.qos = QoS::exactly_once}).wait_for(patience));
  const auto message = client.receive(patience);
  REQUIRE(message);
  CHECK(message->payload() == payload);
}

TEST_CASE("threads publish to mosquitto while the network breaks every 50 ms", "[integration][mosquitto]") {
  Mosquitto mosquitto({.lines = {"max_queued_messages 0"}});
  Client subscriber(quick(mosquitto.server(), "subscriber"));
  subscriber.connect();
  subscriber.subscribe("t/#", QoS::exactly_once);
  Relay relay(mosquitto.port());
  Options options = quick(relay.server(), "publisher");
  options.poison_after = 0;  // Cut so often, any message comes under suspicion.
  Client publisher(options);
  publisher.connect();
  relay.cut_every(50ms);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (const std::string& number : numbers(0, 100)) {
        const Delivery delivery =
            publisher.publish("t/" + std::to_string(thread), number, {.qos = QoS::exactly_once});
        if (number.back() == '0') delivery.wait_for(patience);
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(publisher.flush(3 * patience));
  std::vector<std::vector<std::string>> arrived(8);
  for (int count = 0; count < 800; ++count) {
    const auto message = subscriber.receive(patience);
    REQUIRE(message);
    arrived.at(static_cast<std::size_t>(message->topic().back() - '0')).emplace_back(message->payload());
  }
  CHECK_FALSE(subscriber.receive(20ms));
  for (const auto& of_thread : arrived)
    CHECK(difference(of_thread, numbers(0, 100)) == "");
  CHECK(publisher.statistics().connects >= 2);
}

TEST_CASE("a second client with the same id takes the session over; the first backs off",
          "[integration][mosquitto]") {
  Mosquitto mosquitto;
  Options options = quick(mosquitto.server());
  options.reconnect.min_delay = options.reconnect.max_delay = 60s;
  Client first(options);
  first.connect();
  RawClient second(mosquitto.port());
  CHECK(second.connect("client", false, 100).session_present);
  CHECK(wait_for<Disconnected>(first));
  CHECK(wait_for<Reconnecting>(first));
  CHECK_FALSE(second.next(50ms));
  CHECK_FALSE(second.ended());
}
