// Publishing: results, bounds, and many threads on a broken network.
#include <thread>

#include "client_under_test.hpp"
#include "support/relay.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

Errc error_of_publish(Client& client, std::string_view topic, std::string_view payload = "",
                      const PublishOptions& options = {}) {
  try {
    client.publish(topic, payload, options);
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(std::string(error.what()).size() > 20);
    return static_cast<Errc>(error.code().value());
  }
  FAIL("accepted");
  return {};
}

}  // namespace

TEST_CASE("eight threads publish while the network breaks every 50 ms: nothing lost, each thread in order",
          "[integration][publish]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  constexpr std::size_t threads_count = 8;
  constexpr std::uint64_t connects_min = 8;
  ScriptedBroker broker(with_receive_maximum(50));
  Relay relay(broker.port());
  Options options = quick(relay.server());
  options.poison_after = 0;  // Cut so often, any message comes under suspicion.
  Client client(options);
  client.connect();
  relay.cut_every(50ms);
  std::vector<std::thread> threads;
  std::vector<std::vector<Delivery>> deliveries(threads_count);
  for (std::size_t thread = 0; thread < threads_count; ++thread) {
    threads.emplace_back([&, thread] {
      std::vector<Delivery>& own = deliveries[thread];
      while (own.size() < 300 || client.statistics().connects < connects_min) {
        for (const std::string& number : numbers(own.size(), 20)) {
          own.push_back(client.publish("t/" + std::to_string(thread), number, {.qos = qos}));
        }
        // So that messages are accepted all through the breaks, not before the first of them.
        own.back().wait_for(patience);
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(client.flush(3 * patience));
  CHECK(client.statistics().connects >= connects_min);
  std::vector<std::vector<std::string>> arrived(threads_count);
  for (const AcceptedMessage& message : broker.accepted()) {
    arrived.at(std::stoul(message.topic.substr(2))).push_back(message.payload);
  }
  for (std::size_t thread = 0; thread < threads_count; ++thread) {
    CAPTURE(thread);
    const std::size_t count = deliveries[thread].size();
    CHECK(succeeded(deliveries[thread]) == count);
    CHECK(difference(first_arrivals(arrived[thread]), numbers(0, count)) == "");
    if (qos == QoS::exactly_once) CHECK(arrived[thread].size() == count);
  }
  CHECK(broker.violations() == nothing);
}

TEST_CASE("messages published before connect() and while away arrive, in order", "[integration][publish]") {
  const QoS qos = GENERATE(QoS::at_most_once, QoS::at_least_once, QoS::exactly_once);
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  auto deliveries = publish_all(client, numbers(0, 10), qos);
  client.connect();
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 10; }));
  broker.go_down();
  REQUIRE(wait_for<Disconnected>(client));
  for (const Delivery& delivery : publish_all(client, numbers(10, 10), qos))
    deliveries.push_back(delivery);
  broker.come_up();
  CHECK(succeeded(deliveries) == 20);
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() >= 20; }));
  CHECK(first_arrivals(payloads_of(broker.accepted())) == numbers(0, 20));
}

TEST_CASE("QoS 0 messages may be dropped while there is no connection", "[integration][publish]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.qos0_offline = Qos0Offline::drop;
  Client client(options);
  const bool before_connect = GENERATE(true, false);
  if (!before_connect) {
    client.connect();
    broker.go_down();
    REQUIRE(wait_for<Disconnected>(client));
  }
  const Delivery dropped = client.publish("t", "dropped");
  const Delivery kept = client.publish("t", "kept", {.qos = QoS::at_least_once});
  REQUIRE(dropped.wait_for(patience));
  CHECK(dropped.result().error == Errc::not_connected);
  if (before_connect) {
    client.connect();
  } else {
    broker.come_up();
  }
  REQUIRE(kept.wait_for(patience));
  CHECK(payloads_of(broker.accepted()) == std::vector<std::string>{"kept"});
}

TEST_CASE("the outbox is bounded in messages and in bytes", "[integration][publish]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.publish_timeout = 30ms;
  SECTION("messages") {
    options.outbox_messages_max = 5;
  }
  SECTION("bytes") {
    options.outbox_bytes_max = 5 * 1'100;
  }
  const std::string payload(1'000, 'x');
  Client client(options);
  publish_all(client, std::vector<std::string>(5, payload), QoS::at_least_once);
  CHECK_FALSE(client.try_publish("t", payload, {.qos = QoS::at_least_once}));
  const auto begin = Clock::now();
  CHECK(error_of_publish(client, "t", payload) == Errc::outbox_full);
  CHECK(Clock::now() - begin >= 30ms);
  CHECK(client.statistics().outbox_messages <= 5);
  client.connect();
  REQUIRE(client.flush(patience));
  CHECK(client.try_publish("t", payload, {.qos = QoS::at_least_once}));
}

TEST_CASE("outbox_full = reject: publish() says at once that the outbox is full", "[integration][publish]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.outbox_messages_max = 2;
  options.outbox_full = OutboxFull::reject;
  options.publish_timeout = 1h;
  Client client(options);
  publish_all(client, numbers(0, 2), QoS::at_least_once);
  CHECK(error_of_publish(client, "t", "2") == Errc::outbox_full);
}

TEST_CASE("a full outbox drops the oldest or the newest, and every side of it tells",
          "[integration][publish]") {
  const bool oldest = GENERATE(true, false);
  const bool before_connect = GENERATE(true, false);
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.outbox_full = oldest ? OutboxFull::drop_oldest : OutboxFull::drop_newest;
  SECTION("by messages") {
    options.outbox_messages_max = 5;
  }
  SECTION("by bytes") {
    options.outbox_bytes_max = 5 * 2 + 1;
  }
  Client client(options);
  if (!before_connect) {
    client.connect();
    broker.go_down();
    REQUIRE(wait_for<Disconnected>(client));
  }
  std::vector<Delivery> deliveries;
  for (const std::string& number : numbers(0, 8)) {
    deliveries.push_back(client.publish("t", number, {.qos = QoS::at_least_once}));
    const std::size_t expected = deliveries.size() > 5 ? deliveries.size() - 5 : 0;
    REQUIRE(eventually([&] { return client.statistics().outbox_dropped == expected; }));
  }
  const std::size_t first_dropped = oldest ? 0 : 5;
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    CAPTURE(i);
    const bool dropped = i >= first_dropped && i < first_dropped + 3;
    if (dropped) REQUIRE(deliveries[i].wait_for(patience));  // It is counted before its Delivery ends.
    REQUIRE(deliveries[i].done() == dropped);
    if (dropped) CHECK(deliveries[i].result().error == Errc::dropped);
  }
  const auto event = wait_for<MessagesDropped>(client);
  REQUIRE(event);
  CHECK(event->error == Errc::dropped);
  CHECK(event->topic == "t");
  if (before_connect) {
    client.connect();
  } else {
    broker.come_up();
  }
  CHECK(client.flush(patience));
  CHECK(payloads_of(broker.accepted()) == numbers(oldest ? 3 : 0, 5));
}

TEST_CASE("an alarm overtakes waiting telemetry, of which only the latest value waits",
          "[integration][publish]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.outbox_rules = {{.filter = "alarm/#", .priority = 1}, {.filter = "value/#", .keep_latest = true}};
  Client client(options);
  const Delivery older = client.publish("value/1", "older", {.qos = QoS::at_least_once});
  publish_all(client, {"event"}, QoS::at_least_once);
  publish_all(client, {"newer"}, QoS::at_least_once, "value/1");
  publish_all(client, {"alarm"}, QoS::exactly_once, "alarm/dry");
  client.connect();
  REQUIRE(client.flush(patience));
  CHECK(payloads_of(broker.accepted()) == std::vector<std::string>{"alarm", "newer", "event"});
  CHECK(older.result().error == Errc::superseded);
  CHECK(client.statistics().superseded == 1);
  CHECK(wait_for<MessagesDropped>(client)->error == Errc::superseded);
}

TEST_CASE("messages dropped in a row are one event", "[integration][publish]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.outbox_rules = {{.filter = "#", .keep_latest = true}};
  Client client(options);
  for (const std::string& number : numbers(0, 1'000))
    client.publish("t", number, {.qos = QoS::at_least_once});
  client.connect();
  REQUIRE(client.flush(patience));
  const auto event = wait_for<MessagesDropped>(client);
  REQUIRE(event);
  CHECK(event->messages == client.statistics().superseded);
  CHECK(event->messages > 900);
}

TEST_CASE("publish() waits for room and goes on when there is some", "[integration][publish]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.outbox_messages_max = 10;
  options.publish_timeout = patience;
  Client client(options);
  client.connect();
  const auto deliveries = publish_all(client, numbers(0, 1'000), QoS::at_least_once);
  CHECK(succeeded(deliveries) == 1'000);
  CHECK(difference(payloads_of(broker.accepted()), numbers(0, 1'000)) == "");
}

TEST_CASE("flush() waits for what was accepted before it, and no longer", "[integration][publish]") {
  Behaviour silent;
  silent.holds_acknowledgements = true;
  ScriptedBroker broker(silent);
  Client client(quick(broker.server()));
  CHECK(client.flush(0ms));
  client.connect();
  client.publish("t", "1", {.qos = QoS::at_least_once});
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 1; }));
  CHECK_FALSE(client.flush(20ms));
  bool flushed = false;
  std::thread flushing([&] { flushed = client.flush(patience); });
  broker.release_acknowledgements();
  flushing.join();
  CHECK(flushed);
}

TEST_CASE("a delivery tells what the broker said", "[integration][publish][U-2.4-1][mqtt5]") {
  struct Row {
    ReasonCode reason;
    bool success;
  };
  const Row row = GENERATE(values<Row>({{ReasonCode::success, true},
                                        {ReasonCode::no_matching_subscribers, true},
                                        {ReasonCode::not_authorized, false},
                                        {ReasonCode::payload_format_invalid, false}}));
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  Behaviour behaviour;
  behaviour.before_send = [row](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::puback && packet.type != PacketType::pubrec) return Verdict::proceed;
    connection.send(
        acknowledgement(packet.type, packet.packet_identifier, row.reason,
                        Properties().add(PropertyId::reason_string, "said so").add(UserProperty{"k", "v"})));
    return Verdict::ignore;
  };
  ScriptedBroker broker(behaviour);
  Client client(quick(broker.server()));
  client.connect();
  const Delivery delivery = client.publish("t", "x", {.qos = qos});
  REQUIRE(delivery.wait_for(patience));
  const DeliveryResult result = delivery.result();
  CHECK(static_cast<bool>(result) == row.success);
  if (!row.success) CHECK(result.error == Errc::request_refused);
  CHECK(result.reason_code == row.reason);
  CHECK(result.reason_string == "said so");
  CHECK(result.user_properties == UserProperties{{"k", "v"}});
  CHECK_FALSE(result.repeated);
  CHECK(client.is_connected());
}

TEST_CASE("every property of a published message reaches the broker", "[integration][publish][mqtt5]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  PublishOptions options;
  options.qos = QoS::exactly_once;
  options.retain = true;
  options.payload_is_utf8 = true;
  options.message_expiry_interval = 100s;
  options.content_type = "text/plain";
  options.response_topic = "answer";
  options.correlation_data = std::string("\0\1", 2);
  options.user_properties = {{"k", "v"}, {"k", "w"}};
  REQUIRE(client.publish("a/b", "payload", options).wait_for(patience));
  const auto sent = broker.received(PacketType::publish).at(0);
  CHECK(sent.topic == "a/b");
  CHECK(sent.payload == "payload");
  CHECK(sent.qos == QoS::exactly_once);
  CHECK(sent.retain);
  CHECK(sent.properties.number(PropertyId::payload_format_indicator) == 1u);
  CHECK(sent.properties.number(PropertyId::message_expiry_interval).value_or(0) >= 90u);
  CHECK(sent.properties.text(PropertyId::content_type) == "text/plain");
  CHECK(sent.properties.text(PropertyId::response_topic) == "answer");
  CHECK(sent.properties.text(PropertyId::correlation_data) == std::string("\0\1", 2));
  CHECK(sent.properties.user_properties() == UserProperties{{"k", "v"}, {"k", "w"}});
}

TEST_CASE("a message that no broker would take is refused at the call", "[integration][publish]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  for (const std::string& topic : {std::string(), std::string("a/+"), std::string("#"), std::string("\xff"),
                                   std::string("a\0b", 3), std::string(65'536, 'x')}) {
    CAPTURE(topic.size());
    CHECK(error_of_publish(client, topic) == Errc::invalid_topic_name);
  }
  CHECK(error_of_publish(client, "t", "", {.message_expiry_interval = -1s}) == Errc::invalid_argument);
  CHECK(error_of_publish(client, "t", "", {.content_type = "\xff"}) == Errc::invalid_argument);
  CHECK(error_of_publish(client, "t", "", {.response_topic = "a/#"}) == Errc::invalid_argument);
  CHECK(error_of_publish(client, "t", "", {.correlation_data = std::string(65'536, 'x')}) ==
        Errc::invalid_argument);
  CHECK(error_of_publish(client, "t", "", {.user_properties = {{"\xff", ""}}}) == Errc::invalid_argument);
  synchronize(client);
  CHECK(broker.count(PacketType::publish) == 1);
}

TEST_CASE("a message over the broker's known limits is refused at the call, one at the limit is not",
          "[integration][publish][mqtt5]") {
  ScriptedBroker broker(with(Properties()
                                 .add(PropertyId::maximum_packet_size, 100)
                                 .add(PropertyId::maximum_qos, 1)
                                 .add(PropertyId::retain_available, 0)));
  Client client(quick(broker.server()));
  client.connect();
  // Fixed header 2, topic 3, identifier 2, property length 1.
  CHECK(error_of_publish(client, "t", std::string(93, 'x'), {.qos = QoS::at_least_once}) ==
        Errc::packet_too_large);
  CHECK(error_of_publish(client, "t", "", {.qos = QoS::exactly_once}) == Errc::qos_not_supported);
  CHECK(error_of_publish(client, "t", "", {.retain = true}) == Errc::retain_not_supported);
  CHECK(client.publish("t", std::string(92, 'x'), {.qos = QoS::at_least_once}).wait_for(patience));
  CHECK(broker.received(PacketType::publish).at(0).size == 100);
  CHECK(broker.connections() == 1);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("empty and large payloads arrive as they are", "[integration][publish]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  std::vector<std::string> payloads;
  for (const std::size_t size : {0u, 1u, 127u, 128u, 16'383u, 16'384u, 2'097'152u}) {
    payloads.emplace_back(size, 'x');
  }
  payloads.emplace_back("\0\xff\x80", 3);
  CHECK(succeeded(publish_all(client, payloads, QoS::exactly_once)) == payloads.size());
  CHECK(difference(payloads_of(broker.accepted()), payloads) == "");
}

TEST_CASE("packet identifiers wrap and the order stays", "[integration][publish]") {
  // More messages than identifiers exist; nothing that is in use is used again.
  ScriptedBroker broker(with_receive_maximum(1'000));
  Client client(quick(broker.server()));
  client.connect();
  constexpr std::size_t count = 70'000;
  for (std::size_t number = 0; number < count; ++number) {
    client.publish("t", std::to_string(number), {.qos = QoS::at_least_once});
  }
  REQUIRE(client.flush(3 * patience));
  CHECK(difference(payloads_of(broker.accepted()), numbers(0, count)) == "");
  CHECK(broker.violations() == nothing);
}

TEST_CASE("statistics count what happened", "[integration][publish]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  CHECK_FALSE(client.statistics().connected);
  client.publish("t", "waiting", {.qos = QoS::at_least_once});
  CHECK(client.statistics().outbox_messages == 1);
  CHECK(client.statistics().outbox_bytes > 0);
  client.connect();
  client.subscribe("t", QoS::at_least_once);
  client.publish("t", "1", {.qos = QoS::exactly_once});
  client.publish("t", "2");
  REQUIRE(client.flush(patience));
  CHECK(receive_payloads(client, 2) == std::vector<std::string>{"1", "2"});
  CHECK(eventually([&] { return client.statistics().acknowledged == 2; }));
  const Statistics statistics = client.statistics();
  CHECK(statistics.connected);
  CHECK(statistics.published == 3);
  CHECK(statistics.failed == 0);
  CHECK(statistics.outbox_messages == 0);
  CHECK(statistics.outbox_bytes == 0);
  CHECK(statistics.in_flight == 0);
  CHECK(statistics.received == 2);
  CHECK(statistics.connects == 1);
  CHECK(statistics.bytes_sent > 0);
  CHECK(statistics.bytes_received > 0);
  CHECK(statistics.writes > 0);
  CHECK(statistics.reads > 0);
}

TEST_CASE("a burst leaves in few writes", "[integration][publish]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  const auto deliveries = publish_all(client, numbers(0, 1'000), QoS::at_most_once);
  client.connect();
  CHECK(succeeded(deliveries) == 1'000);
  CHECK(client.statistics().writes < 50);
}
