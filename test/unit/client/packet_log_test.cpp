#include "client/packet_log.hpp"

#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/broker_packets.hpp"
#include "support/catch.hpp"
#include "tools.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace holdfast::support;
using holdfast::test::bytes_of;

namespace {

/// What is logged of packets, each line behind its "holdfast: ".
class Logged {
 public:
  explicit Logged(bool has_properties = true) : log_(logger(), id_, has_properties) {}

  std::string received(std::string_view bytes, std::size_t piece = 1'000'000) {
    text_.str("");
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
      log_.on_received(bytes_of(bytes.substr(0, piece)));
    return text_.str();
  }

  std::string sent(std::string_view bytes) {
    text_.str("");
    const std::array pieces{bytes_of(bytes.substr(0, 1)), bytes_of(bytes.substr(1)), bytes_of("not written")};
    log_.on_sent(pieces, bytes.size());
    return text_.str();
  }

  void set_client_id(const std::string& id) { id_ = id; }

 private:
  std::shared_ptr<spdlog::logger> logger() {
    auto made =
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    made->set_level(spdlog::level::debug);
    made->set_pattern("%v");
    return made;
  }

  std::string id_ = "me";
  std::ostringstream text_;
  PacketLog log_;
};

std::string line(const std::string& words) {
  return "holdfast: Client me " + words + "\n";
}

std::string raw(std::initializer_list<unsigned> bytes, std::string_view text = "") {
  std::string packet;
  for (const unsigned byte : bytes)
    packet += static_cast<char>(byte);
  return packet.append(text);
}

}  // namespace

TEST_CASE("the log tells each packet in mosquitto's words", "[client][log]") {
  Logged logged;
  CHECK(logged.sent(raw({0x10, 0x00})) == line("sending CONNECT"));
  CHECK(logged.received(connack(false)) == line("received CONNACK (0)"));
  CHECK(logged.sent(raw({0x33, 13, 0, 3}, std::string_view("a/b\0\7\0hello", 11))) ==
        line("sending PUBLISH (d0, q1, r1, m7, 'a/b', ... (5 bytes))"));
  CHECK(logged.received(acknowledgement(PacketType::puback, 7, ReasonCode::no_matching_subscribers)) ==
        line("received PUBACK (Mid: 7, RC:16)"));
  CHECK(logged.received(publish("a", "", QoS::at_most_once, 0, false,
                                Properties().add(PropertyId::content_type, "text"))) ==
        line("received PUBLISH (d0, q0, r0, m0, 'a', ... (0 bytes))"));
  CHECK(logged.sent(acknowledgement(PacketType::pubrec, 9, ReasonCode::quota_exceeded)) ==
        line("sending PUBREC (m9, rc151)"));
  CHECK(logged.received(acknowledgement(PacketType::pubrel, 9)) == line("received PUBREL (Mid: 9)"));
  CHECK(logged.sent(acknowledgement(PacketType::pubcomp, 9)) == line("sending PUBCOMP (m9)"));
  CHECK(logged.sent(acknowledgement(PacketType::puback, 9)) == line("sending PUBACK (m9, rc0)"));
  CHECK(logged.received(acknowledgement(PacketType::pubrec, 9)) == line("received PUBREC (Mid: 9)"));
  CHECK(logged.sent(acknowledgement(PacketType::pubrel, 9)) == line("sending PUBREL (m9)"));
  CHECK(logged.received(acknowledgement(PacketType::pubcomp, 9)) == line("received PUBCOMP (Mid: 9, RC:0)"));
  CHECK(logged.sent(raw({0x82, 12, 0, 5, 0, 0, 1}, std::string_view("a\x2d\0\2b/\0", 7))) ==
        line("sending SUBSCRIBE (Mid: 5, Topic: a, QoS: 1, Options: 0x2c)") +
            line("sending SUBSCRIBE (Mid: 5, Topic: b/, QoS: 0, Options: 0x00)"));
  CHECK(logged.received(answer(PacketType::suback, 5, {ReasonCode::success, ReasonCode::quota_exceeded})) ==
        line("received SUBACK") + "holdfast: Subscribed (mid: 5): 0, 151\n");
  CHECK(logged.sent(raw({0xA2, 9, 0, 6, 0, 0, 1}, std::string_view("a\0\1b", 4))) ==
        line("sending UNSUBSCRIBE (Mid: 6, Topic: a)") + line("sending UNSUBSCRIBE (Mid: 6, Topic: b)"));
  CHECK(logged.received(answer(PacketType::unsuback, 6, {ReasonCode::success})) == line("received UNSUBACK"));
  CHECK(logged.sent(raw({0xC0, 0})) + logged.received(raw({0xD0, 0})) ==
        line("sending PINGREQ") + line("received PINGRESP"));
  CHECK(logged.sent(raw({0xE0, 0})) == line("sending DISCONNECT"));
  CHECK(logged.received(raw({0xE0, 1, 0x8B})) == "holdfast: Received DISCONNECT (139)\n");
}

TEST_CASE("the log reads MQTT 3.1.1, which has no properties", "[client][log]") {
  Logged logged(false);
  CHECK(logged.received(raw({0x32, 0x08, 0, 1, 'a', 0, 2}, "xyz")) ==
        line("received PUBLISH (d0, q1, r0, m2, 'a', ... (3 bytes))"));
  CHECK(logged.sent(raw({0x82, 6, 0, 5, 0, 1, 'a', 2})) ==
        line("sending SUBSCRIBE (Mid: 5, Topic: a, QoS: 2, Options: 0x00)"));
  CHECK(logged.received(raw({0x90, 3, 0, 5, 0x80})) ==
        line("received SUBACK") + "holdfast: Subscribed (mid: 5): 128\n");
}

TEST_CASE("the log tells packets that come in any pieces, however large", "[client][log]") {
  const std::string packets =
      publish("a/b", std::string(100'000, 'x')) + acknowledgement(PacketType::puback, 7) + pingresp();
  const std::size_t piece = GENERATE(1U, 7U, 4096U, 1'000'000U);
  CHECK(Logged().received(packets, piece) ==
        line("received PUBLISH (d0, q0, r0, m0, 'a/b', ... (100000 bytes))") +
            line("received PUBACK (Mid: 7, RC:0)") + line("received PINGRESP"));
}

TEST_CASE("the log tells the size of a payload behind large properties, and a long topic as a whole",
          "[client][log]") {
  const Properties large = Properties().add(PropertyId::correlation_data, std::string(5'000, 'x'));
  CHECK(Logged().received(publish("a", "xyz", QoS::at_most_once, 0, false, large)) ==
        line("received PUBLISH (d0, q0, r0, m0, 'a', ... (3 bytes))"));
  const std::string topic(4'000, 'a');
  CHECK(Logged().received(publish(topic, "x")) ==
        line("received PUBLISH (d0, q0, r0, m0, '" + topic + "', ... (1 bytes))"));
}

TEST_CASE("the log tells the topic of what is sent under an alias", "[client][log]") {
  Logged logged;
  const auto sent = [&](const std::string& topic, std::uint32_t alias) {
    return logged.sent(
        publish(topic, "x", QoS::at_most_once, 0, false, Properties().add(PropertyId::topic_alias, alias)));
  };
  const auto told = [](const std::string& topic) {
    return line("sending PUBLISH (d0, q0, r0, m0, '" + topic + "', ... (1 bytes))");
  };
  CHECK(sent("one", 1) == told("one"));
  CHECK(sent("two", 2) == told("two"));
  CHECK(sent("", 1) == told("one"));
  CHECK(sent("three", 1) == told("three"));
  CHECK(sent("", 1) == told("three"));
  CHECK(sent("", 2) == told("two"));
}

TEST_CASE("the log shows no control characters, and of what is malformed what can be read", "[client][log]") {
  Logged logged;
  const auto received = [&](const std::string& topic) { return logged.received(publish(topic, "x")); };
  const auto told = [](const std::string& topic) {
    return line("received PUBLISH (d0, q0, r0, m0, '" + topic + "', ... (1 bytes))");
  };
  CHECK(received("ä\x1b[2J\x7f") == told("ä\\x1B[2J\\x7F"));
  CHECK(received("\xc2\x9b"
                 "2J\xc2\xa0") == told("\\xC2\\x9B"
                                       "2J\xc2\xa0"));
  CHECK(received("\xff") == told("\\xFF"));
  CHECK(logged.received(raw({0x40, 0})) == line("received PUBACK (Mid: 0, RC:0)"));
  CHECK(logged.received(raw({0x30, 3, 0, 200, 'a'})) ==
        line("received PUBLISH (d0, q0, r0, m0, 'a', ... (0 bytes))"));
  CHECK(logged.received(raw({0x90, 1, 0})) == line("received SUBACK") + "holdfast: Subscribed (mid: 0): \n");
  logged.set_client_id("");  // The broker has yet to give one.
  CHECK(logged.received(raw({0x20, 0})) == "holdfast: Client (null) received CONNACK (0)\n");
  CHECK(logged.received(raw({0x40, 0xFF, 0xFF, 0xFF, 0xFF, 0x40, 0x00})) == "");
}
