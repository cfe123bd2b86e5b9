// Enhanced authentication: what goes out, what may come, and what ends the connection. [MQTT 5, 3.15, 4.12]
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <holdfast/authenticator.hpp>

#include "client/check_options.hpp"
#include "support/scram_server.hpp"
#include "unit/session/engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;
using support::auth;

namespace {

/// Says what it is told to, and remembers what it heard.
struct Scripted final : Authenticator {
  [[nodiscard]] std::string method() const override { return "TEST"; }
  [[nodiscard]] std::optional<std::string> start() override {
    ++starts;
    if (fails_at == "start") throw std::runtime_error("out of order");
    return first;
  }
  [[nodiscard]] std::string respond(std::string_view challenge) override {
    if (fails_at == challenge) throw std::runtime_error("out of order");
    heard.emplace_back(challenge);
    return "re: " + std::string(challenge);
  }
  void finish(std::string_view data) override {
    if (fails_at == data) throw std::runtime_error("no proof");
    finished.emplace_back(data);
  }

  std::optional<std::string> first = "hello";
  std::string fails_at = "nothing";
  int starts = 0;
  std::vector<std::string> heard;
  std::vector<std::string> finished;
};

struct Test {
  explicit Test(std::optional<std::string> first = "hello", unsigned poison_after = 5) {
    authenticator->first = std::move(first);
    Options options = hour_long_session();
    options.authenticator = authenticator;
    options.poison_after = poison_after;
    engine = std::make_unique<EngineUnderTest>(options);
  }
  /// The exchange of one challenge, and CONNACK.
  void connect(Properties connack = {}) {
    engine->open();
    engine->receive(auth(ReasonCode::continue_authentication, "TEST", "who?"));
    engine->write();
    connack.add(PropertyId::authentication_method, "TEST");
    engine->receive(support::connack(false, ReasonCode::success, connack));
    engine->write();
    REQUIRE(engine->engine.is_connected());
  }
  /// The AUTH that begins a re-authentication.
  Packet reauthenticate() {
    engine->engine.reauthenticate(engine->now);
    const auto packets = engine->write();
    REQUIRE(packets.size() == 1);
    return packets[0];
  }
  [[nodiscard]] std::vector<AuthenticationOutcome> outcomes() {
    return std::exchange(engine->engine.authentications(), {});
  }
  [[nodiscard]] std::string what() const {
    return engine->engine.closing() ? engine->engine.closing()->what : "";
  }
  /// The reason code of the DISCONNECT that went out, the last packet.
  [[nodiscard]] std::optional<ReasonCode> goodbye() {
    const auto packets = engine->write();
    if (packets.empty() || packets.back().type != PacketType::disconnect) return std::nullopt;
    return packets.back().reason_code;
  }

  std::shared_ptr<Scripted> authenticator = std::make_shared<Scripted>();
  std::unique_ptr<EngineUnderTest> engine;
};

std::optional<std::string> method_of(const Packet& packet) {
  return packet.properties.text(PropertyId::authentication_method);
}
std::optional<std::string> data_of(const Packet& packet) {
  return packet.properties.text(PropertyId::authentication_data);
}

std::string connack_with(const std::optional<std::string>& method,
                         const std::optional<std::string>& data = {}) {
  Properties properties;
  if (method) properties.add(PropertyId::authentication_method, *method);
  if (data) properties.add(PropertyId::authentication_data, *data);
  return support::connack(false, ReasonCode::success, properties);
}

const std::string challenge = auth(ReasonCode::continue_authentication, "TEST", "who?");

}  // namespace

TEST_CASE("the data of a method that begins with the client are in CONNECT", "[authentication][U-4.12-1]") {
  Test test;
  const Packet connect = test.engine->open();
  CHECK(method_of(connect) == "TEST");
  CHECK(data_of(connect) == "hello");
  Test server_first(std::nullopt);
  const Packet other = server_first.engine->open();
  CHECK(method_of(other) == "TEST");
  CHECK_FALSE(data_of(other));
}

TEST_CASE("each AUTH is answered with 0x18 and the method, until CONNACK brings the last data",
          "[authentication][MQTT-3.15.1-1][MQTT-3.15.2-1][MQTT-4.12.0-3][MQTT-4.12.0-5]") {
  Test test;
  test.engine->open();
  for (const char* question : {"who?", "really?"}) {
    test.engine->receive(auth(ReasonCode::continue_authentication, "TEST", question));
    const auto packets = test.engine->write();
    REQUIRE(packets.size() == 1);
    CHECK(packets[0].type == PacketType::auth);  // Decoded strictly: its flags are 0.
    CHECK(packets[0].reason_code == ReasonCode::continue_authentication);
    CHECK(method_of(packets[0]) == "TEST");
    CHECK(data_of(packets[0]) == std::string("re: ") + question);
  }
  test.engine->receive(connack_with("TEST", "proof"));
  CHECK(test.engine->engine.is_connected());
  CHECK(test.authenticator->finished == std::vector<std::string>{"proof"});
}

TEST_CASE("before CONNACK nothing but AUTH goes out", "[authentication][MQTT-3.1.2-30]") {
  Test test;
  test.engine->open();
  test.engine->publish("waits", QoS::at_most_once);
  test.engine->publish("waits", QoS::at_least_once);
  test.engine->engine.request({SubscriptionRequest::Kind::subscribe, {{"a", {}}}, {}, 1}, test.engine->now);
  test.engine->receive(challenge);
  test.engine->pass(9s);
  CHECK(described(test.engine->write()) == std::vector<std::string>{"AUTH"});
  test.engine->receive(connack_with("TEST"));
  CHECK(test.engine->write().size() == 3);
}

TEST_CASE("AUTH and CONNACK of another method, or of none, end the connection",
          "[authentication][MQTT-4.12.0-5][U-3.15-1]") {
  const std::string no_method("\xF0\x02\x18\x00", 4);
  for (const std::string& packet : {auth(ReasonCode::continue_authentication, "OTHER", "who?"), no_method,
                                    connack_with("OTHER"), connack_with(std::nullopt)}) {
    Test test;
    test.engine->open();
    test.engine->receive(packet);
    CHECK(test.goodbye() == ReasonCode::protocol_error);
    CHECK(test.authenticator->finished.empty());
    CHECK(test.engine->engine.closing()->error == Errc::malformed_packet);
  }
}

TEST_CASE("a CONNACK without proof changes nothing of the session, and another attempt begins anew",
          "[authentication][U-4.12-2]") {
  Test test;
  test.authenticator->fails_at = "forged";
  test.engine->open();
  test.engine->receive(connack_with("TEST", "forged"));
  CHECK(test.goodbye() == ReasonCode::unspecified_error);
  REQUIRE(test.engine->closing());
  CHECK(test.engine->engine.closing()->error == Errc::authentication_failed);
  CHECK(test.engine->engine.closing()->end == End::refused_for_good);
  CHECK(test.what() == "authentication: no proof");
  CHECK(test.engine->engine.counters().connects == 0);
  CHECK_FALSE(test.engine->event<Connected>());
  test.engine->lose();
  CHECK(test.engine->open().clean_start);  // We still have no session.
  CHECK(test.authenticator->starts == 2);
}

TEST_CASE("what the authenticator throws ends the attempt with that sentence", "[authentication][U-4.12-2]") {
  Test test;
  test.authenticator->fails_at = "who?";
  test.engine->open();
  test.engine->receive(challenge);
  CHECK(test.goodbye() == ReasonCode::unspecified_error);
  CHECK(test.what() == "authentication: out of order");
  test.engine->lose();
  test.authenticator->fails_at = "start";
  test.engine->engine.on_connected(test.engine->now);
  CHECK(test.engine->write().empty());  // Not even a CONNECT.
  CHECK(test.what() == "authentication: out of order");
}

TEST_CASE("a broker that asks for ever is left after 16 challenges", "[authentication]") {
  Test test;
  test.engine->open();
  for (int i = 0; i < 16; ++i)
    test.engine->receive(challenge);
  CHECK_FALSE(test.engine->closing());
  test.engine->receive(challenge);
  CHECK(test.goodbye() == ReasonCode::unspecified_error);
  CHECK(test.what().find("16 challenges") != std::string::npos);
}

TEST_CASE("the whole exchange has to be over within connack_timeout", "[authentication]") {
  Test test;
  test.engine->open();
  test.engine->pass(6s);
  test.engine->receive(challenge);
  test.engine->write();
  test.engine->pass(3s);
  CHECK_FALSE(test.engine->closing());
  test.engine->pass(1s);
  REQUIRE(test.engine->closing());
  CHECK(test.engine->engine.closing()->error == Errc::timed_out);
}

TEST_CASE("a broker may send neither 0x19 nor, before CONNACK, 0x00", "[authentication][U-4.12-4]") {
  for (const ReasonCode reason : {ReasonCode::re_authenticate, ReasonCode::success}) {
    Test test;
    test.engine->open();
    test.engine->receive(auth(reason, "TEST"));
    CHECK(test.goodbye() == ReasonCode::protocol_error);
  }
  Test test;
  test.connect();
  test.reauthenticate();
  test.engine->receive(auth(ReasonCode::re_authenticate, "TEST"));
  CHECK(test.goodbye() == ReasonCode::protocol_error);
}

TEST_CASE("an AUTH of length 0 says success without a method, which no exchange can do with",
          "[authentication][U-3.15-2]") {
  const std::string shortest("\xF0\x00", 2);
  Test test;
  test.connect();
  test.reauthenticate();
  test.engine->receive(shortest);
  CHECK(test.goodbye() == ReasonCode::protocol_error);
}

TEST_CASE("AUTH with flags ends the connection", "[authentication][MQTT-3.15.1-1]") {
  Test test;
  test.engine->open();
  std::string packet = challenge;
  packet[0] = '\xF1';
  test.engine->receive(packet);
  CHECK(test.goodbye() == ReasonCode::malformed_packet);
}

TEST_CASE("a client without a method neither sends AUTH nor answers one",
          "[authentication][MQTT-4.12.0-7][U-3.15-1]") {
  EngineUnderTest before;
  before.open();
  before.receive(challenge);
  EngineUnderTest after;
  after.connect();
  after.receive(challenge);
  for (EngineUnderTest* test : {&before, &after}) {
    const auto packets = test->write();
    REQUIRE(packets.size() == 1);
    CHECK(packets[0].type == PacketType::disconnect);
    CHECK(packets[0].reason_code == ReasonCode::protocol_error);
  }
}

TEST_CASE("a method without an authenticator does for brokers that ask nothing, and tells others apart",
          "[authentication]") {
  Options options = hour_long_session();
  options.connect_properties.authentication_method = "TOKEN";
  options.connect_properties.authentication_data = "secret";
  EngineUnderTest content(options);
  const Packet connect = content.open();
  CHECK(method_of(connect) == "TOKEN");
  CHECK(data_of(connect) == "secret");
  content.receive(connack_with("TOKEN"));
  CHECK(content.engine.is_connected());

  EngineUnderTest forgetful(options);
  forgetful.open();
  forgetful.receive(connack_with(std::nullopt));
  CHECK(forgetful.engine.is_connected());
  CHECK(forgetful.engine.counters().other_violations == 1);

  EngineUnderTest asking(options);
  asking.open();
  asking.receive(auth(ReasonCode::continue_authentication, "TOKEN", "who?"));
  REQUIRE(asking.closing());
  CHECK(asking.engine.closing()->error == Errc::authentication_failed);
  CHECK(asking.engine.closing()->what.find("Options::authenticator") != std::string::npos);
}

TEST_CASE("a re-authentication begins with 0x19 and the method of the connection, and ends with 0x00",
          "[authentication][MQTT-4.12.1-1][MQTT-3.15.2-1]") {
  Test test;
  test.connect();
  const Packet first = test.reauthenticate();
  CHECK(first.reason_code == ReasonCode::re_authenticate);
  CHECK(method_of(first) == "TEST");
  CHECK(data_of(first) == "hello");
  test.engine->receive(challenge);
  const auto answer = test.engine->write();
  REQUIRE(answer.size() == 1);
  CHECK(answer[0].reason_code == ReasonCode::continue_authentication);
  CHECK(test.outcomes().empty());
  test.engine->receive(auth(ReasonCode::success, "TEST", "proof"));
  CHECK(test.authenticator->finished.back() == "proof");
  const auto outcomes = test.outcomes();
  REQUIRE(outcomes.size() == 1);
  CHECK_FALSE(outcomes[0].failure);
  CHECK(test.engine->engine.is_connected());
  test.engine->pass(30s);  // Nothing is waited for any more.
  CHECK_FALSE(test.engine->closing());
}

TEST_CASE("messages flow both ways while the client authenticates again", "[authentication][U-4.12-3]") {
  Test test;
  test.connect();
  test.reauthenticate();
  const auto message = test.engine->publish("out", QoS::at_least_once);
  const auto packets = test.engine->write();
  REQUIRE(packets.size() == 1);
  test.engine->receive(acknowledgement(PacketType::puback, packets[0].packet_identifier) +
                       support::publish("t", "in", QoS::at_most_once) + challenge);
  CHECK(test.engine->succeeded(message));
  CHECK(test.engine->received() == std::vector<std::string>{"in"});
  CHECK(described(test.engine->write()) == std::vector<std::string>{"AUTH"});
}

TEST_CASE("a re-authentication that fails ends the connection", "[authentication][MQTT-4.12.1-2][U-4.12-2]") {
  Test test;
  test.connect();
  test.reauthenticate();
  std::optional<ReasonCode> goodbye = ReasonCode::unspecified_error;
  ReasonCode told = ReasonCode::unspecified_error;
  SECTION("the authenticator fails") {
    test.authenticator->fails_at = "who?";
    test.engine->receive(challenge);
  }
  SECTION("the server has no proof") {
    test.authenticator->fails_at = "forged";
    test.engine->receive(auth(ReasonCode::success, "TEST", "forged"));
  }
  SECTION("the broker does not answer in time") {
    test.engine->pass(9s);
    CHECK_FALSE(test.engine->closing());
    test.engine->pass(1s);
  }
  SECTION("the broker refuses") {
    test.engine->receive(support::disconnect(ReasonCode::not_authorized));
    goodbye = std::nullopt;
    told = ReasonCode::not_authorized;
  }
  CHECK(test.goodbye() == goodbye);
  REQUIRE(test.engine->closing());
  CHECK(test.engine->engine.closing()->error == Errc::authentication_failed);
  CHECK(test.engine->engine.closing()->end == End::lost);
  const auto outcomes = test.outcomes();
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].failure == Errc::authentication_failed);
  CHECK(outcomes[0].reason_code == told);
  CHECK(outcomes[0].what.starts_with("reauthenticate: authentication: "));
}

TEST_CASE("a broker that closes while we authenticate again has nothing against a message in flight",
          "[authentication]") {
  Test test("hello", 1);
  test.connect();
  const auto message = test.engine->publish("x", QoS::at_least_once);
  test.engine->write();
  test.reauthenticate();
  test.engine->lose(End::closed_by_peer);
  CHECK_FALSE(test.engine->finished(message));
}

TEST_CASE("a re-authentication that nobody answers is told so when the connection is lost",
          "[authentication]") {
  Test test;
  test.connect();
  test.reauthenticate();
  test.engine->engine.reauthenticate(test.engine->now);  // Joins the one under way.
  CHECK(test.engine->write().empty());
  test.engine->lose();
  const auto outcomes = test.outcomes();
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].failure == Errc::connection_lost);
  test.engine->engine.reauthenticate(test.engine->now);
  REQUIRE(test.engine->engine.authentications().size() == 1);
  CHECK(test.outcomes()[0].failure == Errc::not_connected);
}

TEST_CASE("an AUTH that nobody waits for ends the connection", "[authentication][U-3.15-1]") {
  Test test;
  test.connect();
  test.engine->receive(auth(ReasonCode::success, "TEST"));
  CHECK(test.goodbye() == ReasonCode::protocol_error);
}

TEST_CASE("AUTH keeps to the broker's Maximum Packet Size, and never has words for its log",
          "[authentication][MQTT-3.15.2-2][MQTT-3.15.2-3][MQTT-3.2.2-15]") {
  const auto with_maximum = [](std::uint32_t maximum) {
    return Properties().add(PropertyId::maximum_packet_size, maximum);
  };
  // Fixed header 2, reason code 1, length 1, method 3 + 4, data 3 + 5.
  constexpr std::uint32_t size = 19;
  Test fits;
  fits.connect(with_maximum(size));
  const Packet packet = fits.reauthenticate();
  CHECK(packet.size == size);
  CHECK_FALSE(packet.properties.text(PropertyId::reason_string));
  CHECK(packet.properties.user_properties().empty());

  Test too_large;
  too_large.connect(with_maximum(size - 1));
  too_large.engine->engine.reauthenticate(too_large.engine->now);
  CHECK(too_large.engine->write().empty());
  const auto outcomes = too_large.outcomes();
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].failure == Errc::packet_too_large);
  CHECK(too_large.engine->engine.is_connected());

  Test answer;
  answer.connect(with_maximum(size));
  answer.reauthenticate();
  answer.engine->receive(challenge);  // "re: who?" is longer than "hello".
  CHECK(answer.goodbye() == ReasonCode::unspecified_error);
  CHECK(answer.what().find("Maximum Packet Size") != std::string::npos);
}

TEST_CASE("while nothing is read the broker's answer to a re-authentication cannot be late",
          "[authentication]") {
  Test test;
  test.connect();
  test.reauthenticate();
  test.engine->pass(5s);
  test.engine->engine.set_reading(false, test.engine->now);
  test.engine->pass(20s);
  CHECK_FALSE(test.engine->closing());
  test.engine->engine.set_reading(true, test.engine->now);
  test.engine->pass(9s);
  CHECK_FALSE(test.engine->closing());
  test.engine->pass(1s);
  CHECK(test.engine->closing());
}

TEST_CASE("authentication data need a method", "[authentication][U-3.1.2.11.10-1]") {
  Options options;
  options.connect_properties.authentication_data = "data";
  CHECK_THROWS_AS(client::check(options), Error);
  options.connect_properties.authentication_method = "TEST";
  CHECK_NOTHROW(client::check(options));
  options.authenticator = std::make_shared<Scripted>();  // Two methods.
  CHECK_THROWS_AS(client::check(options), Error);
}
