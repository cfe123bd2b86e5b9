// MQTT 3.1.1 through the library's interface: what it lacks is refused, and how the version is found. [MQTT
// 3.1.1, 1.5.3, 3.1.3, 4.7]
#include <sys/socket.h>

#include <array>
#include <functional>

#include "integration/client_under_test.hpp"
#include "support/cpu_time.hpp"
#include "support/mosquitto.hpp"
#include "support/temporary_directory.hpp"

#include <holdfast/store.hpp>

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

Options older(const std::string& server, const std::string& client_id = "client") {
  Options options = quick(server, client_id);
  options.protocol = Protocol::mqtt_3_1_1;
  return options;
}

std::error_code error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("MQTT 3.1.1") != std::string::npos);
    return error.code();
  }
  return {};
}

std::error_code error_of_options(const std::function<void(Options&)>& change) {
  Options options = older("mqtt://localhost");
  change(options);
  return error_of([&] { Client client(options); });
}

std::error_code error_of_will(const std::function<void(Will&)>& change) {
  return error_of_options([&](Options& options) {
    options.will = Will{.topic = "will"};
    change(*options.will);
  });
}

/// Every property that a message can have.
std::vector<PublishOptions> messages_of_mqtt_5() {
  std::vector<PublishOptions> all(6);
  all[0].payload_is_utf8 = true;
  all[1].message_expiry_interval = 60s;
  all[2].content_type = "text";
  all[3].response_topic = "r";
  all[4].correlation_data = "c";
  all[5].user_properties = {{"name", "value"}};
  return all;
}

Behaviour of_an_older_broker() {
  Behaviour behaviour;
  behaviour.refuses_mqtt_5 = true;
  return behaviour;
}

}  // namespace

TEST_CASE("options that MQTT 3.1.1 lacks are refused at construction", "[mqtt311][refused]") {
  const auto refused = make_error_code(Errc::not_in_protocol);
  CHECK(error_of_options([](Options&) {}) == std::error_code());
  CHECK(error_of_options([](Options& o) { o.connect_properties.receive_maximum = 10; }) == refused);
  CHECK(error_of_options([](Options& o) { o.connect_properties.maximum_packet_size = 1'000; }) == refused);
  CHECK(error_of_options([](Options& o) { o.connect_properties.topic_alias_maximum = 1; }) == refused);
  CHECK(error_of_options([](Options& o) { o.connect_properties.request_response_information = true; }) ==
        refused);
  CHECK(error_of_options([](Options& o) { o.connect_properties.request_problem_information = true; }) ==
        refused);
  CHECK(error_of_options([](Options& o) { o.connect_properties.user_properties = {{"a", "b"}}; }) == refused);
  CHECK(error_of_options([](Options& o) { o.connect_properties.authentication_method = "m"; }) == refused);
  CHECK(error_of_options([](Options& o) { o.authenticator = scram_sha_256("user", "pencil"); }) == refused);
  CHECK(error_of_will([](Will&) {}) == std::error_code());
  CHECK(error_of_will([](Will& w) { w.will_delay_interval = 1s; }) == refused);
  CHECK(error_of_will([](Will& w) { w.payload_is_utf8 = true; }) == refused);
  CHECK(error_of_will([](Will& w) { w.message_expiry_interval = 1s; }) == refused);
  CHECK(error_of_will([](Will& w) { w.content_type = "t"; }) == refused);
  CHECK(error_of_will([](Will& w) { w.response_topic = "t"; }) == refused);
  CHECK(error_of_will([](Will& w) { w.correlation_data = "t"; }) == refused);
  CHECK(error_of_will([](Will& w) { w.user_properties = {{"a", "b"}}; }) == refused);
}

TEST_CASE("a password without a user name is refused at construction", "[mqtt311][3.1.1/MQTT-3.1.2-22]") {
  const auto refused = make_error_code(Errc::not_in_protocol);
  CHECK(error_of_options([](Options& o) { o.password = "secret"; }) == refused);
  CHECK(error_of_options([](Options& o) {
          o.password = "secret";
          o.user_name = "user";
        }) == std::error_code());
  CHECK(error_of_options([](Options& o) {
          o.password = "secret";
          o.server = "mqtt://user@localhost";
        }) == std::error_code());
}

TEST_CASE("an empty client id goes with Clean Session 1 alone", "[mqtt311][3.1.1/MQTT-3.1.3-7]") {
  CHECK(error_of_options([](Options& o) { o.client_id.clear(); }) == Errc::not_in_protocol);
  ScriptedBroker broker;
  Options options = older(broker.server(), "");
  options.session_expiry.reset();
  Client client(options);
  client.connect();
  CHECK(client.client_id().empty());  // The broker's choice, which it does not tell.
  const auto connects = broker.received(PacketType::connect);
  REQUIRE(connects.size() == 1);
  CHECK(connects[0].client_id.empty());
  CHECK(connects[0].clean_start);
}

TEST_CASE("Start::resume needs a session that lasts", "[mqtt311][refused]") {
  CHECK(error_of_options([](Options& o) {
          o.start = Start::resume;
          o.session_expiry.reset();
        }) == Errc::not_in_protocol);
}

TEST_CASE("calls that ask for what MQTT 3.1.1 lacks are refused, connected or not, and nothing is sent",
          "[mqtt311][refused]") {
  ScriptedBroker broker;
  Client client(older(broker.server()));
  if (GENERATE(true, false)) client.connect();
  for (const PublishOptions& options : messages_of_mqtt_5())
    CHECK(error_of([&] { client.publish("t", "x", options); }) == Errc::not_in_protocol);
  const auto subscribe = [&](const SubscriptionOptions& options, const SubscribeProperties& properties) {
    return error_of([&] { client.subscribe("t", options, properties); });
  };
  CHECK(subscribe({.no_local = true}, {}) == Errc::not_in_protocol);
  CHECK(subscribe({.retain_as_published = true}, {}) == Errc::not_in_protocol);
  CHECK(subscribe({.retain_handling = RetainHandling::do_not_send}, {}) == Errc::not_in_protocol);
  CHECK(subscribe({}, {.subscription_identifier = 1}) == Errc::not_in_protocol);
  CHECK(subscribe({}, {.user_properties = {{"a", "b"}}}) == Errc::not_in_protocol);
  const std::vector<std::string> filters{"t"};
  CHECK(error_of([&] {
          client.unsubscribe(filters, {.user_properties = {{"a", "b"}}});
        }) == Errc::not_in_protocol);
  const auto disconnect = [&](const DisconnectOptions& options) {
    return error_of([&] { client.disconnect(options); });
  };
  CHECK(disconnect({.reason = ReasonCode::disconnect_with_will_message}) == Errc::not_in_protocol);
  CHECK(disconnect({.session_expiry_interval = 0s}) == Errc::not_in_protocol);
  CHECK(disconnect({.reason_string = "bye"}) == Errc::not_in_protocol);
  CHECK(disconnect({.user_properties = {{"a", "b"}}}) == Errc::not_in_protocol);
  client.disconnect();
  CHECK(broker.count(PacketType::publish) + broker.count(PacketType::subscribe) == 0);
}

TEST_CASE("an acknowledgement with a reason is refused: MQTT 3.1.1 has none", "[mqtt311][refused]") {
  ScriptedBroker broker;
  Options options = older(broker.server());
  options.ack = Ack::manual;
  Client client(options);
  client.connect();
  client.subscribe("t", QoS::at_least_once);
  broker.publish({"t", "x", QoS::at_least_once});
  auto message = client.receive(patience);
  REQUIRE(message);
  CHECK(error_of([&] { message->ack(ReasonCode::not_authorized); }) == Errc::not_in_protocol);
  message->ack();
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::puback) == 1; }));
}

TEST_CASE("strings that are no strings, topics that are no topics and empty requests are refused",
          "[mqtt311][3.1.1/MQTT-1.5.3-1][3.1.1/MQTT-1.5.3-2][3.1.1/MQTT-3.1.3-4][3.1.1/MQTT-3.1.3-10]"
          "[3.1.1/MQTT-3.1.3-11][3.1.1/MQTT-3.1.2-14][3.1.1/MQTT-3.3.1-4][3.1.1/MQTT-3.3.2-1]"
          "[3.1.1/MQTT-3.3.2-2][3.1.1/MQTT-3.8.3-1][3.1.1/MQTT-3.8.3-3][3.1.1/MQTT-3-8.3-4]"
          "[3.1.1/MQTT-3.10.3-1][3.1.1/MQTT-3.10.3-2][3.1.1/MQTT-4.7.1-1][3.1.1/MQTT-4.7.1-2]"
          "[3.1.1/MQTT-4.7.1-3][3.1.1/MQTT-4.7.3-1][3.1.1/MQTT-4.7.3-2][3.1.1/MQTT-4.7.3-3]") {
  const auto options_with = [](const std::function<void(Options&)>& change) {
    Options options = older("mqtt://localhost");
    change(options);
    return Client(options);
  };
  const std::vector<std::string> no_strings{"\xFF", "\xED\xA0\x80", std::string("\0", 1),
                                            std::string(65'536, 'x')};
  Client client(older("mqtt://localhost"));
  for (const std::string& text : no_strings) {
    CAPTURE(text.substr(0, 5));
    CHECK_THROWS_AS(options_with([&](Options& o) { o.client_id = text; }), Error);
    CHECK_THROWS_AS(options_with([&](Options& o) { o.user_name = text; }), Error);
    CHECK_THROWS_AS(options_with([&](Options& o) { o.will = Will{.topic = text}; }), Error);
    CHECK_THROWS_AS(client.publish(text, ""), Error);
    CHECK_THROWS_AS(client.subscribe(text), Error);
    CHECK_THROWS_AS(client.unsubscribe(text), Error);
  }
  for (const char* topic : {"", "#", "a/+", "a/#"}) {
    CHECK_THROWS_AS(client.publish(topic, ""), Error);
    CHECK_THROWS_AS(options_with([&](Options& o) { o.will = Will{.topic = topic}; }), Error);
  }
  for (const char* filter : {"", "a#", "a/#/b", "a+", "+a/b"}) {
    CHECK_THROWS_AS(client.subscribe(filter), Error);
    CHECK_THROWS_AS(client.unsubscribe(filter), Error);
  }
  const auto three = static_cast<QoS>(3);
  CHECK_THROWS_AS(client.publish("t", "", {.qos = three}), Error);
  CHECK_THROWS_AS(client.subscribe("t", three), Error);
  CHECK_THROWS_AS(options_with([&](Options& o) { o.will = Will{.topic = "t", .qos = three}; }), Error);
  CHECK_THROWS_AS(client.subscribe(std::vector<TopicFilter>()), Error);
  CHECK_THROWS_AS(client.unsubscribe(std::vector<std::string>()), Error);
}

TEST_CASE(
    "messages that a store kept with properties fail as not in MQTT 3.1.1, and are not sent without them",
    "[mqtt311][refused]") {
  ScriptedBroker broker;
  const auto store = memory_store();
  Options options = quick(broker.server());
  options.store = store;
  {
    Client client(options);
    client.publish("t", "x", {.qos = QoS::at_least_once, .content_type = "text"});
    client.publish("t", "y", {.qos = QoS::at_least_once});
    REQUIRE(eventually([&] { return client.statistics().stored == 2; }));
  }
  options.protocol = Protocol::mqtt_3_1_1;
  Client client(options);
  client.connect();
  const auto failed = wait_for<MessageFailed>(client);
  REQUIRE(failed);
  CHECK(failed->error == Errc::not_in_protocol);
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 1; }));
  CHECK(broker.accepted()[0].payload == "y");
}

TEST_CASE("the version is found out, at once and without an event, and remembered", "[mqtt311][automatic]") {
  ScriptedBroker broker(of_an_older_broker());
  Options options = quick(broker.server());
  options.protocol = Protocol::automatic;
  options.reconnect.min_delay = options.reconnect.max_delay = 1h;  // No back-off can have been waited for.
  Client client(options);
  client.connect();
  CHECK(client.broker_limits().protocol == Protocol::mqtt_3_1_1);
  const auto first = client.next_event(patience);
  REQUIRE(first);
  CHECK(std::holds_alternative<Connected>(*first));
  client.disconnect();
  client.connect();
  const auto connects = broker.received(PacketType::connect);
  REQUIRE(connects.size() == 3);
  CHECK(connects[0].level == 5);
  CHECK(connects[1].level == 4);
  CHECK(connects[2].level == 4);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("the reason code of MQTT 5 for an unknown version leads to MQTT 3.1.1 too",
          "[mqtt311][automatic]") {
  ScriptedBroker broker;
  Behaviour behaviour;
  behaviour.connack_reason = ReasonCode::unsupported_protocol_version;
  broker.behave_on(0, behaviour);
  Options options = quick(broker.server());
  options.protocol = Protocol::automatic;
  Client client(options);
  client.connect();
  CHECK(client.broker_limits().protocol == Protocol::mqtt_3_1_1);
}

TEST_CASE("disconnect() while a broker that refused MQTT 5 lingers takes no processor time",
          "[mqtt311][automatic]") {
  const std::uint16_t port = free_port();
  const Descriptor listener = listen_on(port);
  Options options = quick("mqtt://127.0.0.1:" + std::to_string(port));
  options.protocol = Protocol::automatic;
  options.retry_first_connect = true;
  options.close_timeout = 500ms;
  Client client(options);
  CHECK_THROWS_AS(client.connect(0ms), Error);
  Descriptor connection;
  REQUIRE(eventually([&] { return static_cast<bool>(connection = accept_from(listener)); }));
  std::array<char, 1024> bytes{};
  REQUIRE(eventually([&] { return ::recv(connection.get(), bytes.data(), bytes.size(), 0) > 0; }));
  const std::string refusal("\x20\x02\x00\x01", 4);
  REQUIRE(::send(connection.get(), refusal.data(), refusal.size(), 0) == 4);
  // It says goodbye, and waits in vain for us to do so.
  REQUIRE(eventually([&] { return ::recv(connection.get(), bytes.data(), bytes.size(), 0) == 0; }));
  const double before = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  client.disconnect();
  CHECK(std::chrono::steady_clock::now() - begin > 300ms);
  CHECK(cpu_seconds() - before < 0.05);
}

TEST_CASE("which servers speak MQTT 3.1.1 alone lasts in the store, until one speaks MQTT 5 again",
          "[mqtt311][automatic]") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "store";
  ScriptedBroker broker(of_an_older_broker());
  Options options = quick(broker.server());
  options.protocol = Protocol::automatic;
  for (int process = 0; process < 2; ++process) {
    options.store.reset();
    options.store = sqlite_store(file);
    Client client(options);
    client.connect();
    client.disconnect();
  }
  REQUIRE(broker.received(PacketType::connect).size() == 3);
  CHECK(broker.received(PacketType::connect)[2].level == 4);

  // The broker was brought up to date, and will not hear of 3.1.1 any more.
  broker.behave_on(3, Behaviour{.connack_reason = ReasonCode::unsupported_protocol_version});
  broker.behave({});
  options.retry_first_connect = options.reconnect.retry_when_refused = true;
  options.store.reset();
  options.store = sqlite_store(file);
  Client client(options);
  client.connect();
  CHECK(client.broker_limits().protocol == Protocol::mqtt_5);
}

TEST_CASE("in automatic mode a CONNECT that MQTT 3.1.1 cannot express is refused, not cut down",
          "[mqtt311][automatic][refused]") {
  ScriptedBroker broker(of_an_older_broker());
  Options options = quick(broker.server());
  options.protocol = Protocol::automatic;
  options.connect_properties.receive_maximum = 10;
  Client client(options);
  try {
    client.connect();
    FAIL("connected");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::not_in_protocol);
    const std::string what = error.what();
    CHECK(what.find("receive_maximum") != std::string::npos);
    CHECK(what.find("speaks MQTT 3.1.1 only") != std::string::npos);
  }
  CHECK(broker.received(PacketType::connect).size() == 1);
}

TEST_CASE("in automatic mode a message with properties fails when the broker turns out to be an older one",
          "[mqtt311][automatic][refused]") {
  ScriptedBroker broker(of_an_older_broker());
  Options options = quick(broker.server());
  options.protocol = Protocol::automatic;
  Client client(options);
  const auto with = client.publish("t", "x", {.qos = QoS::at_least_once, .content_type = "text"});
  const auto without = client.publish("t", "y", {.qos = QoS::at_least_once});
  client.connect();
  CHECK(with.wait().error == Errc::not_in_protocol);
  CHECK_FALSE(without.wait().error);
  CHECK(error_of([&] { client.publish("t", "z", {.content_type = "text"}); }) == Errc::not_in_protocol);
}

TEST_CASE("a clean start over MQTT 3.1.1 takes two more connections, and nobody sees more than one",
          "[mqtt311][3.1.1/MQTT-3.1.2-6][3.1.1/MQTT-4.1.0-2]") {
  ScriptedBroker broker;
  {
    Client before(older(broker.server()));
    before.connect();
    before.subscribe("old", QoS::at_least_once);
    before.disconnect();
  }
  broker.publish({"old", "x", QoS::at_least_once});
  Options options = older(broker.server());
  options.start = Start::clean;
  Client client(options);
  client.connect();
  const auto connected = wait_for<Connected>(client);
  REQUIRE(connected);
  CHECK_FALSE(connected->session_present);
  CHECK(client.statistics().connects == 1);
  CHECK(client.statistics().connect_failures == 0);
  CHECK_FALSE(client.next_event(0ms));
  const auto connects = broker.received(PacketType::connect);
  REQUIRE(connects.size() == 4);
  CHECK_FALSE(connects[1].clean_start);
  CHECK(connects[2].clean_start);
  CHECK_FALSE(connects[3].clean_start);
  // The new session lives on as it should.
  client.subscribe("new", QoS::at_least_once);
  broker.reset_connection();
  const auto again = wait_for<Connected>(client);
  REQUIRE(again);
  CHECK(again->session_present);
  CHECK_FALSE(client.receive(0ms));
  CHECK(broker.violations() == nothing);
}

TEST_CASE("after DISCONNECT the client closes, and sends nothing more",
          "[mqtt311][3.1.1/MQTT-3.14.4-1][3.1.1/MQTT-3.14.4-2]") {
  Behaviour behaviour;
  behaviour.on_packet = ignoring(PacketType::disconnect);  // The broker keeps its side open.
  ScriptedBroker broker(behaviour);
  Options options = older(broker.server());
  options.close_timeout = 200ms;
  Client client(options);
  client.connect();
  client.disconnect();
  REQUIRE(broker.wait_until([&] { return broker.open_connections() == 0; }));
  CHECK(broker.received().back().bytes == std::string("\xE0\0", 2));
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a broker that acknowledges QoS 2 with PUBACK is taken as one of QoS 1, and named so",
          "[mqtt311]") {
  Behaviour behaviour;
  behaviour.lowers_exactly_once = true;
  ScriptedBroker broker(behaviour);
  Client client(older(broker.server()));
  client.connect();
  const auto delivery = client.publish("t", "x", {.qos = QoS::exactly_once});
  const DeliveryResult result = delivery.wait();
  CHECK_FALSE(result.error);
  CHECK(result.qos == QoS::at_least_once);
  CHECK(client.statistics().exactly_once_lowered == 1);
}

TEST_CASE("more QoS 2 messages than mosquitto takes at once arrive exactly once over MQTT 3.1.1",
          "[mqtt311][3.1.1/MQTT-7.0.0-2][3.1.1/MQTT-7.1.2-1]") {
  Mosquitto mosquitto({.lines = {"max_queued_messages 0"}});
  Client subscriber(older(mosquitto.server(), "subscriber"));
  subscriber.connect();
  CHECK(subscriber.subscribe("n", QoS::exactly_once) == ReasonCode::granted_qos_2);
  Client publisher(older(mosquitto.server(), "publisher"));
  const auto deliveries = publish_all(publisher, numbers(0, 1'000), QoS::exactly_once, "n");
  publisher.connect();
  CHECK(succeeded(deliveries) == 1'000);
  CHECK(difference(receive_payloads(subscriber, 1'000), numbers(0, 1'000)) == "");
}
