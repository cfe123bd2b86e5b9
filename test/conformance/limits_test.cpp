// What the broker's limits, and the standard, keep a client from sending; and payloads that promise a format.
// [MQTT 5, 3.2.2.3, 3.3.2.3, 3.8]
#include <string>
#include <utility>
#include <vector>

#include <holdfast/client.hpp>

#include "client/make_message.hpp"
#include "session/limits.hpp"
#include "unit/session/engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

Properties limit(PropertyId id, std::uint32_t value) {
  return Properties().add(id, value);
}

/// Why a call is refused before anything happens; nothing if it is not.
template <class Call>
std::optional<Errc> refusal(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return static_cast<Errc>(error.code().value());
  }
  return std::nullopt;
}

/// What the broker's answer to such a SUBSCRIBE would have been, found out before.
std::optional<Errc> refusal_of(const Properties& connack, const std::string& filter,
                               std::optional<std::uint32_t> identifier = std::nullopt) {
  EngineUnderTest test;
  test.connect(false, connack);
  test.engine.request({SubscriptionRequest::Kind::subscribe, {{filter, {}}}, {identifier, {}}, 1}, test.now);
  const auto packets = test.write();
  if (test.engine.answers().empty()) {
    CHECK(only(PacketType::subscribe, packets).size() == 1);
    return std::nullopt;
  }
  CHECK(packets.empty());
  CHECK_FALSE(test.engine.answers()[0].what.empty());
  return test.engine.answers()[0].failure;
}

std::string text_message(const std::string& payload, QoS qos, std::uint16_t identifier, bool dup = false) {
  return support::publish("t", payload, qos, identifier, dup,
                          Properties().add(PropertyId::payload_format_indicator, 1));
}

const std::string not_utf8 = "\xC3(";

EngineUnderTest checking_payloads() {
  Options options = hour_long_session();
  options.check_payload_format = true;
  EngineUnderTest test(options);
  test.connect();
  return test;
}

SubscriptionRequest request(SubscriptionRequest::Kind kind, const std::string& filter, QoS qos,
                            std::optional<std::uint32_t> identifier = std::nullopt) {
  return {kind, {{filter, {.qos = qos}}}, {identifier, {}}, 1};
}

}  // namespace

TEST_CASE("nothing is published above the broker's Maximum QoS, first, waiting or again",
          "[limits][MQTT-3.2.2-11]") {
  EngineUnderTest test;
  test.connect();
  const auto in_flight = test.publish("1", QoS::exactly_once);
  test.write();
  test.lose();
  const auto waiting = test.publish("2", QoS::exactly_once);
  test.connect(true, limit(PropertyId::maximum_qos, 1));
  const auto fresh = test.publish("3", QoS::exactly_once);
  const auto allowed = test.publish("4", QoS::at_least_once);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH 4"});
  for (const auto& message : {in_flight, waiting, fresh})
    CHECK(test.failed(message, Errc::qos_not_supported));
  CHECK_FALSE(test.finished(allowed));

  Options lowering = hour_long_session();
  lowering.lower_qos = true;
  EngineUnderTest lower(lowering);
  lower.connect(false, limit(PropertyId::maximum_qos, 1));
  lower.publish("5", QoS::exactly_once);
  const auto packets = lower.write();
  REQUIRE(packets.size() == 1);
  CHECK(packets[0].qos == QoS::at_least_once);
}

TEST_CASE("nothing is published as retained where the broker keeps nothing, first, waiting or again",
          "[limits][MQTT-3.2.2-14]") {
  EngineUnderTest test;
  test.connect();
  const auto in_flight = test.publish("1", QoS::at_least_once, never, true);
  test.write();
  test.lose();
  const auto waiting = test.publish("2", QoS::at_most_once, never, true);
  test.connect(true, limit(PropertyId::retain_available, 0));
  const auto fresh = test.publish("3", QoS::at_least_once, never, true);
  test.publish("4", QoS::at_least_once);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH 4"});
  for (const auto& message : {in_flight, waiting, fresh})
    CHECK(test.failed(message, Errc::retain_not_supported));
}

TEST_CASE("no packet is above the broker's Maximum Packet Size, at the boundary, first, waiting or again",
          "[limits][MQTT-3.2.2-15]") {
  const Properties maximum = limit(PropertyId::maximum_packet_size, 64);
  // Fixed header 2, topic 2 + 1, packet identifier 2, length of properties 1.
  const std::string fits(64 - 8, 'x');
  const std::string too_large(64 - 7, 'x');
  EngineUnderTest test;
  test.connect();
  const auto in_flight = test.publish(too_large, QoS::at_least_once);
  test.write();
  test.lose();
  const auto waiting = test.publish(too_large, QoS::at_least_once);
  test.connect(true, maximum);
  const auto fresh = test.publish(too_large, QoS::at_least_once);
  test.publish(fits, QoS::at_least_once);
  // Fixed header 2, packet identifier 2, length of properties 1, filter 2 + n, options 1.
  const auto subscribe = SubscriptionRequest::Kind::subscribe;
  test.engine.request(request(subscribe, std::string(64 - 8, 'f'), QoS::at_most_once), test.now);
  test.engine.request(request(subscribe, std::string(64 - 7, 'f'), QoS::at_most_once), test.now);
  const auto unsubscribe = SubscriptionRequest::Kind::unsubscribe;
  test.engine.request(request(unsubscribe, std::string(64 - 7, 'f'), QoS::at_most_once), test.now);
  test.engine.request(request(unsubscribe, std::string(64 - 6, 'f'), QoS::at_most_once), test.now);
  test.engine.disconnect({.reason_string = std::string(64, 'r')}, test.now);
  const auto packets = test.write();
  CHECK(packets.size() == 4);
  for (const Packet& packet : packets) {
    INFO(packet.describe());
    CHECK(packet.size <= 64);
    CHECK((packet.size == 64 || packet.type == PacketType::disconnect));
  }
  for (const auto& message : {in_flight, waiting, fresh})
    CHECK(test.failed(message, Errc::packet_too_large));
  REQUIRE(test.engine.answers().size() == 2);
  for (const auto& answer : test.engine.answers())
    CHECK(answer.failure == Errc::packet_too_large);
}

TEST_CASE("what the broker does not offer is not subscribed to",
          "[limits][U-3.2.2.3.11-1][U-3.2.2.3.12-1][U-3.2.2.3.13-1]") {
  const auto no_wildcards = limit(PropertyId::wildcard_subscription_available, 0);
  CHECK(refusal_of(no_wildcards, "a/#") == Errc::wildcard_not_supported);
  CHECK(refusal_of(no_wildcards, "+/a") == Errc::wildcard_not_supported);
  CHECK_FALSE(refusal_of(no_wildcards, "a/b"));
  const auto no_identifiers = limit(PropertyId::subscription_identifiers_available, 0);
  CHECK(refusal_of(no_identifiers, "a", 1) == Errc::identifier_not_supported);
  CHECK_FALSE(refusal_of(no_identifiers, "a"));
  const auto not_shared = limit(PropertyId::shared_subscription_available, 0);
  CHECK(refusal_of(not_shared, "$share/group/a") == Errc::shared_not_supported);
  CHECK_FALSE(refusal_of(not_shared, "a"));
}

TEST_CASE("a subscription that the standard forbids is refused before anything is sent",
          "[limits][MQTT-3.8.3-4][U-3.8.2-1][U-3.8.3-1]") {
  Client client({.client_id = "client"});
  const auto with = [&](const std::string& filter, const SubscriptionOptions& options,
                        std::optional<std::uint32_t> identifier = std::nullopt) {
    return refusal([&] { client.subscribe(filter, options, {.subscription_identifier = identifier}); });
  };
  CHECK(with("$share/g/t", {.no_local = true}) == Errc::invalid_argument);
  CHECK(with("t", {}, 0) == Errc::invalid_argument);
  CHECK(with("t", {}, 268'435'456) == Errc::invalid_argument);
  CHECK(with("t", {.qos = static_cast<QoS>(3)}) == Errc::invalid_argument);
  CHECK(with("t", {.retain_handling = static_cast<RetainHandling>(3)}) == Errc::invalid_argument);
}

TEST_CASE("no_local on a subscription that is not shared, and the highest identifier, go out",
          "[limits][MQTT-3.8.3-4][U-3.8.2-1]") {
  EngineUnderTest test;
  test.connect();
  test.engine.request(
      {SubscriptionRequest::Kind::subscribe,
       {{"t",
         {.no_local = true, .retain_as_published = true, .retain_handling = RetainHandling::do_not_send}}},
       {268'435'455, {{"name", "value"}}},
       1},
      test.now);
  const auto packets = test.write();
  REQUIRE(packets.size() == 1);
  const SubscriptionOptions& options = packets[0].subscriptions.at(0).options;
  CHECK(options.no_local);
  CHECK(options.retain_as_published);
  CHECK(options.retain_handling == RetainHandling::do_not_send);
  CHECK(packets[0].properties.number(PropertyId::subscription_identifier) == 268'435'455U);
  CHECK(packets[0].properties.user_properties() == UserProperties{{"name", "value"}});
}

TEST_CASE("a published message has no subscription identifier, whatever else it has",
          "[limits][MQTT-3.3.4-6]") {
  const auto message = client::make_message("t", {},
                                            {.payload_is_utf8 = true,
                                             .content_type = "text/plain",
                                             .response_topic = "answers",
                                             .correlation_data = "7",
                                             .user_properties = {{"name", "value"}}});
  EngineUnderTest test;
  test.connect(false, limit(PropertyId::topic_alias_maximum, 10));
  test.outbox.push_back(message);
  test.feed();
  const auto packets = test.write();
  REQUIRE(packets.size() == 1);
  CHECK_FALSE(packets[0].properties.number(PropertyId::subscription_identifier));
  CHECK(packets[0].properties.text(PropertyId::content_type) == "text/plain");
}

TEST_CASE(
    "a payload that is not the UTF-8 it says is answered with 0x99 when that is asked for, and not handed "
    "over",
    "[limits][U-3.3.2.3.2-1]") {
  EngineUnderTest test = checking_payloads();
  test.receive(text_message(not_utf8, QoS::at_least_once, 1) + text_message(not_utf8, QoS::exactly_once, 2) +
               text_message(not_utf8, QoS::at_most_once, 0) + text_message("text", QoS::at_most_once, 0) +
               text_message(std::string("nul\0l", 5), QoS::at_most_once, 0) +
               support::publish("t", not_utf8, QoS::at_most_once, 0));
  CHECK(test.received() == std::vector<std::string>{"text", std::string("nul\0l", 5), not_utf8});
  const auto answers = test.write();
  REQUIRE(described(answers) == std::vector<std::string>{"PUBACK", "PUBREC"});
  for (const Packet& answer : answers)
    CHECK(answer.reason_code == ReasonCode::payload_format_invalid);
  CHECK(test.engine.counters().payloads_refused == 3);
  CHECK_FALSE(test.closing());  // Nothing to reconnect for, and to meet the message again.
  test.receive(text_message("text", QoS::exactly_once, 2));  // The identifier is free again.
  CHECK(test.received() == std::vector<std::string>{"text"});
}

TEST_CASE("the answer to a refused payload that got lost is given again", "[limits][U-3.3.2.3.2-1]") {
  EngineUnderTest test = checking_payloads();
  test.receive(text_message(not_utf8, QoS::exactly_once, 2));
  test.lose();
  test.connect(true);
  test.receive(text_message(not_utf8, QoS::exactly_once, 2, true));
  const auto answers = test.write();
  REQUIRE(described(answers) == std::vector<std::string>{"PUBREC"});
  CHECK(answers[0].reason_code == ReasonCode::payload_format_invalid);
  CHECK(test.received().empty());
}

TEST_CASE("by default payloads are not looked into", "[limits][U-3.3.2.3.2-1]") {
  EngineUnderTest test;
  test.connect();
  test.receive(text_message(not_utf8, QoS::at_most_once, 0));
  CHECK(test.received() == std::vector<std::string>{not_utf8});
}

TEST_CASE("what we send as text is text, when that is asked for", "[limits][U-3.3.2.3.2-2][U-3.1.3.2.3-1]") {
  const auto publish = [](bool check, const std::string& payload, bool says_text) {
    Client client({.client_id = "client", .check_payload_format = check});
    return refusal([&] { client.publish("t", payload, {.payload_is_utf8 = says_text}); });
  };
  CHECK(publish(true, not_utf8, true) == Errc::invalid_argument);
  CHECK(publish(true, "a\xC3", true) == Errc::invalid_argument);
  CHECK_FALSE(publish(true, not_utf8, false));
  CHECK_FALSE(publish(true, std::string(70'000, 'x') + "\xC3\xA9", true));
  CHECK_FALSE(publish(false, not_utf8, true));
  const auto will = [](bool check, bool says_text) {
    Options options;
    options.will = Will{.topic = "t", .payload = not_utf8, .payload_is_utf8 = says_text};
    options.check_payload_format = check;
    return refusal([&] { Client client(options); });
  };
  CHECK(will(true, true) == Errc::invalid_argument);
  CHECK_FALSE(will(true, false));
  CHECK_FALSE(will(false, true));
}

TEST_CASE("a message may come before the SUBACK of what it matches", "[limits][U-3.8.4-1]") {
  EngineUnderTest test;
  test.connect();
  test.engine.request(request(SubscriptionRequest::Kind::subscribe, "t", QoS::at_least_once), test.now);
  const auto packets = test.write();
  test.receive(support::publish("t", "early", QoS::at_least_once, 1));
  CHECK(test.received() == std::vector<std::string>{"early"});
  test.receive(
      support::answer(PacketType::suback, packets.at(0).packet_identifier, {ReasonCode::granted_qos_1}));
  CHECK(test.engine.answers().size() == 1);
}

TEST_CASE("messages are taken at the QoS at which they come, whatever was granted", "[limits][U-3.8.4-3]") {
  EngineUnderTest test;
  test.connect();
  test.engine.request(request(SubscriptionRequest::Kind::subscribe, "t", QoS::exactly_once), test.now);
  const auto packets = test.write();
  test.receive(support::answer(PacketType::suback, packets.at(0).packet_identifier, {ReasonCode::success}));
  REQUIRE(test.engine.answers().size() == 1);
  CHECK(test.engine.answers()[0].codes == std::vector<ReasonCode>{ReasonCode::success});
  for (const QoS qos : {QoS::at_most_once, QoS::at_least_once, QoS::exactly_once}) {
    test.receive(support::publish("t", "x", qos, qos == QoS::at_most_once ? 0 : 7));
    REQUIRE(test.engine.received().size() == 1);
    CHECK(test.engine.received()[0]->qos() == qos);
    test.received();
    test.engine.send_acknowledgements(test.now);
    test.lose();
    test.connect(false);
  }
}

TEST_CASE("subscription identifiers are no part of a session: only what is subscribed to again has its own",
          "[limits][U-3.8.4-2]") {
  const bool resubscribes = GENERATE(true, false);
  Options options = hour_long_session();
  options.resubscribe = resubscribes;
  EngineUnderTest test(options);
  test.connect();
  using Kind = SubscriptionRequest::Kind;
  const auto ask = [&](Kind kind, const std::string& filter, std::optional<std::uint32_t> identifier) {
    test.engine.request(request(kind, filter, QoS::at_most_once, identifier), test.now);
    const auto packets = test.write();
    const auto type = kind == Kind::subscribe ? PacketType::suback : PacketType::unsuback;
    test.receive(support::answer(type, packets.at(0).packet_identifier, {ReasonCode::success}));
  };
  ask(Kind::subscribe, "kept", 7);
  ask(Kind::subscribe, "changed", 8);
  ask(Kind::subscribe, "changed", 9);
  ask(Kind::subscribe, "ended", 10);
  ask(Kind::unsubscribe, "ended", std::nullopt);
  test.lose();
  test.connect(false);
  using Again = std::vector<std::pair<std::string, std::uint32_t>>;
  Again again;
  for (const Packet& packet : only(PacketType::subscribe, test.write())) {
    for (const auto& subscription : packet.subscriptions) {
      again.emplace_back(subscription.filter,
                         packet.properties.number(PropertyId::subscription_identifier).value_or(0));
    }
  }
  CHECK(again == (resubscribes ? Again{{"changed", 9}, {"kept", 7}} : Again{}));
}
