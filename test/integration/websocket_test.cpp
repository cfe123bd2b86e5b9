// WebSocket against a real mosquitto.
#include <sys/socket.h>
#include <initializer_list>

#include <thread>

#include "client_under_test.hpp"
#include "support/mosquitto.hpp"
#include "support/relay.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

std::string through(const Relay& relay) {
  return "ws://127.0.0.1:" + std::to_string(relay.port()) + "/mqtt";
}

}  // namespace

TEST_CASE("messages of every QoS arrive complete and in order through WebSocket",
          "[integration][websocket]") {
  const QoS qos = GENERATE(QoS::at_most_once, QoS::at_least_once, QoS::exactly_once);
  Mosquitto mosquitto({.transport = Transport::websocket, .lines = {"max_queued_messages 0"}});
  Client subscriber(quick(mosquitto.server(), "subscriber"));
  subscriber.connect();
  CHECK(subscriber.subscribe("n/#", qos) == static_cast<ReasonCode>(qos));
  Client publisher(quick(mosquitto.server(), "publisher"));
  publisher.connect();
  CHECK(succeeded(publish_all(publisher, numbers(0, 1'000), qos, "n/1")) == 1'000);
  CHECK(difference(receive_payloads(subscriber, 1'000), numbers(0, 1'000)) == "");
  publisher.disconnect();
  subscriber.disconnect();
}

TEST_CASE("messages of every size of frame make the round trip through WebSocket",
          "[integration][websocket]") {
  Mosquitto mosquitto({.transport = Transport::websocket});
  Client client(quick(mosquitto.server()));
  client.connect();
  client.subscribe("t", QoS::exactly_once);
  // No larger ones: mosquitto 2.0.11 sends 4 KiB of a WebSocket frame every 100 ms.
  for (const std::size_t size : std::initializer_list<std::size_t>{1, 110, 125, 126, 10'000}) {
    CAPTURE(size);
    std::string payload(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
      payload[i] = static_cast<char>(i * 7 % 251);
    client.publish("t", payload, {.qos = QoS::exactly_once});
    const auto message = client.receive(patience);
    REQUIRE(message);
    CHECK(message->payload() == payload);
  }
}

TEST_CASE("a message of several megabytes leaves through WebSocket", "[integration][websocket]") {
  Mosquitto mosquitto({.transport = Transport::websocket});
  Client client(quick(mosquitto.server()));
  client.connect();
  const Delivery delivery = client.publish("t", std::string(5'000'000, 'x'), {.qos = QoS::exactly_once});
  REQUIRE(delivery.wait_for(patience));
  CHECK_FALSE(delivery.result().error);
  CHECK(client.statistics().connects == 1);
}

TEST_CASE("WebSocket connections reset at any byte lose nothing: QoS 2 arrives exactly once",
          "[integration][websocket]") {
  Mosquitto mosquitto({.transport = Transport::websocket, .lines = {"max_queued_messages 0"}});
  Relay relay(mosquitto.port());
  const bool trickled = GENERATE(false, true);
  const std::size_t count = trickled ? 100 : 1'000;
  Client subscriber(quick(through(relay), "subscriber"));
  subscriber.connect();
  subscriber.subscribe("t", QoS::exactly_once);
  Client publisher(quick(through(relay), "publisher"));
  publisher.connect();
  if (trickled) relay.trickle();
  std::vector<Delivery> deliveries;
  std::vector<std::string> arrived;
  for (std::size_t sent = 0; sent < count; sent += count / 20) {
    // Less than a handshake, now and then; sometimes a good part of the messages.
    const std::size_t bytes = trickled ? 20 + sent * 37 % 300 : 500 + sent * 37 % 3'000;
    relay.cut_after(bytes, sent % 40 == 0 ? Direction::to_broker : Direction::to_client);
    const auto more = publish_all(publisher, numbers(sent, count / 20), QoS::exactly_once);
    deliveries.insert(deliveries.end(), more.begin(), more.end());
    const auto part = receive_payloads(subscriber, count / 20);
    arrived.insert(arrived.end(), part.begin(), part.end());
  }
  CHECK(succeeded(deliveries) == count);
  CHECK(difference(arrived, numbers(0, count)) == "");
  CHECK_FALSE(subscriber.receive(20ms));
  CHECK(publisher.statistics().connects + subscriber.statistics().connects > 6);
  CHECK(publisher.statistics().sessions_lost + subscriber.statistics().sessions_lost == 0);
}

TEST_CASE("a silent WebSocket connection is kept alive by MQTT's own pings", "[integration][websocket]") {
  Mosquitto mosquitto({.transport = Transport::websocket});
  Options options = quick(mosquitto.server());
  options.keep_alive = 1s;
  Client client(options);
  client.connect();
  CHECK(throughout(2'000ms, [&] { return client.is_connected(); }));
  CHECK(client.statistics().connects == 1);
}

TEST_CASE("disconnect() ends the WebSocket in good order, and the will is silent",
          "[integration][websocket]") {
  Mosquitto mosquitto({.transport = Transport::websocket});
  Client watcher(quick(mosquitto.server(), "watcher"));
  watcher.connect();
  watcher.subscribe("#", QoS::at_least_once);
  Options options = quick(mosquitto.server());
  options.will = Will{.topic = "will", .payload = "gone"};
  const bool in_order = GENERATE(false, true);
  {
    Client client(options);
    client.connect();
    if (in_order) client.disconnect();
  }
  if (in_order) watcher.publish("last", "", {.qos = QoS::at_least_once});
  const auto message = watcher.receive(patience);
  REQUIRE(message);
  CHECK(message->topic() == (in_order ? "last" : "will"));
}

TEST_CASE("a port that speaks MQTT and no WebSocket is told so, and the other way round",
          "[integration][websocket]") {
  Mosquitto plain;
  const std::string said = refusal(quick("ws://127.0.0.1:" + std::to_string(plain.port()) + "/mqtt")).what;
  CAPTURE(said);
  CHECK(said.find("connect to ws://127.0.0.1:" + std::to_string(plain.port()) + "/mqtt: ") == 0);
  CHECK(
      said.find(
          "the connection ended without an answer (Connection reset by peer): is this a WebSocket server?") !=
      std::string::npos);
  Mosquitto websocket({.transport = Transport::websocket});
  Client client(quick(server_at(websocket.port())));
  CHECK_THROWS_AS(client.connect(), Error);
}

TEST_CASE("a server that accepts and never answers the upgrade is given up after handshake_timeout",
          "[integration][websocket]") {
  const std::uint16_t port = free_port();
  const Descriptor listener = listen_on(port);
  Options options = quick("ws://127.0.0.1:" + std::to_string(port));
  options.handshake_timeout = 100ms;
  Client client(options);
  try {
    client.connect();
    FAIL("connected");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::timed_out);
    CHECK(std::string(error.what())
              .find("there is no answer: no end of the handshakes within handshake_timeout") !=
          std::string::npos);
  }
}

TEST_CASE("the headers of the options reach the server", "[integration][websocket]") {
  const std::uint16_t port = free_port();
  const Descriptor listener = listen_on(port);
  Options options = quick("ws://127.0.0.1:" + std::to_string(port) + "/p?q=1");
  options.websocket.headers = {{"Authorization", "Bearer token"}};
  options.retry_first_connect = true;
  Client client(options);
  std::thread connecting([&] {
    try {
      client.connect();
    } catch (const Error&) {
    }
  });
  Descriptor connection;
  std::string request;
  CHECK(eventually([&] {
    if (!connection) connection = accept_from(listener);
    char bytes[1024];
    const auto got = connection ? ::recv(connection.get(), bytes, sizeof bytes, 0) : 0;
    if (got > 0) request.append(bytes, static_cast<std::size_t>(got));
    return request.find("\r\n\r\n") != std::string::npos;
  }));
  client.disconnect({.drain = 0ms});
  connecting.join();
  CHECK(request.rfind("GET /p?q=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n", 0) == 0);
  CHECK(request.find("\r\nAuthorization: Bearer token\r\n") != std::string::npos);
}
