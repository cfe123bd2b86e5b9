// Brokers that point elsewhere: "use another server" and "server moved". [MQTT 5, 4.11]
#include "client_under_test.hpp"
#include "support/gateway.hpp"
#include "support/loopback.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

std::string reference_to(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

Behaviour pointing(const std::string& reference, ReasonCode reason = ReasonCode::use_another_server) {
  Behaviour behaviour;
  behaviour.connack_reason = reason;
  behaviour.connack.add(PropertyId::server_reference, reference);
  return behaviour;
}

std::string farewell(const std::string& reference, ReasonCode reason = ReasonCode::use_another_server) {
  return disconnect(reason, Properties().add(PropertyId::server_reference, reference));
}

Options following(const std::string& server) {
  Options options = quick(server);
  options.follow_server_reference = true;
  return options;
}

}  // namespace

TEST_CASE("a broker that points elsewhere is followed only when allowed", "[integration][redirection]") {
  ScriptedBroker other;
  ScriptedBroker broker(pointing(reference_to(other.port())));
  Options options = following(broker.server());
  SECTION("allowed") {
    Client client(options);
    client.connect();
    const auto given = wait_for<ServerReferenceGiven>(client);
    REQUIRE(given);
    CHECK(given->followed);
    CHECK_FALSE(given->permanent);
    CHECK(other.received(PacketType::connect).at(0).clean_start);
  }
  SECTION("not allowed") {
    options.follow_server_reference = false;
    Client client(options);
    CHECK_THROWS_AS(client.connect(), Error);
    const auto given = wait_for<ServerReferenceGiven>(client);
    REQUIRE(given);
    CHECK_FALSE(given->followed);
    CHECK(other.connections() == 0);
  }
}

TEST_CASE("a first connect() that is sent in circles ends", "[integration][redirection]") {
  ScriptedBroker first;
  ScriptedBroker second;
  first.behave(pointing(reference_to(second.port())));
  second.behave(pointing(reference_to(first.port())));
  Client client(following(first.server()));
  CHECK_THROWS_AS(client.connect(), Error);
  CHECK(first.connections() + second.connections() == 4);
}

TEST_CASE("of several references each is tried in turn", "[integration][redirection]") {
  ScriptedBroker refuses;
  Behaviour busy;
  busy.connack_reason = ReasonCode::server_busy;
  refuses.behave(busy);
  ScriptedBroker other;
  ScriptedBroker broker(pointing(reference_to(free_port()) + " " + reference_to(refuses.port()) + " " +
                                 reference_to(other.port())));
  Options options = following(broker.server());
  options.reconnect.min_delay = options.reconnect.max_delay = 60s;  // None of them waits.
  Client client(options);
  client.connect();
  CHECK(wait_for<Connected>(client)->server == other.server());
  CHECK(broker.connections() == 1);
  CHECK(refuses.connections() == 1);
}

TEST_CASE("a server that does not answer where a broker pointed is left for our own again",
          "[integration][redirection]") {
  ScriptedBroker broker;
  broker.behave_on(0, pointing(reference_to(free_port())));
  Options options = following(broker.server());
  options.retry_first_connect = true;
  Client client(options);
  client.connect();
  CHECK(broker.connections() == 2);
}

TEST_CASE("another server for a while is kept as long as it has us", "[integration][redirection]") {
  ScriptedBroker broker;
  ScriptedBroker other;
  Client client(following(broker.server()));
  client.connect();
  REQUIRE(wait_for<Connected>(client));
  broker.send(farewell(reference_to(other.port())));
  const auto given = wait_for<ServerReferenceGiven>(client);
  REQUIRE(given);
  CHECK(given->followed);
  CHECK_FALSE(given->permanent);
  CHECK(given->what.find(std::to_string(other.port())) != std::string::npos);
  CHECK(wait_for<Connected>(client)->server == other.server());
  other.reset_connection();
  CHECK(wait_for<Connected>(client)->server == other.server());
  other.go_down();
  CHECK(wait_for<Connected>(client)->server == broker.server());
  CHECK(broker.connections() == 2);
}

TEST_CASE("a server that moved is looked for at its new place from then on", "[integration][redirection]") {
  ScriptedBroker other;
  ScriptedBroker broker(pointing(reference_to(other.port()), ReasonCode::server_moved));
  Client client(following(broker.server()));
  client.connect();
  const auto given = wait_for<ServerReferenceGiven>(client);
  REQUIRE(given);
  CHECK(given->permanent);
  REQUIRE(wait_for<Connected>(client));
  other.reset_connection();
  REQUIRE(wait_for<Connected>(client));
  client.disconnect();
  client.connect();
  CHECK(other.connections() == 3);
  CHECK(broker.connections() == 1);
  SECTION("unless it is there no more") {
    broker.behave({});
    other.go_down();
    const auto back = wait_for<SessionLost>(client);
    CHECK(back);
    CHECK(broker.connections() == 2);
  }
}

TEST_CASE("where a broker points, credentials go along", "[integration][redirection]") {
  ScriptedBroker other;
  ScriptedBroker broker(pointing("mallory:lie@" + reference_to(other.port())));
  const std::string server = "mqtt://alice:secret@127.0.0.1:" + std::to_string(broker.port());
  Options options = following(server);
  const bool in_options = GENERATE(false, true);
  if (in_options) {
    options.user_name = "bob";
    options.password = "key";
  }
  Client client(options);
  client.connect();
  const auto connect = other.received(PacketType::connect).at(0);
  CHECK(connect.user_name == (in_options ? "bob" : "alice"));
  CHECK(connect.password == (in_options ? "key" : "secret"));
}

TEST_CASE("a session goes along in a cluster, and is lost elsewhere", "[integration][redirection]") {
  Behaviour silent;
  silent.holds_acknowledgements = true;
  ScriptedBroker broker(silent);
  const bool cluster = GENERATE(false, true);
  Behaviour node;
  if (cluster) node.session_present = true;
  ScriptedBroker other(node);
  Options options = following(broker.server());
  options.server_group = cluster ? ServerGroup::cluster : ServerGroup::independent;
  Client client(options);
  client.connect();
  const auto deliveries = publish_all(client, numbers(0, 2), QoS::at_least_once);
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 2; }));
  broker.send(farewell(reference_to(other.port())));
  CHECK(succeeded(deliveries) == 2);
  CHECK(other.received(PacketType::connect).at(0).clean_start == !cluster);
  CHECK(other.received(PacketType::publish).at(0).dup == cluster);
  CHECK(client.statistics().sessions_lost == (cluster ? 0 : 1));
}

TEST_CASE("a reference to a server of the list goes there, whatever its turn", "[integration][redirection]") {
  ScriptedBroker first;
  ScriptedBroker second;
  ScriptedBroker third;
  first.behave(pointing(reference_to(third.port())));
  Options options = following(first.server());
  options.servers = {first.server(), second.server(), third.server()};
  Client client(options);
  client.connect();
  CHECK(third.connections() == 1);
  CHECK(second.connections() == 0);
}

TEST_CASE("servers that point at each other are not followed in circles", "[integration][redirection]") {
  ScriptedBroker first;
  ScriptedBroker second;
  first.behave(pointing(reference_to(second.port())));
  second.behave(pointing(reference_to(first.port())));
  Options options = following(first.server());
  options.retry_first_connect = true;
  options.reconnect.min_delay = options.reconnect.max_delay = 60s;
  Client client(options);
  CHECK_THROWS_AS(client.connect(1ms), Error);
  REQUIRE(second.wait_until([&] { return first.connections() + second.connections() >= 4; }));
  // Then the back-off counts (which is at random less than a tenth of a second once in 600 times).
  CHECK(throughout(100ms, [&] { return first.connections() + second.connections() <= 8; }));
}

TEST_CASE("servers that take us and point at each other are left alone after a while",
          "[integration][redirection]") {
  ScriptedBroker first;
  ScriptedBroker second;
  const auto sends_on = [](std::uint16_t port) {
    Behaviour behaviour;
    behaviour.before_send = [port](BrokerConnection& connection, const Packet& packet) {
      if (packet.type != PacketType::connack) return Verdict::proceed;
      connection.send(encode(packet));
      connection.send(farewell(reference_to(port)));
      return Verdict::ignore;
    };
    return behaviour;
  };
  first.behave(sends_on(second.port()));
  second.behave(sends_on(first.port()));
  Options options = following(first.server());
  options.retry_first_connect = true;
  Client client(options);
  try {
    client.connect();
  } catch (const Error&) {
    // The connection may be gone before the call has seen it.
  }
  bool given_up = false;
  for (int times = 0; times < 10 && !given_up; ++times) {
    const auto given = wait_for<ServerReferenceGiven>(client);
    REQUIRE(given);
    given_up = !given->followed;
  }
  CHECK(given_up);
}

TEST_CASE("garbage for a reference is told, and hurts nobody", "[integration][redirection]") {
  const std::string garbage =
      GENERATE(as<std::string>(), "", " ", ":", "[::1", "mqtt://", "unix:///run/mqtt.sock", "ftp://a",
               "a:b:c:99999999", std::string(60'000, 'a'), "no.such.host.invalid",
               "127.0.0.1:1 127.0.0.1:1 127.0.0.1:1");
  CAPTURE(garbage.substr(0, 40));
  ScriptedBroker broker;
  broker.behave_on(0, pointing(garbage, GENERATE(ReasonCode::use_another_server, ReasonCode::server_moved)));
  Options options = following(broker.server());
  options.retry_first_connect = true;
  options.reconnect.retry_when_refused = true;
  Client client(options);
  client.connect();
  const auto given = wait_for<ServerReferenceGiven>(client);
  REQUIRE(given);
  CHECK(given->server_reference == garbage);
  CHECK_FALSE(given->what.empty());
  CHECK(given->what.size() < 300);
  broker.send(farewell(garbage));
  REQUIRE(broker.wait_until([&] { return broker.connections() == 3; }));
  CHECK(broker.connections() == 3);
}

TEST_CASE("no broker leads us from TLS to a connection without, and one that does not ask for it is followed",
          "[integration][redirection]") {
  ScriptedBroker other;
  ScriptedBroker broker;
  const Gateway tls(Transport::tls, broker.port());
  const Gateway other_tls(Transport::tls, other.port());
  Options options = following(tls.server());
  options.tls.ca_pem = gateway_ca_pem();
  options.retry_first_connect = true;
  Client client(options);
  SECTION("without") {
    broker.behave_on(0, pointing("mqtt://" + reference_to(other.port())));
    client.connect();
    const auto given = wait_for<ServerReferenceGiven>(client);
    REQUIRE(given);
    CHECK_FALSE(given->followed);
    CHECK(given->what.find("TLS") != std::string::npos);
    CHECK(broker.connections() == 2);
    CHECK(other.connections() == 0);
  }
  SECTION("with") {
    broker.behave_on(0, pointing(reference_to(other_tls.port())));
    client.connect();
    CHECK(other.connections() == 1);
    CHECK(client.statistics().tls_handshakes == 2);
  }
}
