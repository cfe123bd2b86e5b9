// The bytes of CONNECT, whatever was set. [MQTT 5, 3.1]
#include <string>

#include "unit/session/engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

/// Everything that waits to be written, as it will stand on the wire.
std::string bytes_of(Engine& engine, TimePoint now) {
  std::string bytes;
  while (!engine.output().empty()) {
    std::vector<std::span<const std::byte>> pieces(64);
    pieces.resize(engine.output().gather(pieces));
    std::size_t taken = 0;
    for (const auto piece : pieces) {
      bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      taken += piece.size();
    }
    engine.on_written(taken, now);
  }
  return bytes;
}

/// Takes a packet apart, byte by byte; whoever reads beyond its end fails.
class Bytes {
 public:
  explicit Bytes(std::string bytes) : rest_(std::move(bytes)) {}
  std::string take(std::size_t count) {
    REQUIRE(count <= rest_.size());
    std::string taken = rest_.substr(0, count);
    rest_.erase(0, count);
    return taken;
  }
  unsigned byte() { return static_cast<unsigned char>(take(1)[0]); }
  std::string field() {
    const unsigned high = byte();
    return take(high << 8 | byte());
  }
  std::string properties() { return take(byte()); }
  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }

 private:
  std::string rest_;
};

std::string connect_bytes(const Options& options) {
  Engine engine(options, {}, 0);
  const TimePoint now(1'000h);
  engine.on_connected(now);
  return bytes_of(engine, now);
}

}  // namespace

TEST_CASE("CONNECT has the standard's layout for every combination of will, user name and password",
          "[connect][MQTT-3.1.2-1][MQTT-3.1.2-2][MQTT-3.1.2-3][MQTT-3.1.2-9][MQTT-3.1.2-11][MQTT-3.1.2-13]"
          "[MQTT-3.1.2-16][MQTT-3.1.2-17][MQTT-3.1.2-18][MQTT-3.1.2-19][MQTT-3.1.3-1][MQTT-3.1.3-3]"
          "[MQTT-2.2.2-1]") {
  const bool has_will = GENERATE(false, true);
  const auto will_qos = GENERATE(QoS::at_most_once, QoS::at_least_once, QoS::exactly_once);
  const bool will_retain = GENERATE(false, true);
  const auto user_name = GENERATE(as<std::optional<std::string>>(), std::nullopt, "", "user");
  const auto password =
      GENERATE(as<std::optional<std::string>>(), std::nullopt, "", std::string("\xFF\0bytes", 7));
  const auto client_id = GENERATE(as<std::string>(), "", "client");
  Options options;
  options.client_id = client_id;
  options.user_name = user_name;
  options.password = password;
  const std::string will_payload = will_retain ? "" : "gone";
  if (has_will)
    options.will = Will{.topic = "will", .payload = will_payload, .qos = will_qos, .retain = will_retain};

  Bytes packet(connect_bytes(options));
  CHECK(packet.byte() == 0x10);
  packet.byte();  // The remaining length: one byte, since all of these are short.
  CHECK(packet.field() == "MQTT");
  CHECK(packet.byte() == 5);
  const unsigned flags = packet.byte();
  const unsigned will_flags =
      has_will ? 0x04U | static_cast<unsigned>(will_qos) << 3 | (will_retain ? 0x20U : 0U) : 0U;
  CHECK(flags == (0x02U | will_flags | (user_name ? 0x80U : 0U) | (password ? 0x40U : 0U)));
  CHECK(packet.take(2) == std::string("\0\x3C", 2));
  CHECK(packet.properties().empty());
  CHECK(packet.field() == client_id);
  if (has_will) {
    CHECK(packet.properties().empty());
    CHECK(packet.field() == "will");
    CHECK(packet.field() == will_payload);
  }
  if (user_name) CHECK(packet.field() == *user_name);
  if (password) CHECK(packet.field() == *password);
  CHECK(packet.empty());
}

TEST_CASE("each property of CONNECT stands there once if it was set, and else not at all",
          "[connect][U-3.1.2.11.3-1][U-3.1.2.11.4-2][U-3.1.2.11.6-1][U-3.1.2.11.2-1]") {
  Options options;
  options.client_id = "c";
  options.connect_properties.receive_maximum = 1;
  options.connect_properties.maximum_packet_size = 9;
  options.connect_properties.request_response_information = true;
  options.connect_properties.request_problem_information = false;
  options.connect_properties.topic_alias_maximum = 3;
  Bytes packet(connect_bytes(options));
  packet.take(2 + 6 + 1 + 1 + 2);
  const std::string expected("\x21\x00\x01\x27\x00\x00\x00\x09\x22\x00\x03\x19\x01\x17\x00", 15);
  CHECK(packet.properties() == expected);
}

TEST_CASE("CONNECT comes first and once on every connection, whatever waits to be sent again",
          "[connect][MQTT-3.1.0-1][U-3.1-1]") {
  EngineUnderTest test;
  test.connect();
  test.publish_numbers(1, 50, QoS::exactly_once);
  test.engine.request({SubscriptionRequest::Kind::subscribe, {{"a", {}}}, {}, 1}, test.now);
  test.write();
  for (int reconnect = 0; reconnect < 20; ++reconnect) {
    test.lose();
    test.publish("more", QoS::at_least_once);
    CHECK(test.open().type == PacketType::connect);  // Nothing but it, too.
    test.receive(support::connack(true));
    CHECK(only(PacketType::connect, test.write()).empty());
  }
}

TEST_CASE("a session that another client id began is not taken up", "[connect][MQTT-3.1.3-2]") {
  Snapshot snapshot;
  snapshot.held = true;
  snapshot.identity.client_id = "before";
  snapshot.expiry = 1h;
  EngineUnderTest test(hour_long_session(), std::move(snapshot));
  CHECK(test.open().clean_start);
}

TEST_CASE("a refusal leaves the session as it was, and nothing is sent again for an error in CONNACK",
          "[connect][U-3.2.2.2-1][U-4.13.1-3]") {
  EngineUnderTest test;
  test.connect();
  test.publish("1", QoS::at_least_once);
  test.write();
  test.lose();
  const auto answer = GENERATE(as<std::string>(), support::connack(false, ReasonCode::not_authorized),
                               std::string("\x20\x03\x03\x00\x00", 5),  // Reserved flags, Session Present 1.
                               std::string("\x20\x05\x01\x00\x02\x24\x02", 7),  // Maximum QoS 2.
                               std::string("\x20\x03\x01\x87\x00", 5));  // Session Present with a refusal.
  test.open();
  test.receive(answer);
  CHECK(test.closing());
  CHECK(only(PacketType::publish, test.write()).empty());
  test.lose();
  CHECK_FALSE(test.connect(true).clean_start);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH dup 1"});
}

TEST_CASE("DISCONNECT from the server instead of CONNACK fails the attempt with its reason",
          "[connect][U-3.14-2]") {
  EngineUnderTest test;
  test.open();
  test.receive(support::disconnect(ReasonCode::server_busy));
  REQUIRE(test.closing());
  CHECK(test.closing_reason() == ReasonCode::server_busy);
  CHECK(test.engine.closing()->error == Errc::server_disconnected);
  CHECK_FALSE(test.engine.is_up());
}

TEST_CASE("a will that asks for more than the broker offers is refused for good, with words for it",
          "[connect][U-3.2.2.3.4-2]") {
  for (const auto code : {ReasonCode::qos_not_supported, ReasonCode::retain_not_supported}) {
    EngineUnderTest test;
    test.open();
    test.receive(support::connack(false, code));
    REQUIRE(test.closing());
    CHECK(test.engine.closing()->end == End::refused_for_good);
    CHECK(test.engine.closing()->what.find("the will asks for more than this broker offers") !=
          std::string::npos);
  }
}
