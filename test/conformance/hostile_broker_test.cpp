// Malformed packets and protocol errors, table by table: each ends the connection with the reason code that
// the standard names, the session survives, the client comes back, and everything that was published arrives.
#include <algorithm>
#include <functional>

#include "integration/client_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

/// Bytes that no honest broker sends, what they are answered with, and which requirements that shows.
struct Poison {
  const char* what;
  std::string bytes;
  ReasonCode reason;
  const char* requirements;
};

/// Where it comes.
enum class Place : std::uint8_t {
  instead_of_connack,
  behind_connack,   ///< In the same bytes.
  in_a_delivery,    ///< While messages are on their way in both directions.
  behind_half_one,  ///< The same, in two pieces.
};

constexpr ReasonCode malformed = ReasonCode::malformed_packet;
constexpr ReasonCode protocol_error = ReasonCode::protocol_error;

std::string bytes(std::initializer_list<int> values) {
  std::string made;
  for (const int value : values)
    made.push_back(static_cast<char>(value));
  return made;
}

/// A packet with `body` behind its fixed header.
std::string packet(int first, const std::string& body) {
  return bytes({first, static_cast<int>(body.size())}) + body;
}

Properties property(PropertyId id, std::uint32_t value) {
  return Properties().add(id, value);
}

std::string publish_with(const Properties& properties, const std::string& topic = "t") {
  return publish(topic, "poison", QoS::at_most_once, 0, false, properties);
}

/// A client with messages of QoS 1 and 2 in flight, and one that has come and is not acknowledged.
class Victim {
 public:
  explicit Victim(const Options& options) : client_(options) {}

  void be_in_the_middle(ScriptedBroker& broker) {
    client_.connect();
    REQUIRE_FALSE(is_error(client_.subscribe("in", QoS::exactly_once)));
    broker.change_behaviour([](Behaviour& behaviour) { behaviour.holds_acknowledgements = true; });
    for (const QoS qos : {QoS::at_least_once, QoS::exactly_once}) {
      for (const std::string& number : numbers(published_, 3))
        deliveries_.push_back(client_.publish("out", number, {.qos = qos}));
      published_ += 3;
    }
    broker.publish({"in", "came", QoS::exactly_once});
    REQUIRE(broker.wait_until([&] { return broker.count(PacketType::publish) == 6; }));
    REQUIRE(eventually([&] { return client_.statistics().inbox_messages == 1; }));
  }

  /// All that was published arrives, at QoS 2 once and in order; what came is handed over once.
  void check_nothing_lost(ScriptedBroker& broker) {
    REQUIRE(broker.wait_until([&] { return broker.count(PacketType::connect) >= 2; }));
    for (const std::string& number : numbers(published_, 2))
      deliveries_.push_back(client_.publish("out", number, {.qos = QoS::exactly_once}));
    published_ += 2;
    CHECK(succeeded(deliveries_) == published_);
    std::vector<std::string> once;
    std::vector<std::string> all;
    for (const AcceptedMessage& message : broker.accepted()) {
      all.push_back(message.payload);
      if (message.qos == QoS::exactly_once) once.push_back(message.payload);
    }
    CHECK(first_arrivals(all) == numbers(0, published_));
    CHECK(once == numbers(3, published_ - 3));
    CHECK(receive_payloads(client_, 1) == std::vector<std::string>{"came"});
    REQUIRE(broker.wait_until([&] { return broker.undelivered("client") == 0; }));
    CHECK_FALSE(client_.receive(0ms));
    CHECK(client_.statistics().sessions_lost == 0);
    // Of a CONNACK with an error in it no limit holds.
    auto violations = broker.violations();
    std::erase(violations, "connection 1: DISCONNECT: larger than Maximum Packet Size");
    CHECK(violations == nothing);
  }

  [[nodiscard]] Client& client() noexcept { return client_; }

 private:
  Client client_;
  std::vector<Delivery> deliveries_;
  std::size_t published_ = 0;
};

Behaviour poisonous(const std::string& poison, Place place) {
  Behaviour behaviour;
  if (place == Place::instead_of_connack) {
    behaviour.on_packet = [poison](BrokerConnection& connection, const Packet& packet) {
      if (packet.type != PacketType::connect) return Verdict::proceed;
      connection.send(poison);
      return Verdict::ignore;
    };
  } else {
    behaviour.before_send = [poison](BrokerConnection& connection, const Packet& packet) {
      if (packet.type != PacketType::connack) return Verdict::proceed;
      connection.send(encode(packet) + poison);
      return Verdict::ignore;
    };
  }
  return behaviour;
}

/// The poison is answered on the connection where it came, which then ends; nothing but the DISCONNECT is
/// sent after it.
void check_answer(ScriptedBroker& broker, std::size_t connection, ReasonCode reason) {
  REQUIRE(broker.wait_until([&] { return !broker.received(connection, PacketType::disconnect).empty(); }));
  CHECK(broker.received(connection, PacketType::disconnect)[0].reason_code == reason);
  REQUIRE(broker.wait_until([&] { return broker.connections() == connection + 2; }));
}

void check(const Poison& poison, Place place, const Options& wishes = {}) {
  CAPTURE(poison.what, poison.requirements, static_cast<int>(place));
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.connect_properties = wishes.connect_properties;
  options.strict_peer = wishes.strict_peer;
  Victim victim(options);
  victim.be_in_the_middle(broker);
  std::size_t connection = 0;
  if (place == Place::in_a_delivery) {
    broker.send(poison.bytes);
  } else if (place == Place::behind_half_one) {
    broker.send(poison.bytes.substr(0, 1));
    broker.schedule(5ms, [&broker, rest = poison.bytes.substr(1)] { broker.send(rest); });
  } else {
    broker.behave_on(1, poisonous(poison.bytes, place));
    broker.reset_connection();
    connection = 1;
  }
  check_answer(broker, connection, poison.reason);
  victim.check_nothing_lost(broker);
  const auto lost = wait_for<Disconnected>(victim.client());
  CHECK(lost);
}

void check_all(const std::vector<Poison>& poisons, std::initializer_list<Place> places,
               const Options& wishes = {}) {
  for (const Poison& poison : poisons) {
    for (const Place place : places)
      check(poison, place, wishes);
  }
}

/// Nothing of these can be told from the packets around them, so they are poison wherever they come.
const std::vector<Poison>& broken_headers() {
  static const std::vector<Poison> all{
      {"packet type 0", bytes({0x00, 0}), malformed, "U-4.13.1-1"},
      {"PUBLISH of QoS 3", bytes({0x36, 6, 0, 1, 't', 0, 1, 0}), malformed, "MQTT-3.3.1-4"},
      {"CONNACK with flags", bytes({0x21, 3, 0, 0, 0}), malformed, "U-2.1.3-1 MQTT-2.1.3-1"},
      {"PUBACK with flags", bytes({0x41, 2, 0, 1}), malformed, "U-2.1.3-1 MQTT-2.1.3-1"},
      {"PUBREL without its flag", bytes({0x60, 2, 0, 1}), malformed, "U-2.1.3-1 MQTT-2.1.3-1"},
      {"SUBACK with flags", bytes({0x91, 4, 0, 1, 0, 0}), malformed, "U-2.1.3-1"},
      {"PINGRESP with flags", bytes({0xD1, 0}), malformed, "U-2.1.3-1"},
      {"DISCONNECT with flags", bytes({0xE1, 0}), malformed, "MQTT-3.14.1-1"},
      {"AUTH with flags", bytes({0xF1, 0}), malformed, "MQTT-3.15.1-1"},
      {"a length of five bytes", bytes({0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1}), malformed, "U-1.5.5-1"},
      {"a length not in its shortest form", bytes({0xD0, 0x80, 0x00}), malformed, "U-1.5.5-2"}};
  return all;
}

}  // namespace

TEST_CASE(
    "a broken fixed header ends the connection with 0x81 wherever it comes, and nothing is lost",
    "[conformance][hostile][MQTT-2.1.3-1][MQTT-3.3.1-4][MQTT-3.14.1-1][MQTT-3.15.1-1][U-2.1.3-1][U-1.5.5-1]"
    "[U-1.5.5-2][U-4.13.1-1][U-4.13.1-2][U-1.2-1]") {
  check_all(broken_headers(),
            {Place::instead_of_connack, Place::behind_connack, Place::in_a_delivery, Place::behind_half_one});
}

TEST_CASE("a malformed packet ends the connection with 0x81, and nothing is lost",
          "[conformance][hostile][MQTT-1.5.4-2][MQTT-1.5.7-1][U-1.5.4-1][U-2.1.4-1][U-2.2.2-1][U-4.13.1-1][U-"
          "1.2-1]") {
  const std::string name_not_utf8 = bytes({0x26, 0, 1, 0xFF, 0, 1, 'v'});
  const std::string value_not_utf8 = bytes({0x26, 0, 1, 'n', 0, 1, 0xFF});
  const std::string topic = bytes({0, 1, 't'});
  const auto with = [](const std::string& properties) {
    return bytes({static_cast<int>(properties.size())}) + properties;
  };
  check_all(
      {{"a topic with U+0000", packet(0x30, bytes({0, 3, 'a', 0, 'b', 0})), malformed,
        "MQTT-1.5.4-2 U-1.5.4-1"},
       {"a topic that is not UTF-8", packet(0x30, bytes({0, 1, 0xFF, 0})), malformed, "U-1.5.4-1"},
       {"a topic with a surrogate", packet(0x30, bytes({0, 3, 0xED, 0xA0, 0x80, 0})), malformed, "U-1.5.4-1"},
       {"a user property with a bad name", packet(0x30, topic + with(name_not_utf8)), malformed,
        "MQTT-1.5.7-1"},
       {"a user property with a bad value", packet(0x30, topic + with(value_not_utf8)), malformed,
        "MQTT-1.5.7-1"},
       {"a reason string that is not UTF-8", packet(0x40, bytes({0, 9, 0, 4, 0x1F, 0, 1, 0xFF})), malformed,
        "U-1.5.4-1"},
       {"a PUBLISH cut in its topic", packet(0x30, bytes({0, 9, 't'})), malformed, "U-2.1.4-1"},
       {"a PUBACK cut in its identifier", packet(0x40, bytes({0})), malformed, "U-2.1.4-1"},
       {"a PUBACK with bytes behind it", packet(0x40, bytes({0, 1, 0, 0, 0})), malformed, "U-2.1.4-1"},
       {"a PINGRESP with a body", packet(0xD0, "x"), malformed, "U-2.1.4-1"},
       {"a DISCONNECT with bytes behind it", packet(0xE0, bytes({0, 0, 0})), malformed, "U-2.1.4-1"},
       {"DUP at QoS 0", packet(0x38, topic + bytes({0})), malformed, "MQTT-3.3.1-2"},
       {"a property of another packet", packet(0x30, topic + with(bytes({0x21, 0, 1}))), malformed,
        "U-2.2.2-1"},
       {"a property that nobody knows", packet(0x30, topic + with(bytes({0x7F, 0}))), malformed, "U-2.2.2-1"},
       {"a property cut in its value", packet(0x30, topic + with(bytes({0x02, 0, 0}))), malformed,
        "U-2.2.2-1"}},
      {Place::behind_connack, Place::in_a_delivery});
}

TEST_CASE(
    "a packet that may not come ends the connection with the most specific reason, and nothing is lost",
    "[conformance][hostile][U-2.2.1-3][U-2.2.2-2][U-3.3.2.1-1][U-3.3.2.3.4-2][U-3.3.2.3.8-1][U-3.1.2.11.5-1]"
    "[U-3.2-2][U-3.15-1][U-3.4.2-2][U-4.13.1-1][U-4.13.1-2][U-1.2-1]") {
  check_all(
      {{"a second CONNACK", connack(true), protocol_error, "U-3.2-2"},
       {"AUTH though no method was asked for", bytes({0xF0, 0}), protocol_error, "U-3.15-1"},
       {"a packet that only clients send: CONNECT",
        packet(0x10, bytes({0, 4, 'M', 'Q', 'T', 'T', 5, 2, 0, 0, 0, 0, 0})), protocol_error, "U-4.13.1-1"},
       {"a packet that only clients send: PINGREQ", bytes({0xC0, 0}), protocol_error, "U-4.13.1-1"},
       {"a packet that only clients send: SUBSCRIBE", packet(0x82, bytes({0, 1, 0, 0, 1, 't', 0})),
        protocol_error, "U-4.13.1-1"},
       {"a PUBLISH with identifier 0", packet(0x32, bytes({0, 1, 't', 0, 0, 0})), protocol_error,
        "U-2.2.1-3"},
       {"a PUBACK with identifier 0", packet(0x40, bytes({0, 0})), protocol_error, "U-2.2.1-3"},
       {"a PUBLISH without topic and alias", publish_with({}, ""), protocol_error, "U-3.3.2.1-1"},
       {"an alias though none may be", publish_with(property(PropertyId::topic_alias, 1)),
        ReasonCode::topic_alias_invalid, "U-3.1.2.11.5-1 U-3.3.2.3.4-2"},
       {"the alias 0", publish_with(property(PropertyId::topic_alias, 0)), ReasonCode::topic_alias_invalid,
        "U-3.3.2.3.4-2"},
       {"a subscription identifier of 0", publish_with(property(PropertyId::subscription_identifier, 0)),
        protocol_error, "U-3.3.2.3.8-1"},
       {"a property twice",
        publish_with(
            property(PropertyId::message_expiry_interval, 1).add(PropertyId::message_expiry_interval, 1)),
        protocol_error, "U-2.2.2-2"},
       {"a PUBACK with a success that it does not have", packet(0x40, bytes({0, 9, 0x04})), protocol_error,
        "U-3.4.2-2"},
       {"a SUBACK without reason codes", packet(0x90, bytes({0, 9, 0})), protocol_error, "U-3.9.3-1"},
       {"a SUBACK that grants QoS 3", packet(0x90, bytes({0, 9, 0, 3})), protocol_error, "U-3.9.3-1"}},
      {Place::behind_connack, Place::in_a_delivery});
}

TEST_CASE(
    "what comes before CONNACK, and what is no CONNACK, ends the attempt with 0x82, and nothing is lost",
    "[conformance][hostile][U-3.2-2]") {
  check_all({{"a PUBLISH", publish("t", "early"), protocol_error, "U-3.2-2"},
             {"a PINGRESP", pingresp(), protocol_error, "U-3.2-2"},
             {"a SUBACK", answer(PacketType::suback, 1, {ReasonCode::success}), protocol_error, "U-3.2-2"},
             {"a packet that only clients send", bytes({0xC0, 0}), protocol_error, "U-3.2-2"}},
            {Place::instead_of_connack});
}

TEST_CASE(
    "a CONNACK with an error in it ends the attempt, sends nothing of the session, and nothing is lost",
    "[conformance][hostile][U-2.2.2-2][U-3.2.2.1-1][U-3.2.2.1-2][U-3.2.2.3.3-1][U-3.2.2.3.4-1][U-3.2.2.3.5-1]"
    "[U-3.2.2.3.6-1][U-4.13.1-3]") {
  std::vector<Poison> poisons{
      {"reserved flags", packet(0x20, bytes({3, 0, 0})), malformed, "U-3.2.2.1-1"},
      {"a refusal with session present", packet(0x20, bytes({1, 0x87, 0})), protocol_error, "U-3.2.2.1-2"},
      {"a reason of another packet", packet(0x20, bytes({1, 0x10, 0})), protocol_error, "U-4.13.1-3"},
      {"cut off", packet(0x20, bytes({1})), malformed, "U-4.13.1-3"},
      {"bytes behind it", packet(0x20, bytes({1, 0, 0, 0})), malformed, "U-4.13.1-3"},
      {"a property of another packet", connack(true, {}, property(PropertyId::topic_alias, 1)), malformed,
       "U-2.2.2-1"},
      {"Receive Maximum 0", connack(true, {}, property(PropertyId::receive_maximum, 0)), protocol_error,
       "U-3.2.2.3.3-1"},
      {"Maximum QoS 2", connack(true, {}, property(PropertyId::maximum_qos, 2)), protocol_error,
       "U-3.2.2.3.4-1"},
      {"Maximum Packet Size 0", connack(true, {}, property(PropertyId::maximum_packet_size, 0)),
       protocol_error, "U-3.2.2.3.6-1"}};
  for (const PropertyId id :
       {PropertyId::retain_available, PropertyId::wildcard_subscription_available,
        PropertyId::subscription_identifiers_available, PropertyId::shared_subscription_available}) {
    poisons.push_back(
        {"an availability of 2", connack(true, {}, property(id, 2)), protocol_error, "U-3.2.2.3.5-1"});
    poisons.push_back({"an availability twice", connack(true, {}, property(id, 1).add(id, 1)), protocol_error,
                       "U-3.2.2.3.5-1 U-2.2.2-2"});
  }
  for (const PropertyId id : {PropertyId::receive_maximum, PropertyId::maximum_qos,
                              PropertyId::maximum_packet_size, PropertyId::session_expiry_interval,
                              PropertyId::topic_alias_maximum, PropertyId::server_keep_alive}) {
    poisons.push_back(
        {"a property twice", connack(true, {}, property(id, 1).add(id, 1)), protocol_error, "U-2.2.2-2"});
  }
  check_all(poisons, {Place::instead_of_connack});
}

TEST_CASE("nothing of the session is sent on a connection whose CONNACK is broken",
          "[conformance][hostile][U-4.13.1-3]") {
  ScriptedBroker broker;
  Victim victim(quick(broker.server()));
  victim.be_in_the_middle(broker);
  broker.behave_on(
      1, poisonous(connack(true, {}, property(PropertyId::receive_maximum, 0)), Place::instead_of_connack));
  broker.reset_connection();
  check_answer(broker, 1, protocol_error);
  CHECK(broker.received(1, PacketType::publish).empty());
  CHECK(broker.received(1, PacketType::pubrel).empty());
  victim.check_nothing_lost(broker);
}

TEST_CASE("an answer that does not fit what was asked ends the connection, and the question is asked again",
          "[conformance][hostile][U-3.9.3-1]") {
  const bool unsubscribe = GENERATE(false, true);
  const PacketType question = unsubscribe ? PacketType::unsubscribe : PacketType::subscribe;
  const PacketType type = unsubscribe ? PacketType::unsuback : PacketType::suback;
  const std::size_t codes = GENERATE(1u, 3u);
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  broker.change_behaviour([&](Behaviour& behaviour) {
    behaviour.on_packet = [=](BrokerConnection& connection, const Packet& packet) {
      if (packet.type != question) return Verdict::proceed;
      connection.send(
          answer(type, packet.packet_identifier, std::vector<ReasonCode>(codes, ReasonCode::success)));
      return Verdict::ignore;
    };
  });
  const std::vector<ReasonCode> answered =
      unsubscribe ? client.unsubscribe(std::vector<std::string>{"a", "b"})
                  : client.subscribe(std::vector<TopicFilter>{{"a", {}}, {"b", {}}});
  CHECK(answered.size() == 2);
  check_answer(broker, 0, protocol_error);
  CHECK(broker.received(1, question).size() == 1);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("an acknowledgement of the wrong kind ends the connection, and the message is sent again",
          "[conformance][hostile][U-4.13.1-1]") {
  const PacketType wrong = GENERATE(PacketType::pubrec, PacketType::pubcomp);
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  broker.change_behaviour([&](Behaviour& behaviour) {
    behaviour.before_send = [=](BrokerConnection& connection, const Packet& packet) {
      if (packet.type != PacketType::puback) return Verdict::proceed;
      connection.send(acknowledgement(wrong, packet.packet_identifier));
      return Verdict::ignore;
    };
  });
  const Delivery delivery = client.publish("t", "x", {.qos = QoS::at_least_once});
  REQUIRE(delivery.wait_for(patience));
  CHECK_FALSE(delivery.result().error);
  CHECK(delivery.result().repeated);
  check_answer(broker, 0, protocol_error);
}

TEST_CASE("a strict client ends the connection at a broken limit of its own, with the reason for it",
          "[conformance][hostile][U-3.1.2.11.3-2][U-3.1.2.11.4-1][U-3.1.2.11.7-1][U-4.13.1-2]") {
  Options strict;
  strict.strict_peer = true;
  strict.connect_properties.receive_maximum = 2;
  strict.connect_properties.maximum_packet_size = 100;
  strict.connect_properties.request_problem_information = false;
  const std::string two =
      publish("t", "1", QoS::exactly_once, 101) + publish("t", "2", QoS::exactly_once, 102);
  const auto sized = [](std::size_t size) { return publish("t", std::string(size - 6, 'x')); };
  REQUIRE(sized(100).size() == 100);
  const Poison overrun{"more than Receive Maximum", two, ReasonCode::receive_maximum_exceeded,
                       "U-3.1.2.11.3-2"};
  const Poison oversized{"above Maximum Packet Size", sized(101), ReasonCode::packet_too_large,
                         "U-3.1.2.11.4-1"};
  const Poison words{"a reason string nobody wants",
                     answer(PacketType::suback, 9, {ReasonCode::success},
                            Properties().add(PropertyId::reason_string, "why")),
                     protocol_error, "U-3.1.2.11.7-1"};
  for (const Poison& poison : {overrun, oversized, words}) {
    CAPTURE(poison.what);
    ScriptedBroker broker;
    Options options = quick(broker.server());
    options.connect_properties = strict.connect_properties;
    options.strict_peer = true;
    options.ack = Ack::manual;
    Client client(options);
    client.connect();
    broker.send(sized(100) + publish("t", "held", QoS::exactly_once, 100));
    REQUIRE(client.receive(patience));
    REQUIRE(client.receive(patience));
    broker.send(poison.bytes);
    check_answer(broker, 0, poison.reason);
    synchronize(client);
  }
}

TEST_CASE("discouraged characters and a payload that is no text do not end the connection",
          "[conformance][hostile][U-1.5.4-3][U-3.3.2.3.2-1]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  Client client(options);
  client.connect();
  broker.send(publish("a\x01"
                      "b",
                      "1") +
              publish("a\xEF\xBF\xBF", "2"));
  broker.send(
      publish("t", "\xFF", QoS::at_most_once, 0, false, property(PropertyId::payload_format_indicator, 1)));
  CHECK(receive_payloads(client, 3) == std::vector<std::string>{"1", "2", "\xFF"});
  synchronize(client);
  CHECK(broker.connections() == 1);
}
