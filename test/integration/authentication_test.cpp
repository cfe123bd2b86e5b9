// Enhanced authentication of the real client. No broker of the distribution offers it (mosquitto 2.0 answers
// 0x8C without a plugin, ejabberd closes), so this is the scripted broker, with OpenSSL on its side.
#include <future>
#include <stdexcept>
#include <utility>

#include <holdfast/authenticator.hpp>

#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "client_under_test.hpp"
#include "support/mosquitto.hpp"
#include "support/scram_server.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

Options with_password(const ScriptedBroker& broker, const std::string& password = "pencil") {
  Options options = quick(broker.server());
  options.authenticator = scram_sha_256("user", password);
  return options;
}

/// What a call throws.
template <class Call>
Error error_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return {Errc::closed, "nothing was thrown"};
}

bool contains(const Error& error, const std::string& part) {
  return std::string(error.what()).find(part) != std::string::npos;
}

/// Lets in whoever says anything.
class Token final : public Authenticator {
 public:
  [[nodiscard]] std::string method() const override { return "TOKEN"; }
  [[nodiscard]] std::optional<std::string> start() override { return std::nullopt; }
  [[nodiscard]] std::string respond(std::string_view challenge) override {
    if (challenge == "sing") throw std::runtime_error("cannot sing");
    return "token";
  }
};

}  // namespace

TEST_CASE("SCRAM lets in who knows the password, again after each lost connection",
          "[integration][authentication]") {
  ScriptedBroker broker(asking_for_scram());
  Client client(with_password(broker));
  client.connect();
  for (std::size_t connections = 2; connections < 5; ++connections) {
    broker.reset_connection();
    REQUIRE(wait_for<Disconnected>(client));
    REQUIRE(wait_for<Connected>(client));
    CHECK(broker.connections() >= connections);
  }
  CHECK(client.publish("t", "x", {.qos = QoS::exactly_once}).wait_for(patience));
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a wrong password is refused by the broker, and said so", "[integration][authentication]") {
  ScriptedBroker broker(asking_for_scram());
  Client client(with_password(broker, "crayon"));
  const Error error = error_of([&] { client.connect(); });
  CHECK(error.code() == Errc::connection_refused);
  CHECK(error.reason_code() == ReasonCode::not_authorized);
  CHECK(broker.connections() == 1);  // A refusal for good.
}

TEST_CASE("who has no proof of the password is no broker of ours, whatever the CONNACK says",
          "[integration][authentication]") {
  std::string proof;
  std::string words;
  SECTION("no exchange at all") {
    words = "without having asked";
    proof = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
  }
  SECTION("no proof") {
    words = "without having asked";
  }
  Behaviour impostor;
  impostor.connack.add(PropertyId::authentication_method, "SCRAM-SHA-256");
  if (!proof.empty()) impostor.connack.add(PropertyId::authentication_data, proof);
  ScriptedBroker broker(impostor);
  Client client(with_password(broker));
  client.publish("t", "secret", {.qos = QoS::at_least_once});
  const Error error = error_of([&] { client.connect(); });
  CHECK(error.code() == Errc::authentication_failed);
  CHECK(contains(error, words));
  CHECK(broker.wait_until([&] { return broker.count(PacketType::disconnect) == 1; }));
  CHECK(broker.count(PacketType::publish) == 0);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a server that takes the password for right but does not know it is found out",
          "[integration][authentication]") {
  Behaviour impostor;
  impostor.connack.add(PropertyId::authentication_method, "SCRAM-SHA-256");
  impostor.connack.add(PropertyId::authentication_data, std::string("v=") + std::string(43, 'A') + "=");
  impostor.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::connect) return Verdict::proceed;
    const std::string first = packet.properties.text(PropertyId::authentication_data).value_or("");
    const std::string nonce = first.substr(first.find("r=") + 2);
    connection.send(auth(ReasonCode::continue_authentication, "SCRAM-SHA-256",
                         "r=" + nonce + "theirs,s=c2FsdA==,i=4096"));
    return Verdict::ignore;
  };
  ScriptedBroker broker(impostor);
  Client client(with_password(broker));
  const Error error = error_of([&] { client.connect(); });
  CHECK(error.code() == Errc::authentication_failed);
  CHECK(contains(error, "proof is wrong"));
}

TEST_CASE("challenges that a server may not give end the attempt in words", "[integration][authentication]") {
  const auto [challenge, words] =
      GENERATE(table<std::string, std::string>({{"r=replayed,s=c2FsdA==,i=4096", "another exchange"},
                                                {"r=%theirs,s=c2FsdA==,i=1", "fewer than 4096"},
                                                {"r=%theirs,s=c2FsdA==,i=4000000000", "more than 600000"},
                                                {"", "in its place"}}));
  Behaviour odd;
  odd.on_packet = [text = challenge](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::connect) return Verdict::proceed;
    const std::string first = packet.properties.text(PropertyId::authentication_data).value_or("");
    std::string sent = text;
    if (const auto mark = sent.find('%'); mark != std::string::npos)
      sent.replace(mark, 1, first.substr(first.find("r=") + 2));
    connection.send(auth(ReasonCode::continue_authentication, "SCRAM-SHA-256", sent));
    return Verdict::ignore;
  };
  ScriptedBroker broker(odd);
  Client client(with_password(broker));
  const Error error = error_of([&] { client.connect(); });
  CHECK(error.code() == Errc::authentication_failed);
  CHECK(contains(error, words));
  CHECK(broker.violations() == nothing);
}

TEST_CASE("rounds beyond those of the method end the attempt", "[integration][authentication]") {
  Behaviour greedy = asking_for_scram();
  greedy.on_packet = [honest = greedy.on_packet](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::auth) return honest(connection, packet);
    connection.send(auth(ReasonCode::continue_authentication, "SCRAM-SHA-256", "r=x,s=c2FsdA==,i=4096"));
    return Verdict::ignore;
  };
  ScriptedBroker broker(greedy);
  Client client(with_password(broker));
  const Error error = error_of([&] { client.connect(); });
  CHECK(error.code() == Errc::authentication_failed);
  CHECK(contains(error, "where none is due"));
}

TEST_CASE("the client authenticates again on its connection while messages flow",
          "[integration][authentication]") {
  ScriptedBroker broker(asking_for_scram());
  Client client(with_password(broker));
  client.connect();
  const auto deliveries = publish_all(client, numbers(0, 500), QoS::at_least_once);
  for (int i = 0; i < 3; ++i)
    client.reauthenticate(patience);
  CHECK(succeeded(deliveries) == 500);
  CHECK(broker.connections() == 1);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a re-authentication that the broker refuses says why, and the connection is made anew",
          "[integration][authentication]") {
  ScriptedBroker broker(asking_for_scram());
  Client client(with_password(broker));
  client.connect();
  // The password was changed at the broker; and then back.
  broker.change_behaviour(
      [](Behaviour& behaviour) { behaviour.on_packet = asking_for_scram({.password = "crayon"}).on_packet; });
  const Error error = error_of([&] { client.reauthenticate(patience); });
  CHECK(error.code() == Errc::authentication_failed);
  CHECK(error.reason_code() == ReasonCode::not_authorized);
  CHECK(contains(error, "the broker refused it"));
  const auto ended = wait_for<Disconnected>(client);
  REQUIRE(ended);
  CHECK(ended->error == Errc::authentication_failed);
  REQUIRE(eventually([&] { return client.is_connected(); }));
  client.reauthenticate(patience);
}

TEST_CASE("reauthenticate() fails at once where it cannot begin", "[integration][authentication]") {
  ScriptedBroker broker(asking_for_scram());
  Client without(quick(broker.server()));
  CHECK(error_of([&] { without.reauthenticate(patience); }).code() == Errc::invalid_argument);
  Client client(with_password(broker));
  CHECK(error_of([&] { client.reauthenticate(patience); }).code() == Errc::not_connected);
}

TEST_CASE("reauthenticate() waits no longer than it was told, nor longer than the connection lives",
          "[integration][authentication]") {
  ScriptedBroker broker(asking_for_scram());
  Options options = with_password(broker);
  Client client(std::move(options));
  client.connect();
  broker.change_behaviour([](Behaviour& behaviour) { behaviour.on_packet = ignoring(PacketType::auth); });
  CHECK(error_of([&] { client.reauthenticate(10ms); }).code() == Errc::timed_out);
  auto joined =
      std::async(std::launch::async, [&] { return error_of([&] { client.reauthenticate(patience); }); });
  SECTION("the connection is lost") {
    broker.reset_connection();
    const auto code = joined.get().code();
    CHECK((code == Errc::connection_lost || code == Errc::not_connected));
  }
  SECTION("the client disconnects") {
    client.disconnect();
    const auto code = joined.get().code();
    CHECK((code == Errc::closed || code == Errc::connection_lost || code == Errc::not_connected));
  }
}

TEST_CASE("an authenticator of the application's may begin with the server, and may fail",
          "[integration][authentication]") {
  const bool sings = GENERATE(false, true);
  Behaviour behaviour;
  behaviour.connack.add(PropertyId::authentication_method, "TOKEN");
  behaviour.on_packet = [sings](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::connect) return Verdict::proceed;
    connection.send(auth(ReasonCode::continue_authentication, "TOKEN", sings ? "sing" : "token?"));
    return Verdict::ignore;
  };
  ScriptedBroker broker(behaviour);
  Options options = quick(broker.server());
  options.authenticator = std::make_shared<Token>();
  Client client(std::move(options));
  if (!sings) {
    client.connect();
    CHECK(broker.received(PacketType::auth).at(0).properties.text(PropertyId::authentication_data) ==
          "token");
    return;
  }
  const Error error = error_of([&] { client.connect(); });
  CHECK(error.code() == Errc::authentication_failed);
  CHECK(std::string(error.what()) == "authentication: cannot sing");
}

TEST_CASE("neither log nor errors show the password or what it comes to", "[integration][authentication]") {
  std::ostringstream log;
  ScriptedBroker broker(asking_for_scram({.password = "the-right-one"}));
  Options options = with_password(broker, "hunter2");
  options.logger =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log));
  options.logger->set_level(spdlog::level::trace);
  const Error error = [&] {
    Client client(std::move(options));
    return error_of([&] { client.connect(); });
  }();
  CHECK_FALSE(contains(error, "hunter2"));
  CHECK(log.str().find("hunter2") == std::string::npos);
  CHECK(log.str().find("p=") == std::string::npos);
}

TEST_CASE("mosquitto, which has no such method, refuses in words", "[integration][authentication]") {
  Mosquitto mosquitto;
  Options options = quick(mosquitto.server());
  options.authenticator = scram_sha_256("user", "pencil");
  Client client(std::move(options));
  const Error error = error_of([&] { client.connect(); });
  CHECK(error.code() == Errc::connection_refused);
  CHECK(error.reason_code() == ReasonCode::bad_authentication_method);
}
