// What a sloppy broker is forgiven for, and that Options::strict_peer forgives nothing.
#include <functional>

#include "engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

Properties with_subscription(std::uint32_t identifier) {
  return Properties().add(PropertyId::subscription_identifier, identifier);
}
Properties with_reason_string() {
  return Properties().add(PropertyId::reason_string, "why");
}

/// What a broker does, and what it is answered with when strict.
struct Violation {
  const char* what;
  std::uint64_t EngineCounters::*counter;
  ReasonCode reason;
  std::function<void(EngineUnderTest&)> happen;
  bool ends_by_itself = false;
};

const std::vector<Violation>& violations() {
  using Counters = EngineCounters;
  constexpr auto others = &Counters::other_violations;
  constexpr auto acknowledgements = &Counters::unexpected_acknowledgements;
  constexpr auto protocol_error = ReasonCode::protocol_error;
  static const std::vector<Violation> all{
      {"more than our Receive Maximum", &Counters::receive_maximum_overruns,
       ReasonCode::receive_maximum_exceeded,
       [](auto& test) {
         test.receive(qos1(1, "1") + qos1(2, "2") + qos1(3, "3") + qos1(4, "4") + qos1(5, "5"));
       }},
      {"a packet above our maximum", &Counters::oversized_packets, ReasonCode::packet_too_large,
       [](auto& test) { test.receive(qos1(1, std::string(1'000, 'x'))); }},
      {"a QoS 2 message again without DUP", &Counters::redeliveries_without_dup, protocol_error,
       [](auto& test) {
         test.receive(qos2(1, "1"));
         test.lose();
         test.connect(true);
         test.receive(qos2(1, "1"));
       }},
      {"an identifier for two messages at once", &Counters::identifiers_reused, protocol_error,
       [](auto& test) { test.receive(qos1(1, "1") + qos1(1, "2")); }},
      {"an identifier for two messages of different QoS", &Counters::identifiers_reused, protocol_error,
       [](auto& test) { test.receive(qos2(1, "1") + qos1(1, "2")); }},
      {"an identifier of another message with DUP", &Counters::identifiers_reused, protocol_error,
       [](auto& test) {
         test.receive(qos1(1, "1"));
         test.lose();
         test.connect(true);
         test.receive(qos1(1, "2", true));
       }},
      {"a QoS 2 message twice on one connection", others, protocol_error,
       [](auto& test) { test.receive(qos2(1, "1") + qos2(1, "1", true)); }},
      {"a PUBACK for nobody", acknowledgements, protocol_error,
       [](auto& test) { test.receive(acknowledgement(PacketType::puback, 9)); }},
      {"a PUBCOMP for nobody", acknowledgements, protocol_error,
       [](auto& test) { test.receive(acknowledgement(PacketType::pubcomp, 9)); }},
      {"a SUBACK for nobody", acknowledgements, protocol_error,
       [](auto& test) { test.receive(support::answer(PacketType::suback, 9, {ReasonCode::success})); }},
      {"an UNSUBACK for nobody", acknowledgements, protocol_error,
       [](auto& test) { test.receive(support::answer(PacketType::unsuback, 9, {ReasonCode::success})); }},
      {"a PINGRESP that nobody asked for", others, protocol_error,
       [](auto& test) { test.receive(support::pingresp()); }},
      {"a subscription identifier that nobody asked for", others, protocol_error,
       [](auto& test) {
         test.receive(support::publish("t", "1", QoS::at_most_once, 0, false, with_subscription(99)));
       }},
      {"words with an acknowledgement though we want none", others, protocol_error,
       [](auto& test) {
         test.publish("1", QoS::at_least_once);
         const auto sent = test.write();
         test.receive(acknowledgement(PacketType::puback, sent.at(0).packet_identifier, ReasonCode::success,
                                      with_reason_string()));
       }},
      {"a topic with wildcards", others, ReasonCode::topic_name_invalid,
       [](auto& test) { test.receive(support::publish("a/#", "1")); }},
      {"an error that PUBACK may not have", others, protocol_error,
       [](auto& test) {
         test.publish("1", QoS::at_least_once);
         test.receive(puback(test.write().at(0), ReasonCode::receive_maximum_exceeded));
       }},
      {"a DISCONNECT with a Session Expiry Interval", others, protocol_error,
       [](auto& test) {
         test.receive(support::disconnect(ReasonCode::server_busy,
                                          Properties().add(PropertyId::session_expiry_interval, 5)));
       },
       true},
      {"a DISCONNECT before CONNACK", others, protocol_error,
       [](auto& test) {
         test.lose();
         test.open();
         test.receive(support::disconnect(ReasonCode::server_busy));
       },
       true},
  };
  return all;
}

EngineUnderTest connected(bool strict) {
  Options options = hour_long_session();
  options.connect_properties.receive_maximum = 4;
  options.connect_properties.maximum_packet_size = 500;
  options.connect_properties.request_problem_information = false;
  options.strict_peer = strict;
  EngineUnderTest test(options);
  test.connect();
  return test;
}

}  // namespace

TEST_CASE("what does no harm is counted, told once, and the connection goes on",
          "[leniency][U-3.3.2.1-2][U-3.3.4-2][U-3.9.3-2][U-3.12-1][U-3.14-2][U-3.14.2-4]") {
  for (const Violation& violation : violations()) {
    CAPTURE(violation.what);
    EngineUnderTest test = connected(false);
    const auto before = test.engine.counters();
    violation.happen(test);
    CHECK(test.engine.counters().*violation.counter == before.*violation.counter + 1);
    REQUIRE(test.engine.tolerated().size() == 1);
    if (violation.ends_by_itself) {
      CHECK(test.closing_reason() == ReasonCode::server_busy);
      continue;
    }
    CHECK_FALSE(test.closing());
    // The connection works as before.
    test.publish("after", QoS::at_most_once);
    CHECK_FALSE(test.write().empty());
  }
}

TEST_CASE("with strict_peer each of them ends the connection with the reason that the standard names",
          "[leniency][U-3.1.2.11.3-2][U-3.1.2.11.4-1][U-3.1.2.11.7-1][U-3.3.2.1-2][U-3.4.2-2][U-4.13.1-2]") {
  for (const Violation& violation : violations()) {
    CAPTURE(violation.what);
    EngineUnderTest test = connected(true);
    violation.happen(test);
    CHECK(test.closing_reason() == violation.reason);
    CHECK(test.engine.closing()->error == Errc::malformed_packet);
    CHECK(test.engine.counters().*violation.counter == 1);
    CHECK(test.engine.tolerated().empty());
    const auto last = test.write();
    REQUIRE_FALSE(last.empty());
    CHECK(last.back().type == PacketType::disconnect);
    CHECK(last.back().reason_code == violation.reason);
  }
}

TEST_CASE("the same violation again is counted and not told again", "[leniency]") {
  EngineUnderTest test = connected(false);
  for (int i = 0; i < 3; ++i)
    test.receive(support::pingresp() + acknowledgement(PacketType::puback, 9));
  CHECK(test.engine.counters().other_violations == 3);
  CHECK(test.engine.counters().unexpected_acknowledgements == 3);
  CHECK(test.engine.tolerated().size() == 2);
}

TEST_CASE("what an honest broker does is no violation, strict or not", "[leniency]") {
  EngineUnderTest test = connected(true);
  SubscriptionRequest request{SubscriptionRequest::Kind::subscribe, {{"t", {}}}, {}, 1};
  request.properties.subscription_identifier = 7;
  test.engine.request(request, test.now);
  test.receive(
      support::answer(PacketType::suback, test.write().at(0).packet_identifier, {ReasonCode::success}));
  request.kind = SubscriptionRequest::Kind::unsubscribe;
  request.properties = {};
  test.engine.request(request, test.now);
  // What the ended subscription had brought may still come.
  test.receive(support::publish("t", "1", QoS::at_most_once, 0, false, with_subscription(7)));
  test.pass(1h);
  CHECK(described(test.write()) == std::vector<std::string>{"UNSUBSCRIBE", "PINGREQ"});
  test.receive(support::pingresp());
  // A message that is known from before, marked as such; a PUBREL and a PUBREC for what is forgotten.
  test.receive(qos2(1, "1") + qos1(2, "2"));
  test.lose();
  test.connect(true);
  test.receive(qos2(1, "1", true) + qos1(2, "2", true) + pubrel(77) +
               acknowledgement(PacketType::pubrec, 78));
  CHECK_FALSE(test.closing());
}

TEST_CASE("a session older than the process may have subscriptions with any identifier", "[leniency]") {
  Options options = hour_long_session();
  options.start = Start::resume;
  options.strict_peer = true;
  EngineUnderTest test(options);
  test.connect(true);
  test.receive(support::publish("t", "1", QoS::at_most_once, 0, false, with_subscription(99)));
  CHECK_FALSE(test.closing());
  CHECK(test.received() == numbers(1, 1));
}

TEST_CASE("what is forgiven does not cost a message", "[leniency]") {
  EngineUnderTest test = connected(false);
  SECTION("a topic with wildcards is handed over") {
    test.receive(support::publish("a/#", "1", QoS::at_least_once, 1));
    CHECK(test.received() == numbers(1, 1));
  }
  SECTION("two messages under one identifier are handed over both") {
    test.receive(qos1(1, "1") + qos1(1, "2"));
    CHECK(test.received() == numbers(1, 2));
  }
  SECTION("a message that is refused with an error that PUBACK may not have fails alone") {
    const auto refused = test.publish("1", QoS::at_least_once);
    const auto sound = test.publish("2", QoS::at_least_once);
    const auto sent = test.write();
    test.receive(puback(sent.at(0), static_cast<ReasonCode>(0xFF)) + puback(sent.at(1)));
    CHECK(test.failed(refused, Errc::request_refused));
    CHECK(refused->reason_code == static_cast<ReasonCode>(0xFF));
    CHECK(test.succeeded(sound));
  }
}

TEST_CASE("what would lose or garble messages is never forgiven", "[leniency]") {
  const auto reason = [](const std::function<void(EngineUnderTest&)>& happen) {
    EngineUnderTest test = connected(false);
    happen(test);
    return test.closing_reason();
  };
  CHECK(reason([](auto& test) {
          test.publish("1", QoS::exactly_once);
          test.receive(pubcomp(test.write().at(0)));
        }) == ReasonCode::protocol_error);
  CHECK(reason([](auto& test) {
          test.publish("1", QoS::at_least_once);
          test.receive(pubrec(test.write().at(0)));
        }) == ReasonCode::protocol_error);
  // A success that nobody knows.
  CHECK(reason([](auto& test) {
          test.publish("1", QoS::at_least_once);
          test.receive(puback(test.write().at(0), static_cast<ReasonCode>(0x42)));
        }) == ReasonCode::protocol_error);
  CHECK(
      reason([](auto& test) {
        test.engine.request({SubscriptionRequest::Kind::subscribe, {{"t", {}}, {"u", {}}}, {}, 1}, test.now);
        test.receive(
            support::answer(PacketType::suback, test.write().at(0).packet_identifier, {ReasonCode::success}));
      }) == ReasonCode::protocol_error);
}
