// Subscriptions: requests, answers, and asking again. [MQTT 5, 3.8 to 3.11]
#include <holdfast/store.hpp>

#include "engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

SubscriptionRequest subscribe(std::vector<TopicFilter> wishes, std::uint64_t ticket = 1) {
  return {SubscriptionRequest::Kind::subscribe, std::move(wishes), {}, ticket};
}
SubscriptionRequest unsubscribe(std::vector<TopicFilter> filters, std::uint64_t ticket = 2) {
  return {SubscriptionRequest::Kind::unsubscribe, std::move(filters), {}, ticket};
}
std::string suback(const Packet& request, std::vector<ReasonCode> codes) {
  const auto type = request.type == PacketType::subscribe ? PacketType::suback : PacketType::unsuback;
  return support::answer(type, request.packet_identifier, codes);
}
/// Asks for these filters at QoS 1 and has them granted.
void hold(EngineUnderTest& test, const std::vector<std::string>& filters) {
  for (const auto& filter : filters) {
    test.engine.request(subscribe({{filter, {.qos = QoS::at_least_once}}}), test.now);
    test.receive(suback(test.write().at(0), {ReasonCode::granted_qos_1}));
  }
  test.engine.answers().clear();
}
std::vector<std::string> filters(const std::vector<Packet>& packets) {
  std::vector<std::string> found;
  for (const Packet& packet : only(PacketType::subscribe, packets)) {
    for (const TopicFilter& subscription : packet.subscriptions)
      found.push_back(subscription.filter);
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

TEST_CASE("a subscribe request reaches the broker with all options, its answer comes back in order",
          "[subscriptions]") {
  EngineUnderTest test;
  test.connect();
  auto request = subscribe({{"a", {QoS::exactly_once, true, true, RetainHandling::do_not_send}},
                            {"b/#", {QoS::at_most_once, false, false, RetainHandling::send_if_new}}},
                           7);
  request.properties.subscription_identifier = 268'435'455;
  request.properties.user_properties = {{"k", "v"}};
  test.engine.request(request, test.now);
  const auto sent = test.write();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].properties.number(PropertyId::subscription_identifier) == 268'435'455);
  CHECK(sent[0].properties.user_properties() == UserProperties{{"k", "v"}});
  REQUIRE(sent[0].subscriptions.size() == 2);
  CHECK(sent[0].subscriptions[0].options.qos == QoS::exactly_once);
  CHECK(sent[0].subscriptions[0].options.no_local);
  CHECK(sent[0].subscriptions[0].options.retain_as_published);
  CHECK(sent[0].subscriptions[0].options.retain_handling == RetainHandling::do_not_send);
  CHECK(sent[0].subscriptions[1].options.retain_handling == RetainHandling::send_if_new);
  test.receive(suback(sent[0], {ReasonCode::granted_qos_1, ReasonCode::not_authorized}));
  REQUIRE(test.engine.answers().size() == 1);
  CHECK(test.engine.answers()[0].request.ticket == 7);
  CHECK(test.engine.answers()[0].codes ==
        std::vector<ReasonCode>{ReasonCode::granted_qos_1, ReasonCode::not_authorized});
}

TEST_CASE(
    "a request that was not answered is sent again on the next connection, whatever became of the session",
    "[subscriptions]") {
  const bool present = GENERATE(false, true);
  EngineUnderTest test;
  test.connect();
  test.engine.request(subscribe({{"a", {}}}), test.now);
  test.engine.request(unsubscribe({{"b", {}}}), test.now);
  REQUIRE(test.write().size() == 2);
  test.lose();
  test.connect(present);
  CHECK(described(test.write()) == std::vector<std::string>{"SUBSCRIBE", "UNSUBSCRIBE"});
}

TEST_CASE("a lost session is subscribed again: everything granted and not given up, with its options",
          "[subscriptions]") {
  EngineUnderTest test;
  test.connect();
  hold(test, {"a", "b", "c"});
  test.engine.request(unsubscribe({{"b", {}}}), test.now);
  test.receive(suback(test.write().at(0), {ReasonCode::success}));
  test.engine.request(subscribe({{"refused", {}}}), test.now);
  test.receive(suback(test.write().at(0), {ReasonCode::not_authorized}));
  test.lose();
  test.connect(false);
  const auto again = test.write();
  CHECK(filters(again) == std::vector<std::string>{"a", "c"});
  CHECK(again.at(0).subscriptions.at(0).options.qos == QoS::at_least_once);
}

TEST_CASE("a resumed session is not subscribed again", "[subscriptions][U-4.1-3]") {
  EngineUnderTest test;
  test.connect();
  hold(test, {"a"});
  test.lose();
  test.connect(true);
  CHECK(test.write().empty());
}

TEST_CASE("without resubscribe a lost session's subscriptions are forgotten", "[subscriptions]") {
  Options options = hour_long_session();
  options.resubscribe = false;
  EngineUnderTest test(options);
  test.connect();
  hold(test, {"a"});
  test.lose();
  test.connect(false);
  CHECK(test.write().empty());
  CHECK(test.event<SessionLost>()->resubscribed == 0);
}

TEST_CASE("the latest options of a filter count when it is subscribed again", "[subscriptions]") {
  EngineUnderTest test;
  test.connect();
  hold(test, {"a"});
  test.engine.request(subscribe({{"a", {.qos = QoS::exactly_once}}}), test.now);
  test.receive(suback(test.write().at(0), {ReasonCode::granted_qos_2}));
  test.lose();
  test.connect(false);
  const auto again = test.write();
  REQUIRE(filters(again) == std::vector<std::string>{"a"});
  CHECK(again[0].subscriptions[0].options.qos == QoS::exactly_once);
}

TEST_CASE("what the broker does not offer is refused and not sent", "[subscriptions]") {
  EngineUnderTest test;
  test.connect(false, Properties()
                          .add(PropertyId::wildcard_subscription_available, 0)
                          .add(PropertyId::subscription_identifiers_available, 0)
                          .add(PropertyId::shared_subscription_available, 0));
  test.engine.request(subscribe({{"a/#", {}}}), test.now);
  test.engine.request(subscribe({{"$share/g/a", {}}}), test.now);
  auto identified = subscribe({{"a", {}}});
  identified.properties.subscription_identifier = 1;
  test.engine.request(identified, test.now);
  CHECK(test.write().empty());
  REQUIRE(test.engine.answers().size() == 3);
  CHECK(test.engine.answers()[0].failure == Errc::wildcard_not_supported);
  CHECK(test.engine.answers()[1].failure == Errc::shared_not_supported);
  CHECK(test.engine.answers()[2].failure == Errc::identifier_not_supported);
}

TEST_CASE("a request over the broker's Maximum Packet Size is refused and the connection untouched",
          "[subscriptions]") {
  EngineUnderTest test;
  test.connect(false, Properties().add(PropertyId::maximum_packet_size, 60));
  test.engine.request(subscribe({{std::string(100, 'x'), {}}}), test.now);
  test.engine.request(subscribe({{"short", {}}}), test.now);
  CHECK(filters(test.write()) == std::vector<std::string>{"short"});
  REQUIRE(test.engine.answers().size() == 1);
  CHECK(test.engine.answers()[0].failure == Errc::packet_too_large);
}

TEST_CASE("an answer with another number of codes ends the connection, the request is kept",
          "[subscriptions]") {
  EngineUnderTest test;
  test.connect();
  test.engine.request(subscribe({{"a", {}}, {"b", {}}}), test.now);
  test.receive(suback(test.write().at(0), {ReasonCode::success}));
  CHECK(test.closing_reason() == ReasonCode::protocol_error);
  test.write();
  test.lose();
  test.connect(true);
  CHECK(filters(test.write()) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("answers to nothing, or of the other kind, change nothing", "[subscriptions]") {
  EngineUnderTest test;
  test.connect();
  test.engine.request(subscribe({{"a", {}}}), test.now);
  const auto sent = test.write();
  test.receive(support::answer(PacketType::suback, 999, {ReasonCode::success}));
  test.receive(support::answer(PacketType::unsuback, sent[0].packet_identifier, {ReasonCode::success}));
  CHECK(test.engine.answers().empty());
  test.receive(suback(sent[0], {ReasonCode::success}));
  CHECK(test.engine.answers().size() == 1);
}

TEST_CASE("many subscriptions of a lost session fit the broker's Maximum Packet Size", "[subscriptions]") {
  EngineUnderTest test;
  test.connect();
  std::vector<std::string> all;
  for (int i = 100; i < 400; ++i)
    all.push_back("a/topic/filter/number/" + std::to_string(i));
  hold(test, all);
  test.lose();
  test.connect(false, Properties().add(PropertyId::maximum_packet_size, 256));
  const auto again = test.write();
  for (const Packet& packet : again)
    CHECK(packet.size <= 256);
  CHECK(filters(again) == all);
  CHECK(test.engine.answers().empty());
}

TEST_CASE("one filter that the broker no longer allows does not cost the others of a lost session",
          "[subscriptions]") {
  EngineUnderTest test;
  test.connect();
  hold(test, {"a", "b", "c/#", "d"});
  test.lose();
  test.connect(false, Properties().add(PropertyId::wildcard_subscription_available, 0));
  CHECK(filters(test.write()) == std::vector<std::string>{"a", "b", "d"});
  REQUIRE(test.engine.answers().size() == 1);
  CHECK(test.engine.answers()[0].failure == Errc::wildcard_not_supported);
}

TEST_CASE("a request that found no free identifier is sent when there is one", "[subscriptions]") {
  EngineUnderTest test;
  test.connect();
  std::vector<Packet> sent;
  for (int i = 0; i < 65'535; ++i) {
    test.publish("x", QoS::at_least_once);
    for (auto& packet : test.write())
      sent.push_back(std::move(packet));
  }
  test.engine.request(subscribe({{"a", {}}}), test.now);
  CHECK(test.write().empty());
  test.receive(puback(sent[7]));
  CHECK(filters(test.write()) == std::vector<std::string>{"a"});
}

TEST_CASE("a lost CONNACK may have said that the session is a new one: subscriptions are asked for again",
          "[subscriptions]") {
  EngineUnderTest test;
  test.connect();
  hold(test, {"a", "b"});
  test.lose();
  test.open();  // The broker has lost the session and says so, but nothing of it arrives.
  test.lose();
  test.connect(true);
  const auto sent = test.write();
  REQUIRE(filters(sent) == std::vector<std::string>{"a", "b"});
  // In the old session they exist already: what is retained must not come again.
  for (const TopicFilter& again : sent[0].subscriptions)
    CHECK(again.options.retain_handling == RetainHandling::send_if_new);
  test.receive(suback(sent[0], {ReasonCode::granted_qos_1, ReasonCode::granted_qos_1}));
  test.engine.answers().clear();

  SECTION("once is enough") {
    test.lose();
    test.connect(true);
    CHECK(test.write().empty());
  }
  SECTION("a lost session asks for them as the application did") {
    test.lose();
    test.connect(false);
    const auto once_more = test.write();
    for (const TopicFilter& again : once_more.at(0).subscriptions)
      CHECK(again.options.retain_handling == RetainHandling::send);
  }
}

TEST_CASE("after a restart nobody knows whether the broker has the subscriptions: they are asked for again",
          "[subscriptions]") {
  Snapshot snapshot;
  snapshot.held = true;
  snapshot.identity.client_id = "client";
  snapshot.expiry = 1h;
  snapshot.subscriptions = {{{"a", {}}, std::nullopt}};
  EngineUnderTest test(hour_long_session(), std::move(snapshot));
  test.connect(true);
  CHECK(filters(test.write()) == std::vector<std::string>{"a"});
}

TEST_CASE("after a restart at a broker without subscription identifiers, subscriptions go on without",
          "[subscriptions]") {
  Snapshot snapshot;
  snapshot.held = true;
  snapshot.identity.client_id = "client";
  snapshot.expiry = 1h;
  snapshot.subscriptions = {{{"a", {}}, 9'000}};
  const bool available = GENERATE(false, true);
  EngineUnderTest test(hour_long_session(), std::move(snapshot));
  test.connect(false, Properties().add(PropertyId::subscription_identifiers_available, available ? 1 : 0));
  const auto sent = test.write();
  REQUIRE(filters(sent) == std::vector<std::string>{"a"});
  CHECK(sent[0].properties.number(PropertyId::subscription_identifier) ==
        (available ? std::optional<std::uint32_t>(9'000) : std::nullopt));
  CHECK(test.engine.answers().empty());
}

TEST_CASE("a store is told the identifier that a subscription has at the broker, not one that was not sent",
          "[subscriptions]") {
  const bool available = GENERATE(false, true);
  EngineUnderTest test;
  test.connect(false, Properties().add(PropertyId::subscription_identifiers_available, available ? 1 : 0));
  auto request = subscribe({{"a", {}}});
  request.properties.subscription_identifier = 9'000;
  request.identifier_optional = true;
  test.engine.request(request, test.now);
  test.receive(suback(test.write().at(0), {ReasonCode::success}));
  std::optional<StoredSubscription> stored;
  for (const Record& entry : test.engine.journal()) {
    if (const auto* subscribed = std::get_if<record::Subscribed>(&entry)) stored = subscribed->subscription;
  }
  REQUIRE(stored);
  CHECK(stored->subscription_identifier == (available ? std::optional<std::uint32_t>(9'000) : std::nullopt));

  // What it was to have, it gets where that can be had.
  test.lose();
  test.connect(false);
  CHECK(test.write().at(0).properties.number(PropertyId::subscription_identifier) == 9'000);
}

TEST_CASE("a clean start forgets the store's subscriptions when it has succeeded, not before",
          "[subscriptions]") {
  Options options = hour_long_session();
  options.start = Start::clean;
  options.store = memory_store();
  Snapshot snapshot;
  snapshot.held = true;
  snapshot.identity.client_id = "client";
  snapshot.subscriptions = {{{"a", {}}, std::nullopt}};
  EngineUnderTest test(options, std::move(snapshot));
  const auto forgotten = [&] {
    const Journal& journal = test.engine.journal();
    return std::any_of(journal.begin(), journal.end(), [](const Record& record) {
      return std::holds_alternative<record::Unsubscribed>(record);
    });
  };
  test.open();
  CHECK_FALSE(forgotten());
  test.receive(support::connack(false));
  CHECK(forgotten());
}

TEST_CASE("a connect attempt that cannot have begun a session leaves the subscriptions alone",
          "[subscriptions]") {
  EngineUnderTest test;
  test.connect();
  hold(test, {"a"});
  test.lose();
  SECTION("CONNECT never left") {
    test.engine.on_connected(test.now);
  }
  SECTION("it was refused") {
    test.open();
    test.receive(support::connack(false, ReasonCode::server_unavailable));
  }
  test.lose();
  test.connect(true);
  CHECK(test.write().empty());
}
