// Subscriptions: answered, kept, and made again.
#include <thread>

#include "client_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

Behaviour forgetful() {
  Behaviour behaviour;
  behaviour.session_present = false;
  return behaviour;
}

/// How an UNSUBACK says so: in MQTT 3.1.1 not at all.
ReasonCode no_subscription_existed() {
  return over_mqtt_5() ? ReasonCode::no_subscription_existed : ReasonCode::success;
}

Errc error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(std::string(error.what()).size() > 20);  // A sentence, not only a code.
    return static_cast<Errc>(error.code().value());
  }
  FAIL("no error");
  return {};
}

}  // namespace

TEST_CASE("a list of filters gets a reason code each", "[integration][subscribe][mqtt5]") {
  Behaviour behaviour;
  behaviour.before_send = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::suback) return Verdict::proceed;
    connection.send(answer(PacketType::suback, packet.packet_identifier,
                           {ReasonCode::granted_qos_1, ReasonCode::not_authorized, ReasonCode::success}));
    return Verdict::ignore;
  };
  ScriptedBroker broker(behaviour);
  Client client(quick(broker.server()));
  client.connect();
  const std::vector<TopicFilter> wishes{
      {"a", {.qos = QoS::exactly_once}},
      {"b", {.qos = QoS::at_least_once, .no_local = true, .retain_as_published = true}},
      {"c", {.retain_handling = RetainHandling::do_not_send}}};
  const auto codes =
      client.subscribe(wishes, {.subscription_identifier = 300, .user_properties = {{"k", "v"}}});
  CHECK(codes ==
        std::vector<ReasonCode>{ReasonCode::granted_qos_1, ReasonCode::not_authorized, ReasonCode::success});
  const auto sent = broker.received(PacketType::subscribe).at(0);
  CHECK(sent.properties.number(PropertyId::subscription_identifier) == 300u);
  CHECK(sent.properties.user_properties() == UserProperties{{"k", "v"}});
  REQUIRE(sent.subscriptions.size() == 3);
  CHECK(sent.subscriptions[0].filter == "a");
  CHECK(sent.subscriptions[0].options.qos == QoS::exactly_once);
  CHECK(sent.subscriptions[1].options.no_local);
  CHECK(sent.subscriptions[1].options.retain_as_published);
  CHECK(sent.subscriptions[2].options.retain_handling == RetainHandling::do_not_send);
}

TEST_CASE("subscriptions are made again when the session was lost, and only then",
          "[integration][subscribe]") {
  ScriptedBroker broker;
  broker.behave_on(2, forgetful());
  Client client(quick(broker.server()));
  client.connect();
  if (over_mqtt_5()) {
    client.subscribe("a", {.qos = QoS::exactly_once, .no_local = true}, {.subscription_identifier = 5});
  } else {
    client.subscribe("a", QoS::exactly_once);
  }
  client.subscribe("b", QoS::at_least_once);
  client.subscribe("gone", QoS::at_least_once);
  CHECK(client.unsubscribe("gone") == ReasonCode::success);
  REQUIRE(broker.received(0, PacketType::subscribe).size() == 3);

  broker.reset_connection();
  REQUIRE(eventually([&] { return client.statistics().connects == 2; }));
  synchronize(client);
  CHECK(broker.received(1, PacketType::subscribe).empty());

  broker.reset_connection();
  const auto lost = wait_for<SessionLost>(client);
  REQUIRE(lost);
  CHECK(lost->resubscribed == 2);
  synchronize(client);
  std::vector<std::string> filters;
  for (const LoggedPacket& packet : broker.received(2, PacketType::subscribe)) {
    for (const TopicFilter& subscription : packet.subscriptions) {
      filters.push_back(subscription.filter);
      if (subscription.filter != "a") continue;
      CHECK(subscription.options.qos == QoS::exactly_once);
      if (!over_mqtt_5()) continue;
      CHECK(subscription.options.no_local);
      CHECK(packet.properties.number(PropertyId::subscription_identifier) == 5u);
    }
  }
  std::sort(filters.begin(), filters.end());
  CHECK(filters == std::vector<std::string>{"a", "b"});
  broker.publish({"b", "after", QoS::at_least_once});
  CHECK(receive_payloads(client, 1) == std::vector<std::string>{"after"});
}

TEST_CASE("without resubscribe nothing is subscribed again", "[integration][subscribe]") {
  ScriptedBroker broker;
  broker.behave_on(1, forgetful());
  Options options = quick(broker.server());
  options.resubscribe = false;
  Client client(options);
  client.connect();
  client.subscribe("a", QoS::at_least_once);
  broker.reset_connection();
  const auto lost = wait_for<SessionLost>(client);
  REQUIRE(lost);
  CHECK(lost->resubscribed == 0);
  synchronize(client);
  CHECK(broker.received(1, PacketType::subscribe).empty());
}

TEST_CASE("a subscribe that timed out is kept and sent again after the next reconnect",
          "[integration][subscribe]") {
  ScriptedBroker broker;
  Behaviour silent;
  silent.on_packet = ignoring(PacketType::subscribe);
  broker.behave_on(0, silent);
  Options options = quick(broker.server());
  options.request_timeout = 50ms;
  Client client(options);
  client.connect();
  CHECK(error_of([&] { client.subscribe("a", QoS::at_least_once); }) == Errc::timed_out);
  broker.reset_connection();
  REQUIRE(broker.wait_until([&] { return broker.received(1, PacketType::subscribe).size() == 1; }));
  broker.publish({"a", "x", QoS::at_least_once});
  CHECK(receive_payloads(client, 1) == std::vector<std::string>{"x"});
}

TEST_CASE("a subscribe whose connection is lost waits for the next and returns its answer",
          "[integration][subscribe][U-4.4-2]") {
  ScriptedBroker broker;
  Behaviour cutting;
  cutting.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type == PacketType::subscribe || packet.type == PacketType::unsubscribe) connection.reset();
    return Verdict::proceed;
  };
  broker.behave_on(0, cutting);
  Client client(quick(broker.server()));
  client.connect();
  if (GENERATE(false, true)) {
    CHECK(client.subscribe("a", QoS::at_least_once) == ReasonCode::granted_qos_1);
  } else {
    CHECK(client.unsubscribe("a") == no_subscription_existed());
  }
  CHECK(broker.connections() == 2);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("subscriptions do not take identifiers from messages in flight", "[integration][subscribe]") {
  Behaviour silent;
  silent.holds_acknowledgements = true;
  ScriptedBroker broker(silent);
  Client client(quick(broker.server()));
  client.connect();
  const auto deliveries = publish_all(client, numbers(0, 200), QoS::at_least_once);
  for (int round = 0; round < 50; ++round)
    client.subscribe("f" + std::to_string(round), QoS::at_most_once);
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 200; }));
  broker.release_acknowledgements();
  CHECK(succeeded(deliveries) == 200);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a subscription that the broker refuses to make again is an event", "[integration][subscribe]") {
  ScriptedBroker broker;
  Behaviour refusing = forgetful();
  refusing.before_send = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::suback) return Verdict::proceed;
    connection.send_packet(answer(PacketType::suback, packet.packet_identifier, {ReasonCode::not_authorized},
                                  Properties().add(PropertyId::reason_string, "not you")));
    return Verdict::ignore;
  };
  broker.behave_on(1, refusing);
  Client client(quick(broker.server()));
  client.connect();
  client.subscribe("a", QoS::at_least_once);
  broker.reset_connection();
  const auto failed = wait_for<SubscriptionFailed>(client);
  REQUIRE(failed);
  CHECK(failed->filter == "a");
  CHECK(failed->reason_code == (over_mqtt_5() ? ReasonCode::not_authorized : ReasonCode::unspecified_error));
  CHECK(failed->reason_string == (over_mqtt_5() ? "not you" : ""));
}

TEST_CASE("unsubscribe ends the delivery and tells an unknown filter", "[integration][subscribe]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  client.subscribe("a", QoS::at_least_once);
  const std::vector<std::string> filters{"a", "never"};
  CHECK(client.unsubscribe(filters) ==
        std::vector<ReasonCode>{ReasonCode::success, no_subscription_existed()});
  broker.publish({"a", "x", QoS::at_least_once});
  synchronize(client);
  CHECK_FALSE(client.receive(0ms));
}

TEST_CASE("a filter that no broker would take is refused at the call", "[integration][subscribe][mqtt5]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  for (const char* filter : {"", "a/#/b", "a+", "\xff"}) {
    CAPTURE(filter);
    CHECK(error_of([&] { client.subscribe(filter); }) == Errc::invalid_topic_filter);
    CHECK(error_of([&] { client.unsubscribe(filter); }) == Errc::invalid_topic_filter);
  }
  CHECK(error_of([&] { client.subscribe("$share/g/a", {.no_local = true}); }) == Errc::invalid_argument);
  CHECK(error_of([&] { client.subscribe("a", {}, {.subscription_identifier = 0}); }) ==
        Errc::invalid_argument);
  CHECK(error_of([&] { client.subscribe(std::vector<TopicFilter>()); }) == Errc::invalid_argument);
  synchronize(client);
  CHECK(broker.count(PacketType::subscribe) == 0);
}

TEST_CASE("what the broker has not is refused at the call", "[integration][subscribe][mqtt5]") {
  ScriptedBroker broker(with(Properties()
                                 .add(PropertyId::wildcard_subscription_available, 0)
                                 .add(PropertyId::shared_subscription_available, 0)
                                 .add(PropertyId::subscription_identifiers_available, 0)));
  Client client(quick(broker.server()));
  client.connect();
  CHECK(error_of([&] { client.subscribe("a/#"); }) == Errc::wildcard_not_supported);
  CHECK(error_of([&] { client.subscribe("$share/g/a"); }) == Errc::shared_not_supported);
  CHECK(error_of([&] { client.subscribe("a", {}, {.subscription_identifier = 1}); }) ==
        Errc::identifier_not_supported);
  CHECK(client.subscribe("a") == ReasonCode::success);
  CHECK(broker.count(PacketType::subscribe) == 1);
}

TEST_CASE("a SUBACK with too few reason codes is the broker's fault, and the connection ends",
          "[integration][subscribe][mqtt5]") {
  ScriptedBroker broker;
  Behaviour wrong;
  wrong.before_send = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::suback) return Verdict::proceed;
    connection.send(answer(PacketType::suback, packet.packet_identifier, {ReasonCode::success}));
    return Verdict::ignore;
  };
  broker.behave_on(0, wrong);
  Client client(quick(broker.server()));
  client.connect();
  const std::vector<TopicFilter> two{{"a"}, {"b"}};
  CHECK(client.subscribe(two) == std::vector<ReasonCode>{ReasonCode::success, ReasonCode::success});
  CHECK(broker.received(0, PacketType::disconnect).at(0).reason_code == ReasonCode::protocol_error);
}
