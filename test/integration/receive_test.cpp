// Messages coming in: delivered once, acknowledged when they should be, bounded when nobody takes them.
#include <poll.h>

#include <iterator>
#include <mutex>
#include <set>
#include <thread>

#include "client_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

/// A client that is subscribed to "t".
Client& subscribed(Client& client, QoS qos) {
  client.connect();
  REQUIRE_FALSE(is_error(client.subscribe("t", qos)));
  return client;
}

void publish_numbers(ScriptedBroker& broker, std::size_t first, std::size_t count, QoS qos) {
  for (const std::string& number : numbers(first, count))
    broker.publish({"t", number, qos});
}

bool readable(int descriptor) {
  pollfd polled{descriptor, POLLIN, 0};
  return ::poll(&polled, 1, 0) == 1;
}

std::vector<std::uint16_t> identifiers_of(const std::vector<LoggedPacket>& packets) {
  std::vector<std::uint16_t> identifiers;
  for (const LoggedPacket& packet : packets)
    identifiers.push_back(packet.packet_identifier);
  return identifiers;
}

}  // namespace

TEST_CASE("messages waiting in the inbox when the session is resumed are delivered once",
          "[integration][receive]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  subscribed(client, qos);
  publish_numbers(broker, 0, 3, qos);
  REQUIRE(eventually([&] { return client.statistics().inbox_messages == 3; }));
  broker.reset_connection();
  // The broker sends them again, with DUP and the same identifiers.
  REQUIRE(eventually([&] { return client.statistics().duplicates_suppressed == 3; }));
  publish_numbers(broker, 3, 1, qos);
  CHECK(receive_payloads(client, 4) == numbers(0, 4));
  CHECK(broker.wait_until([&] { return broker.undelivered("client") == 0; }));
  CHECK_FALSE(client.receive(0ms));
  CHECK(client.statistics().received == 4);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a message is acknowledged when it is handed over, not before", "[integration][receive]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  subscribed(client, QoS::at_least_once);
  publish_numbers(broker, 0, 2, QoS::at_least_once);
  REQUIRE(eventually([&] { return client.statistics().inbox_messages == 2; }));
  synchronize(client);
  CHECK(broker.count(PacketType::puback) == 0);
  CHECK(client.receive(0ms)->payload() == "0");
  CHECK(broker.wait_until([&] { return broker.count(PacketType::puback) == 1; }));
  CHECK(broker.undelivered("client") == 1);
}

TEST_CASE("acknowledgements by hand may come in any order and leave in the protocol's",
          "[integration][receive]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  const PacketType type = qos == QoS::at_least_once ? PacketType::puback : PacketType::pubrec;
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.ack = Ack::manual;
  Client client(options);
  subscribed(client, qos);
  publish_numbers(broker, 0, 3, qos);
  std::vector<Message> messages;
  for (int index = 0; index < 3; ++index)
    messages.push_back(*client.receive(patience));
  messages[2].ack();
  client.ack(messages[1]);
  synchronize(client);
  CHECK(broker.count(type) == 0);
  messages[0].ack();
  messages[0].ack();
  REQUIRE(broker.wait_until([&] { return broker.count(type) == 3; }));
  const std::vector<std::uint16_t> expected{messages[0].packet_identifier(), messages[1].packet_identifier(),
                                            messages[2].packet_identifier()};
  CHECK(identifiers_of(broker.received(type)) == expected);
  CHECK(broker.wait_until([&] { return broker.undelivered("client") == 0; }));
  CHECK(broker.violations() == nothing);
}

TEST_CASE("an acknowledgement of an earlier connection is never sent on a new one",
          "[integration][receive]") {
  ScriptedBroker broker;
  Behaviour no_redelivery;
  no_redelivery.before_send = ignoring(PacketType::publish);
  broker.behave_on(1, no_redelivery);
  Options options = quick(broker.server());
  options.ack = Ack::manual;
  Client client(options);
  subscribed(client, QoS::at_least_once);
  publish_numbers(broker, 0, 1, QoS::at_least_once);
  auto message = client.receive(patience);
  REQUIRE(message);
  broker.reset_connection();
  REQUIRE(eventually([&] { return client.statistics().connects == 2; }));
  message->ack();
  synchronize(client);
  CHECK(broker.count(PacketType::puback) == 0);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a message that was handed over before the connection was lost is acknowledged on the new one",
          "[integration][receive]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.ack = Ack::manual;
  Client client(options);
  subscribed(client, QoS::exactly_once);
  publish_numbers(broker, 0, 1, QoS::exactly_once);
  auto message = client.receive(patience);
  REQUIRE(message);
  broker.reset_connection();
  REQUIRE(eventually([&] { return client.statistics().duplicates_suppressed == 1; }));
  message->ack();
  CHECK(broker.wait_until([&] { return broker.undelivered("client") == 0; }));
  CHECK_FALSE(client.receive(20ms));
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a PUBREL for a forgotten packet identifier gets PUBCOMP 0x92 and the connection stays",
          "[integration][receive][mqtt5]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  broker.send(acknowledgement(PacketType::pubrel, 77));
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::pubcomp) == 1; }));
  CHECK(broker.received(PacketType::pubcomp)[0].reason_code == ReasonCode::packet_identifier_not_found);
  synchronize(client);
  CHECK(broker.connections() == 1);
}

TEST_CASE("topic aliases of the broker stand for full topics", "[integration][receive][mqtt5]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.connect_properties.topic_alias_maximum = 2;
  Client client(options);
  client.connect();
  const auto alias = [](std::uint32_t number) { return Properties().add(PropertyId::topic_alias, number); };
  SECTION("known") {
    broker.send(publish("a/b", "1", QoS::at_most_once, 0, false, alias(2)));
    broker.send(publish("", "2", QoS::at_most_once, 0, false, alias(2)));
    broker.send(publish("a/b", "3"));
    for (const std::optional<std::uint16_t> number : {std::optional<std::uint16_t>(2), {2}, {}}) {
      const auto message = client.receive(patience);
      REQUIRE(message);
      CHECK(message->topic() == "a/b");
      CHECK(message->topic_alias() == number);
    }
    return;
  }
  ReasonCode expected = ReasonCode::topic_alias_invalid;
  SECTION("0") {
    broker.send(publish("a", "", QoS::at_most_once, 0, false, alias(0)));
  }
  SECTION("above the maximum") {
    broker.send(publish("a", "", QoS::at_most_once, 0, false, alias(3)));
  }
  SECTION("unknown") {
    broker.send(publish("", "", QoS::at_most_once, 0, false, alias(1)));
    expected = ReasonCode::protocol_error;
  }
  SECTION("of an earlier connection") {
    broker.send(publish("a", "", QoS::at_most_once, 0, false, alias(1)));
    REQUIRE(client.receive(patience));
    broker.reset_connection();
    REQUIRE(eventually([&] { return client.statistics().connects == 2; }));
    broker.send(publish("", "", QoS::at_most_once, 0, false, alias(1)));
    expected = ReasonCode::protocol_error;
  }
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::disconnect) == 1; }));
  CHECK(broker.received(PacketType::disconnect)[0].reason_code == expected);
  CHECK_FALSE(client.receive(0ms));
}

TEST_CASE(
    "a message above our Maximum Packet Size is refused and counted, or ends the connection when strict",
    "[integration][receive][mqtt5]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.connect_properties.maximum_packet_size = 100;
  options.strict_peer = GENERATE(false, true);
  Client client(options);
  client.connect();
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  broker.send(publish("t", std::string(1'000, 'x'), qos, 5));
  broker.send(publish("t", "small"));
  if (options.strict_peer) {
    REQUIRE(broker.wait_until([&] { return broker.count(PacketType::disconnect) == 1; }));
    CHECK(broker.received(PacketType::disconnect)[0].reason_code == ReasonCode::packet_too_large);
    return;
  }
  CHECK(client.receive(patience)->payload() == "small");
  const PacketType type = qos == QoS::at_least_once ? PacketType::puback : PacketType::pubrec;
  REQUIRE(broker.wait_until([&] { return broker.count(type) == 1; }));
  CHECK(broker.received(type)[0].packet_identifier == 5);
  CHECK(broker.received(type)[0].reason_code == ReasonCode::implementation_specific_error);
  CHECK(client.statistics().oversized_packets == 1);
  CHECK(broker.connections() == 1);
}

TEST_CASE("a broker that exceeds our Receive Maximum is counted, or disconnected when strict",
          "[integration][receive][mqtt5]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.connect_properties.receive_maximum = 2;
  options.strict_peer = GENERATE(false, true);
  Client client(options);
  client.connect();
  for (std::uint16_t id = 1; id <= 3; ++id)
    broker.send(publish("t", "x", QoS::at_least_once, id));
  // Before any is taken, and so acknowledged.
  if (!options.strict_peer) REQUIRE(eventually([&] { return client.statistics().received == 3; }));
  if (options.strict_peer) {
    REQUIRE(broker.wait_until([&] { return broker.count(PacketType::disconnect) == 1; }));
    CHECK(broker.received(PacketType::disconnect)[0].reason_code == ReasonCode::receive_maximum_exceeded);
    return;
  }
  CHECK(receive_payloads(client, 3).size() == 3);
  CHECK(broker.wait_until([&] { return broker.count(PacketType::puback) == 3; }));
  CHECK(client.statistics().receive_maximum_overruns == 1);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("what our limits are is told to the broker", "[integration][receive][mqtt5]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.keep_alive = 17s;
  options.connect_properties.receive_maximum = 3;
  options.connect_properties.maximum_packet_size = 1'000;
  options.connect_properties.topic_alias_maximum = 4;
  options.connect_properties.request_response_information = true;
  options.connect_properties.request_problem_information = false;
  options.connect_properties.user_properties = {{"a", "1"}, {"a", "2"}};
  Client client(options);
  client.connect();
  const auto connect = broker.received(PacketType::connect).at(0);
  CHECK(connect.keep_alive == 17);
  CHECK(connect.properties.number(PropertyId::receive_maximum) == 3u);
  CHECK(connect.properties.number(PropertyId::maximum_packet_size) == 1'000u);
  CHECK(connect.properties.number(PropertyId::topic_alias_maximum) == 4u);
  CHECK(connect.properties.number(PropertyId::request_response_information) == 1u);
  CHECK(connect.properties.number(PropertyId::request_problem_information) == 0u);
  CHECK(connect.properties.user_properties() == UserProperties{{"a", "1"}, {"a", "2"}});
}

TEST_CASE("a QoS 0 flood that nobody takes pauses the reading; a call that waits gets its answer",
          "[integration][receive]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.inbox_messages_max = 100;
  Client client(options);
  subscribed(client, QoS::at_most_once);
  const std::string payload(1'000, 'x');
  for (int index = 0; index < 10'000; ++index)
    broker.publish({"t", payload, QoS::at_most_once});
  REQUIRE(eventually([&] { return client.statistics().reading_paused; }));
  CHECK(client.statistics().dropped == 0);
  CHECK(client.statistics().inbox_messages >= 100);
  CHECK(client.statistics().inbox_messages <= 1'000);  // The bound, and what one read may bring.
  CHECK(throughout(50ms, [&] { return client.statistics().inbox_messages <= 1'000; }));

  SECTION("subscribe") {
    CHECK(client.subscribe("other", QoS::at_least_once) == ReasonCode::granted_qos_1);
  }
  SECTION("wait for a delivery") {
    CHECK(client.publish("other", "x", {.qos = QoS::at_least_once}).wait_for(patience));
  }
  SECTION("flush") {
    client.publish("other", "x", {.qos = QoS::at_least_once});
    CHECK(client.flush(patience));
  }
  CHECK(client.statistics().dropped > 0);
  CHECK(client.statistics().inbox_messages <= 1'000);
  CHECK(broker.connections() == 1);
}

TEST_CASE("reading goes on once the application takes messages, and nothing is lost",
          "[integration][receive]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.inbox_messages_max = 10;
  Client client(options);
  subscribed(client, QoS::at_most_once);
  const std::string filling(1'000, 'x');
  for (int index = 0; index < 3'000; ++index) {
    broker.publish({"t", std::to_string(index) + filling, QoS::at_most_once});
  }
  REQUIRE(eventually([&] { return client.statistics().reading_paused; }));
  std::vector<std::string> expected;
  for (int index = 0; index < 3'000; ++index)
    expected.push_back(std::to_string(index) + filling);
  CHECK(difference(receive_payloads(client, 3'000), expected) == "");
  CHECK(client.statistics().dropped == 0);
}

TEST_CASE("a full inbox may drop the oldest or the newest QoS 0 message instead", "[integration][receive]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.inbox_messages_max = 10;
  options.inbox_full = GENERATE(InboxFull::drop_oldest, InboxFull::drop_newest);
  Client client(options);
  subscribed(client, QoS::at_least_once);
  publish_numbers(broker, 0, 100, QoS::at_most_once);
  publish_numbers(broker, 100, 1, QoS::at_least_once);
  REQUIRE(eventually([&] {
    return client.statistics().received + client.statistics().dropped >= 101 &&
           client.statistics().inbox_messages == 11;
  }));
  const bool oldest = options.inbox_full == InboxFull::drop_oldest;
  auto expected = numbers(oldest ? 90 : 0, 10);
  expected.push_back("100");
  CHECK(receive_payloads(client, 11) == expected);
  CHECK(client.statistics().dropped == 90);
}

static_assert(std::input_iterator<decltype(std::declval<Client&>().messages().begin())>);

TEST_CASE("several threads take messages and each is taken once", "[integration][receive]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  subscribed(client, QoS::at_least_once);
  std::mutex mutex;
  std::multiset<std::string> taken;
  std::vector<std::thread> threads;
  for (int index = 0; index < 4; ++index) {
    threads.emplace_back([&] {
      for (auto& message : client.messages()) {
        const std::lock_guard lock(mutex);
        taken.emplace(message.payload());
      }
    });
  }
  publish_numbers(broker, 0, 500, QoS::at_least_once);
  CHECK(broker.wait_until([&] { return broker.undelivered("client") == 0; }));
  client.disconnect();  // Ends the loops.
  for (std::thread& thread : threads)
    thread.join();
  auto expected = numbers(0, 500);
  std::sort(expected.begin(), expected.end());
  CHECK(difference({taken.begin(), taken.end()}, expected) == "");
  CHECK(broker.violations() == nothing);
}

TEST_CASE("fd() polls readable exactly while a message or an event waits", "[integration][receive]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  CHECK_FALSE(readable(client.fd()));
  client.connect();
  CHECK(eventually([&] { return readable(client.fd()); }));  // The event.
  REQUIRE(wait_for<Connected>(client));
  CHECK_FALSE(readable(client.fd()));
  client.subscribe("t", QoS::at_least_once);
  CHECK_FALSE(readable(client.fd()));
  publish_numbers(broker, 0, 2, QoS::at_least_once);
  CHECK(eventually([&] { return readable(client.fd()); }));
  CHECK(client.receive(patience));
  CHECK(client.receive(patience));
  CHECK_FALSE(readable(client.fd()));
}

TEST_CASE("a message outlives its client", "[integration][receive]") {
  ScriptedBroker broker;
  std::optional<Message> message;
  {
    Options options = quick(broker.server());
    options.ack = Ack::manual;
    Client client(options);
    subscribed(client, QoS::at_least_once);
    publish_numbers(broker, 0, 1, QoS::at_least_once);
    message = client.receive(patience);
  }
  REQUIRE(message);
  CHECK(message->payload() == "0");
  message->ack();
  CHECK(broker.count(PacketType::puback) == 0);
}

TEST_CASE("receive() gives up after its time-out and not before", "[integration][receive]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  const auto begin = std::chrono::steady_clock::now();
  CHECK_FALSE(client.receive(30ms));
  CHECK(std::chrono::steady_clock::now() - begin >= 30ms);
}

TEST_CASE("every property of a received message reaches the application", "[integration][receive][mqtt5]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  const Properties properties = Properties()
                                    .add(PropertyId::payload_format_indicator, 1)
                                    .add(PropertyId::message_expiry_interval, 60)
                                    .add(PropertyId::subscription_identifier, 7)
                                    .add(PropertyId::subscription_identifier, 300)
                                    .add(PropertyId::content_type, "text/plain")
                                    .add(PropertyId::response_topic, "answer")
                                    .add(PropertyId::correlation_data, std::string("\0\1", 2))
                                    .add(UserProperty{"k", "v"})
                                    .add(UserProperty{"k", "w"});
  broker.send(publish("t", "x", QoS::at_least_once, 9, true, properties));
  const auto message = client.receive(patience);
  REQUIRE(message);
  CHECK(message->qos() == QoS::at_least_once);
  CHECK(message->duplicate());
  CHECK_FALSE(message->retain());
  CHECK(message->packet_identifier() == 9);
  CHECK(message->payload_is_utf8());
  CHECK(message->message_expiry_interval() == 60s);
  CHECK(message->subscription_identifiers() == std::vector<std::uint32_t>{7, 300});
  CHECK(message->content_type() == "text/plain");
  CHECK(message->response_topic() == "answer");
  CHECK(message->correlation_data() == std::string_view("\0\1", 2));
  CHECK(message->user_properties() == UserProperties{{"k", "v"}, {"k", "w"}});
}
