// MQTT 3.1.1: CONNECT, CONNACK, and what Clean Session makes of a session. [MQTT 3.1.1, 3.1, 3.2]
#include "conformance/mqtt311_client.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

constexpr int flags_at = 9;  // In a CONNECT of less than 128 bytes.

int flags_of(const Packet& connect) {
  return static_cast<unsigned char>(connect.bytes.at(flags_at));
}

Will some_will() {
  Will will{.topic = "will/topic", .payload = "gone"};
  will.qos = QoS::at_least_once;
  will.retain = true;
  return will;
}

}  // namespace

TEST_CASE("CONNECT of MQTT 3.1.1 is what the standard says, byte for byte",
          "[mqtt311][3.1.1/MQTT-3.1.0-1][3.1.1/MQTT-3.1.2-1][3.1.1/MQTT-3.1.2-2][3.1.1/MQTT-3.1.2-3]"
          "[3.1.1/MQTT-3.1.2-11][3.1.1/MQTT-3.1.2-13][3.1.1/MQTT-3.1.2-15][3.1.1/MQTT-3.1.2-18]"
          "[3.1.1/MQTT-3.1.2-20][3.1.1/MQTT-3.1.3-3][3.1.1/MQTT-2.2.2-1]") {
  Options options = clean_client();
  options.keep_alive = 10s;
  EngineUnderTest test(options);
  CHECK(test.open().bytes == bytes({0x10, 18, 0, 4}) + "MQTT" + bytes({4, 0x02, 0, 10, 0, 6}) + "client");
}

TEST_CASE(
    "the payload of CONNECT has client id, will, user name and password, in this order, as the flags say",
    "[mqtt311][3.1.1/MQTT-3.1.3-1][3.1.1/MQTT-3.1.2-9][3.1.1/MQTT-3.1.2-14][3.1.1/MQTT-3.1.2-19]"
    "[3.1.1/MQTT-3.1.2-21]") {
  Options options = older_client();
  options.will = some_will();
  options.user_name = "user";
  options.password = "secret";
  EngineUnderTest test(options);
  const Packet connect = test.open();
  CHECK(flags_of(connect) == (0x80 | 0x40 | 0x20 | 0x08 | 0x04));
  CHECK(connect.bytes.substr(flags_at + 3) == bytes({0, 6}) + "client" + bytes({0, 10}) + "will/topic" +
                                                  bytes({0, 4}) + "gone" + bytes({0, 4}) + "user" +
                                                  bytes({0, 6}) + "secret");
}

TEST_CASE("a password without a user name is refused before anything is sent",
          "[mqtt311][3.1.1/MQTT-3.1.2-22]") {
  Options options = older_client();
  options.password = "secret";
  EngineUnderTest test(options);
  test.engine.on_connected(test.now);
  CHECK(test.write().empty());
  REQUIRE(test.closing());
  CHECK(test.engine.closing()->error == Errc::not_in_protocol);
}

TEST_CASE("CONNECT comes first, and once, and nothing before CONNACK",
          "[mqtt311][3.1.1/MQTT-3.1.0-1][3.1.1/U311-3.1-1]") {
  EngineUnderTest test(older_client());
  test.publish("x", QoS::at_least_once);
  test.engine.request(wish_for({"a"}), test.now);
  test.open();
  CHECK(test.write().empty());
  test.receive(connack_with(0, 0));
  const auto packets = test.write();
  CHECK(only(PacketType::connect, packets).empty());
  CHECK(packets.size() == 2);
}

TEST_CASE("Clean Session is 0 for a session that outlives its connection, and 1 for one that does not",
          "[mqtt311][3.1.1/MQTT-3.1.2-4][3.1.1/MQTT-3.1.2-6]") {
  EngineUnderTest lasting(older_client());
  CHECK(flags_of(lasting.open()) == 0x00);
  EngineUnderTest clean(clean_client());
  CHECK(flags_of(clean.connect()) == 0x02);
  clean.lose();
  CHECK(flags_of(clean.open()) == 0x02);
  Options for_ever = older_client();
  for_ever.session_expiry = never_expires;
  EngineUnderTest eternal(for_ever);
  CHECK(flags_of(eternal.open()) == 0x00);
}

TEST_CASE(
    "a session with Clean Session 0 goes on after a lost connection: what was not acknowledged comes again",
    "[mqtt311][3.1.1/MQTT-3.1.2-4][3.1.1/MQTT-4.4.0-1][3.1.1/MQTT-4.1.0-1][3.1.1/MQTT-2.3.1-3]"
    "[3.1.1/MQTT-3.3.1-1]") {
  EngineUnderTest test(older_client());
  test.connect();
  test.publish_numbers(0, 3, QoS::at_least_once);
  const auto first = test.write();
  test.lose();
  test.connect(true);
  const auto again = test.write();
  REQUIRE(described(again) == std::vector<std::string>{"PUBLISH dup 0", "PUBLISH dup 1", "PUBLISH dup 2"});
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(again[i].packet_identifier == first[i].packet_identifier);
}

TEST_CASE("with Clean Session 1 nothing of an earlier session is used: what was in flight goes out as new",
          "[mqtt311][3.1.1/MQTT-3.1.2-6]") {
  EngineUnderTest test(clean_client());
  test.connect();
  test.publish("x", QoS::at_least_once);
  test.write();
  test.lose();
  test.connect();
  CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH x"});
  CHECK(test.event<SessionLost>());
}

TEST_CASE("Session Present 0 after Clean Session 0 means a lost session: no DUP, subscribed again",
          "[mqtt311][3.1.1/U311-3.2.2-2]") {
  EngineUnderTest test(older_client());
  test.connect();
  test.engine.request(wish_for({"a"}), test.now);
  const auto subscribe = only(PacketType::subscribe, test.write());
  REQUIRE(subscribe.size() == 1);
  test.receive(
      older(support::answer(PacketType::suback, subscribe[0].packet_identifier, {ReasonCode::success})));
  test.publish("x", QoS::at_least_once);
  test.write();
  test.lose();
  test.connect(false);
  CHECK(described(test.write()) == std::vector<std::string>{"SUBSCRIBE", "PUBLISH x"});
}

TEST_CASE(
    "a session belongs to its client id: another one begins a new session and sends nothing of the old again",
    "[mqtt311][3.1.1/MQTT-3.1.3-2]") {
  Snapshot snapshot;
  snapshot.held = true;
  snapshot.identity = {"another client", ""};
  snapshot.expiry = 1h;
  auto message = make_message("x", QoS::at_least_once);
  message->sequence = snapshot.last_sequence = 1;
  snapshot.messages.push_back({message, 7, false});
  EngineUnderTest test(older_client(), std::move(snapshot));
  CHECK(test.open().clean_start == false);  // A new session that shall last: only where there is none.
  test.receive(connack_with(0, 0));
  CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH x"});
}

TEST_CASE("a clean start of a session that shall last discards first what the broker has",
          "[mqtt311][3.1.1/MQTT-3.1.2-6]") {
  Options options = older_client();
  options.start = Start::clean;
  options.will = some_will();
  EngineUnderTest test(options);
  CHECK(test.open().clean_start == false);
  test.receive(connack_with(1, 0));
  REQUIRE(test.closing());
  CHECK(test.engine.closing()->end == End::at_once);
  CHECK(described(test.write()) == std::vector<std::string>{"DISCONNECT"});
  test.lose(End::at_once);

  const Packet discarding = test.open();
  CHECK(discarding.clean_start);
  CHECK_FALSE(discarding.will);
  test.receive(connack_with(0, 0));
  REQUIRE(test.closing());
  CHECK(test.engine.closing()->end == End::at_once);
  CHECK(described(test.write()) == std::vector<std::string>{"DISCONNECT"});
  test.lose(End::at_once);

  const Packet lasting = test.open();
  CHECK_FALSE(lasting.clean_start);
  CHECK(lasting.will);
  SECTION("and the new session begins") {
    test.receive(connack_with(0, 0));
    CHECK(test.engine.is_connected());
    CHECK_FALSE(test.event<SessionLost>());
  }
  SECTION("a broker that has it again is not asked on and on without delay") {
    test.receive(connack_with(1, 0));
    REQUIRE(test.closing());
    CHECK(test.engine.closing()->end == End::session_mismatch);
  }
}

TEST_CASE("Session Present 1 after Clean Session 1 ends the connection", "[mqtt311][3.1.1/MQTT-4.8.0-1]") {
  EngineUnderTest test(clean_client());
  test.open();
  test.receive(connack_with(1, 0));
  REQUIRE(test.closing());
  CHECK(test.engine.closing()->end == End::session_mismatch);
  CHECK(test.write().empty());
}

TEST_CASE("the return codes 1 to 5 of CONNACK refuse, each with its name",
          "[mqtt311][3.1.1/U311-3.2.2-1][3.1.1/MQTT-3.1.2-2]") {
  struct Row {
    int code;
    ReasonCode reason;
    End end;
  };
  const auto row = GENERATE(values<Row>({
      {1, ReasonCode::unsupported_protocol_version, End::refused_for_good},
      {2, ReasonCode::client_identifier_not_valid, End::refused_for_good},
      {3, ReasonCode::server_unavailable, End::lost},
      {4, ReasonCode::bad_user_name_or_password, End::refused_for_good},
      {5, ReasonCode::not_authorized, End::refused_for_good},
  }));
  CAPTURE(row.code);
  EngineUnderTest test(older_client());
  test.publish("x", QoS::at_least_once);
  test.open();
  test.receive(connack_with(0, row.code));
  REQUIRE(test.closing());
  CHECK(test.engine.closing()->error == Errc::connection_refused);
  CHECK(test.engine.closing()->reason_code == row.reason);
  CHECK(test.engine.closing()->end == row.end);
  CHECK(test.write().empty());
}

TEST_CASE("the reserved return codes of CONNACK, and flags and lengths that it cannot have, are malformed",
          "[mqtt311][3.1.1/U311-3.2.2-1][3.1.1/MQTT-4.8.0-1]") {
  const auto malformed = [](const std::string& packet) {
    EngineUnderTest test(older_client());
    test.open();
    test.receive(packet);
    return test.closing() && test.engine.closing()->error == Errc::malformed_packet && test.write().empty();
  };
  for (int code = 6; code <= 255; ++code) {
    CAPTURE(code);
    CHECK(malformed(connack_with(0, code)));
  }
  CHECK(malformed(connack_with(2, 0)));
  CHECK(malformed(connack_with(1, 5)));
  CHECK(malformed(bytes({0x20, 3, 0, 0, 0})));  // A CONNACK of MQTT 5.
  CHECK(malformed(bytes({0x20, 1, 0})));
}

TEST_CASE("a CONNACK that does not come in time ends the connection", "[mqtt311][3.1.1/U311-3.2-1]") {
  EngineUnderTest test(older_client());
  test.open();
  test.pass(9'999ms);
  CHECK_FALSE(test.closing());
  test.pass(1ms);
  REQUIRE(test.closing());
  CHECK(test.engine.closing()->error == Errc::timed_out);
}

TEST_CASE("the keep-alive is kept by PINGREQ, and a broker that does not answer is left",
          "[mqtt311][3.1.1/MQTT-3.1.2-23][3.1.1/U311-3.1.2.10-1][3.1.1/U311-3.12-1]") {
  Options options = older_client();
  options.keep_alive = 2s;
  EngineUnderTest test(options);
  test.connect();
  test.pass(1'999ms);
  const auto packets = test.write();
  REQUIRE(packets.size() == 1);
  CHECK(packets[0].bytes == bytes({0xC0, 0}));
  test.receive(bytes({0xD0, 0}));
  test.pass_to_deadline();
  REQUIRE(test.write().size() == 1);
  test.pass_to_deadline();
  REQUIRE(test.closing());
  CHECK(test.engine.closing()->error == Errc::timed_out);
}
