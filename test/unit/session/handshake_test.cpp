// CONNECT and CONNACK. [MQTT 5, 3.1, 3.2]
#include "engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

TEST_CASE("CONNECT says everything that was set, and nothing that was not", "[handshake]") {
  SECTION("nothing set") {
    Options options;
    EngineUnderTest test(options);
    const Packet connect = test.open();
    CHECK(connect.client_id.empty());
    CHECK(connect.clean_start);
    CHECK(connect.keep_alive == 60);
    CHECK_FALSE(connect.user_name);
    CHECK_FALSE(connect.password);
    CHECK_FALSE(connect.will);
    CHECK(connect.properties.encoded() == Properties().encoded());
  }
  SECTION("everything set") {
    Options options;
    options.client_id = "me";
    options.user_name = "user";
    options.password = std::string("pass\0word", 9);
    options.keep_alive = 65'535s;
    auto& properties = options.connect_properties;
    properties.session_expiry_interval = 7s;
    properties.receive_maximum = 11;
    properties.maximum_packet_size = 12'345;
    properties.topic_alias_maximum = 13;
    properties.request_response_information = true;
    properties.request_problem_information = false;
    properties.user_properties = {{"a", "1"}, {"a", "2"}};
    Will will;
    will.topic = "will";
    will.payload = "gone";
    will.qos = QoS::exactly_once;
    will.retain = true;
    will.will_delay_interval = 5s;
    will.content_type = "text";
    options.will = will;
    EngineUnderTest test(options);
    const Packet connect = test.open();
    CHECK(connect.client_id == "me");
    CHECK(connect.user_name == "user");
    CHECK(connect.password == std::string("pass\0word", 9));
    CHECK(connect.keep_alive == 65'535);
    CHECK(connect.properties.number(PropertyId::session_expiry_interval) == 7);
    CHECK(connect.properties.number(PropertyId::receive_maximum) == 11);
    CHECK(connect.properties.number(PropertyId::maximum_packet_size) == 12'345);
    CHECK(connect.properties.number(PropertyId::topic_alias_maximum) == 13);
    CHECK(connect.properties.number(PropertyId::request_response_information) == 1);
    CHECK(connect.properties.number(PropertyId::request_problem_information) == 0);
    CHECK(connect.properties.user_properties() == UserProperties{{"a", "1"}, {"a", "2"}});
    REQUIRE(connect.will);
    CHECK(connect.will->topic == "will");
    CHECK(connect.will->payload == "gone");
    CHECK(connect.will->qos == QoS::exactly_once);
    CHECK(connect.will->retain);
    CHECK(connect.will->properties.number(PropertyId::will_delay_interval) == 5);
    CHECK(connect.will->properties.text(PropertyId::content_type) == "text");
  }
}

TEST_CASE("nothing is sent before the CONNACK", "[handshake][U-3.1.4-1]") {
  EngineUnderTest test;
  test.publish("1", QoS::at_most_once);
  test.engine.request({SubscriptionRequest::Kind::subscribe, {{"a", {}}}, {}, 1}, test.now);
  test.open();
  CHECK(test.write().empty());
  test.receive(support::connack(false));
  CHECK(described(test.write()) == std::vector<std::string>{"SUBSCRIBE", "PUBLISH 1"});
}

TEST_CASE("what comes before the CONNACK, and a second CONNACK, are protocol errors", "[handshake]") {
  EngineUnderTest early;
  early.open();
  early.receive(support::publish("t", "x"));
  CHECK(early.closing_reason() == ReasonCode::protocol_error);
  EngineUnderTest twice;
  twice.connect();
  twice.receive(support::connack(false));
  CHECK(twice.closing_reason() == ReasonCode::protocol_error);
}

TEST_CASE("the broker's fault is told by a DISCONNECT with its reason, and nothing after it", "[handshake]") {
  EngineUnderTest test;
  test.connect();
  test.receive(support::publish("", "x"));
  const auto sent = test.write();
  REQUIRE(described(sent) == std::vector<std::string>{"DISCONNECT"});
  CHECK(sent[0].reason_code == test.closing_reason());
  test.receive(support::publish("t", "late"));
  CHECK(test.received().empty());
}

TEST_CASE("packets that only clients send end the connection", "[handshake]") {
  for (const char* bytes : {"\xC0\x00", "\xE0\x00"}) {
    EngineUnderTest test;
    test.connect();
    test.receive(std::string_view(bytes, 2));
    if (bytes[0] == '\xE0') {
      CHECK(test.engine.closing()->error == Errc::server_disconnected);
    } else {
      CHECK(test.closing_reason() == ReasonCode::protocol_error);
    }
  }
}

TEST_CASE("an assigned client id is used on every connection after", "[handshake][U-3.1.3-1]") {
  Options options;
  options.session_expiry = 1h;
  EngineUnderTest test(options);
  test.connect(false, Properties().add(PropertyId::assigned_client_identifier, "given"));
  CHECK(test.event<Connected>()->client_id == "given");
  test.lose();
  CHECK(test.open().client_id == "given");
}

TEST_CASE("the limits of a connection do not outlive it", "[handshake][U-4.9-3]") {
  EngineUnderTest test;
  test.connect(false, Properties()
                          .add(PropertyId::receive_maximum, 3)
                          .add(PropertyId::maximum_qos, 0)
                          .add(PropertyId::retain_available, 0)
                          .add(PropertyId::maximum_packet_size, 100)
                          .add(PropertyId::wildcard_subscription_available, 0)
                          .add(PropertyId::subscription_identifiers_available, 0)
                          .add(PropertyId::shared_subscription_available, 0));
  CHECK(test.engine.limits().receive_maximum == 3);
  CHECK(test.engine.limits().maximum_qos == QoS::at_most_once);
  CHECK_FALSE(test.engine.limits().retain_available);
  CHECK(test.engine.limits().maximum_packet_size == 100);
  CHECK_FALSE(test.engine.limits().wildcard_subscription_available);
  CHECK_FALSE(test.engine.limits().subscription_identifiers_available);
  CHECK_FALSE(test.engine.limits().shared_subscription_available);
  test.lose();
  test.connect(true);
  CHECK(test.engine.limits().receive_maximum == 65'535);
  CHECK(test.engine.limits().maximum_qos == QoS::exactly_once);
  CHECK(test.engine.limits().retain_available);
  CHECK_FALSE(test.engine.limits().maximum_packet_size);
  CHECK(test.engine.limits().shared_subscription_available);
}

TEST_CASE("credentials and will may change between connections", "[handshake]") {
  EngineUnderTest test;
  test.connect();
  test.lose();
  test.engine.set_identity("new", "secret", std::nullopt);
  const Packet connect = test.open();
  CHECK(connect.user_name == "new");
  CHECK(connect.password == "secret");
}

TEST_CASE("DISCONNECT says what was asked and is the last thing sent", "[handshake][MQTT-3.14.4-1]") {
  EngineUnderTest test;
  test.connect();
  test.publish("1", QoS::at_most_once);
  test.engine.disconnect({.reason = ReasonCode::disconnect_with_will_message,
                          .session_expiry_interval = 9s,
                          .reason_string = "bye",
                          .user_properties = {{"a", "b"}}},
                         test.now);
  test.feed();
  const auto sent = test.write();
  REQUIRE(described(sent) == std::vector<std::string>{"PUBLISH 1", "DISCONNECT"});
  CHECK(sent[1].reason_code == ReasonCode::disconnect_with_will_message);
  CHECK(sent[1].properties.number(PropertyId::session_expiry_interval) == 9);
  CHECK(sent[1].properties.text(PropertyId::reason_string) == "bye");
  CHECK(sent[1].properties.user_properties() == UserProperties{{"a", "b"}});
  CHECK(test.engine.closing()->end == End::by_request);
}

TEST_CASE("bytes of a lost connection do not leak into the next", "[handshake]") {
  EngineUnderTest test;
  test.connect();
  const std::string half = support::publish("t", "a message").substr(0, 5);
  test.receive(half);
  test.lose();
  test.connect(true);
  test.receive(support::publish("t", "whole"));
  CHECK(test.received() == std::vector<std::string>{"whole"});
  CHECK_FALSE(test.closing());
}

TEST_CASE("DISCONNECT leaves out what the broker's Maximum Packet Size does not hold",
          "[handshake][MQTT-3.14.2-3][MQTT-3.14.2-4]") {
  EngineUnderTest test;
  test.connect(false, Properties().add(PropertyId::maximum_packet_size, 20));
  const bool reason = GENERATE(false, true);
  DisconnectOptions options{.session_expiry_interval = 9s};
  if (reason) options.reason_string = std::string(100, 'x');
  if (!reason) options.user_properties = {{"name", std::string(100, 'x')}};
  test.engine.disconnect(options, test.now);
  const auto sent = test.write();
  REQUIRE(described(sent) == std::vector<std::string>{"DISCONNECT"});
  CHECK(sent[0].size <= 20);
  CHECK(sent[0].properties.number(PropertyId::session_expiry_interval) == 9);
}

TEST_CASE("a reason that the broker spreads over lines is one line for us", "[handshake]") {
  EngineUnderTest test;
  test.open();
  test.receive(support::connack(false, ReasonCode::server_busy,
                                Properties().add(PropertyId::reason_string, "come\nback\tlater")));
  CHECK(test.engine.closing()->what.find("come back later") != std::string::npos);
}

namespace {

/// The next connection, up to a CONNACK that refuses, and the time after it; the CONNECT that went out.
Packet refused(EngineUnderTest& test, ReasonCode reason,
               std::chrono::seconds then = std::chrono::seconds(4)) {
  Packet connect = test.open();
  test.receive(support::connack(false, reason));
  test.lose();
  test.pass(then);
  return connect;
}

Options of_cluster() {
  Options options = hour_long_session();
  options.server_group = ServerGroup::cluster;
  return options;
}

}  // namespace

TEST_CASE("a session that a cluster refuses to resume, five times in a row and for a while, is begun anew",
          "[handshake]") {
  EngineUnderTest test(of_cluster());
  test.connect();
  test.lose();
  for (int attempt = 0; attempt < 5; ++attempt)
    CHECK_FALSE(refused(test, ReasonCode::unspecified_error).clean_start);
  test.publish("1", QoS::at_least_once);
  CHECK(test.connect().clean_start);
  CHECK(test.engine.counters().sessions_lost == 1);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH 1"});
  test.lose();
  for (int attempt = 0; attempt < 5; ++attempt)
    CHECK_FALSE(refused(test, ReasonCode::unspecified_error).clean_start);
}

TEST_CASE("a session is not given up for refusals that have another cause", "[handshake]") {
  const auto refuse = [](EngineUnderTest& test, int times, ReasonCode reason) {
    for (int attempt = 0; attempt < times; ++attempt)
      CHECK_FALSE(refused(test, reason).clean_start);
  };
  SECTION("no cluster") {
    EngineUnderTest test;
    test.connect();
    test.lose();
    refuse(test, 20, ReasonCode::unspecified_error);
  }
  EngineUnderTest test(of_cluster());
  test.connect();
  test.lose();
  SECTION("another reason") {
    refuse(test, 20, ReasonCode::server_unavailable);
  }
  SECTION("all nodes at the same moment") {
    for (int attempt = 0; attempt < 20; ++attempt)
      CHECK_FALSE(refused(test, ReasonCode::unspecified_error, std::chrono::seconds(0)).clean_start);
  }
  SECTION("not in a row") {
    for (int round = 0; round < 5; ++round) {
      refuse(test, 4, ReasonCode::unspecified_error);
      refuse(test, 1, ReasonCode::server_unavailable);
    }
    refuse(test, 4, ReasonCode::unspecified_error);
    test.connect(true);
    test.lose();
    refuse(test, 5, ReasonCode::unspecified_error);
  }
  SECTION("a clean start is refused, too") {
    refuse(test, 5, ReasonCode::unspecified_error);
    CHECK(refused(test, ReasonCode::unspecified_error).clean_start);
    refuse(test, 5, ReasonCode::unspecified_error);
    CHECK(refused(test, ReasonCode::server_unavailable).clean_start);
    refuse(test, 5, ReasonCode::unspecified_error);
  }
}

TEST_CASE("a broker that once said it is older does not lock out a client that needs MQTT 5", "[handshake]") {
  Options options = hour_long_session();
  options.protocol = Protocol::automatic;
  options.connect_properties.receive_maximum = 10;  // Which 3.1.1 cannot say.
  EngineUnderTest test(options);
  test.open();
  test.receive(std::string("\x20\x02\x00\x01", 4));
  REQUIRE(test.closing());
  test.lose(End::at_once);
  test.engine.on_connected(test.now);
  REQUIRE(test.closing());
  CHECK(test.engine.closing()->error == Errc::not_in_protocol);
  test.lose(End::refused_for_good);
  CHECK(test.connect().properties.number(PropertyId::receive_maximum) == 10);
  CHECK(test.engine.is_up());
}

TEST_CASE("a broker that was noted as an older one and takes MQTT 5 is noted no more", "[handshake]") {
  Snapshot snapshot;
  snapshot.older_servers = {"upgraded:1883"};
  EngineUnderTest test(hour_long_session(), std::move(snapshot));
  test.engine.set_endpoint("upgraded:1883");
  test.connect();
  const auto& journal = test.engine.journal();
  CHECK(std::any_of(journal.begin(), journal.end(), [](const Record& record) {
    const auto* note = std::get_if<record::OlderServer>(&record);
    return note != nullptr && note->endpoint == "upgraded:1883" && !note->older;
  }));
}

TEST_CASE("a session that another server was to discard costs nothing at our own, in MQTT 3.1.1",
          "[handshake]") {
  Options options = hour_long_session();
  options.protocol = Protocol::mqtt_3_1_1;
  EngineUnderTest test(options);
  test.engine.set_servers("ours:1883");
  test.open();
  test.receive(std::string("\x20\x02\x00\x00", 4));
  REQUIRE(test.engine.is_up());
  test.lose();
  test.engine.set_servers("other:1883");
  test.open();
  test.receive(std::string("\x20\x02\x01\x00", 4));  // It has a session of its own for us.
  REQUIRE(test.closing());
  test.lose(End::at_once);
  test.engine.set_servers("ours:1883");
  CHECK_FALSE(test.open().clean_start);
  test.receive(std::string("\x20\x02\x01\x00", 4));
  CHECK(test.engine.is_up());
  CHECK(test.engine.counters().sessions_lost == 0);
}
