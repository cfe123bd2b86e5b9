// Manual control: acknowledgements with a reason, a window of our own, the pace after a reconnect, receiving
// that is paused; and what a sloppy broker is forgiven for.
#include <functional>
#include <mutex>
#include <sstream>
#include <thread>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/ostream_sink.h>

#include "client_under_test.hpp"
#include "support/mosquitto.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

Options by_hand(std::string server) {
  Options options = quick(std::move(server));
  options.ack = Ack::manual;
  return options;
}

Client& subscribed(Client& client, QoS qos) {
  client.connect();
  REQUIRE_FALSE(is_error(client.subscribe("t", qos)));
  return client;
}

Message take(Client& client) {
  auto message = client.receive(patience);
  REQUIRE(message);
  return std::move(*message);
}

const AcknowledgementProperties words{.reason_string = "the disk is full",
                                      .user_properties = {{"disk", "2"}}};

}  // namespace

TEST_CASE("an acknowledgement carries the reason and the words of the application",
          "[integration][control]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  const ReasonCode reason =
      GENERATE(ReasonCode::success, ReasonCode::unspecified_error, ReasonCode::implementation_specific_error,
               ReasonCode::not_authorized, ReasonCode::topic_name_invalid, ReasonCode::quota_exceeded,
               ReasonCode::packet_identifier_in_use, ReasonCode::payload_format_invalid);
  const PacketType type = qos == QoS::at_least_once ? PacketType::puback : PacketType::pubrec;
  ScriptedBroker broker;
  Client client(by_hand(broker.server()));
  subscribed(client, qos);
  broker.publish({"t", "1", qos});
  Message message = take(client);
  message.ack(reason, words);
  message.ack(ReasonCode::success);  // It has been acknowledged.
  REQUIRE(broker.wait_until([&] { return broker.count(type) == 1; }));
  const LoggedPacket answer = broker.received(type)[0];
  CHECK(answer.reason_code == reason);
  CHECK(answer.properties.text(PropertyId::reason_string) == "the disk is full");
  CHECK(answer.properties.user_properties() == UserProperties{{"disk", "2"}});
  REQUIRE(broker.wait_until([&] { return broker.undelivered("client") == 0; }));
  synchronize(client);
  CHECK(broker.count(type) == 1);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("an acknowledgement with what no receiver may send is refused at the call",
          "[integration][control][MQTT-3.4.2-1][MQTT-3.5.2-1]") {
  ScriptedBroker broker;
  Client client(by_hand(broker.server()));
  subscribed(client, QoS::at_least_once);
  broker.publish({"t", "1", QoS::at_least_once});
  Message message = take(client);
  const auto refused = [&](ReasonCode reason, const AcknowledgementProperties& properties = {}) {
    try {
      message.ack(reason, properties);
      return false;
    } catch (const Error& error) {
      return error.code() == Errc::invalid_argument;
    }
  };
  CHECK(refused(ReasonCode::no_matching_subscribers));  // Only a broker can know.
  CHECK(refused(ReasonCode::granted_qos_1));
  CHECK(refused(ReasonCode::packet_identifier_not_found));
  CHECK(refused(ReasonCode::server_busy));
  CHECK(refused(ReasonCode::success, {.reason_string = std::string("a\0b", 3)}));
  CHECK(refused(ReasonCode::success, {.user_properties = {{"\xff", ""}}}));
  // It can be acknowledged still.
  message.ack(ReasonCode::quota_exceeded);
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::puback) == 1; }));
  CHECK(broker.received(PacketType::puback)[0].reason_code == ReasonCode::quota_exceeded);
}

TEST_CASE("words that the broker's Maximum Packet Size does not hold stay out of the acknowledgement",
          "[integration][control][MQTT-3.4.2-2][MQTT-3.4.2-3][MQTT-3.5.2-2][MQTT-3.5.2-3]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  const PacketType type = qos == QoS::at_least_once ? PacketType::puback : PacketType::pubrec;
  ScriptedBroker broker(with(Properties().add(PropertyId::maximum_packet_size, 20)));
  Client client(by_hand(broker.server()));
  subscribed(client, qos);
  broker.publish({"t", "1", qos});
  take(client).ack(ReasonCode::quota_exceeded, words);
  REQUIRE(broker.wait_until([&] { return broker.count(type) == 1; }));
  const LoggedPacket answer = broker.received(type)[0];
  CHECK(answer.size <= 20);
  CHECK(answer.reason_code == ReasonCode::quota_exceeded);
  CHECK_FALSE(answer.properties.text(PropertyId::reason_string));
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a refused message is never sent on another connection, and refused there when it comes again",
          "[integration][control]") {
  ScriptedBroker broker;
  Client client(by_hand(broker.server()));
  subscribed(client, QoS::at_least_once);
  broker.publish({"t", "1", QoS::at_least_once});
  Message message = take(client);
  broker.behave({.on_packet = nullptr, .before_send = [](BrokerConnection&, const Packet& packet) {
                   return packet.type == PacketType::publish ? Verdict::ignore : Verdict::proceed;
                 }});
  broker.reset_connection();
  REQUIRE(wait_for<Connected>(client));
  REQUIRE(wait_for<Connected>(client));
  message.ack(ReasonCode::quota_exceeded);
  synchronize(client);
  CHECK(broker.count(PacketType::puback) == 0);
  broker.behave({});
  broker.reset_connection();
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::puback) == 1; }));
  CHECK(broker.received(PacketType::puback)[0].reason_code == ReasonCode::quota_exceeded);
  CHECK_FALSE(client.receive(0ms));
}

TEST_CASE("mosquitto takes an acknowledgement with a reason and is done with the message",
          "[integration][control][mosquitto]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  // mosquitto 2.0.21 gives the place of what a PUBREC refuses to nobody else: after 20 refusals, its default,
  // it would be silent.
  Mosquitto mosquitto({.lines = {"max_inflight_messages 0"}});
  Client client(by_hand(mosquitto.server()));
  subscribed(client, qos);
  publish_all(client, numbers(0, 100), qos);
  for (int i = 0; i < 100; ++i)
    take(client).ack(i % 2 == 0 ? ReasonCode::quota_exceeded : ReasonCode::success, words);
  REQUIRE(client.flush(patience));
  client.disconnect();
  client.connect();  // Nothing comes again.
  CHECK(wait_for<Connected>(client));
  CHECK(client.publish("t", "after", {.qos = qos}).wait_for(patience));
  CHECK(take(client).payload() == "after");
  CHECK(client.statistics().connects == 2);
}

TEST_CASE("in_flight_max bounds what is on its way below the broker's Receive Maximum",
          "[integration][control]") {
  Behaviour silent;
  silent.holds_acknowledgements = true;
  ScriptedBroker broker(silent);
  Options options = quick(broker.server());
  options.in_flight_max = 3;
  Client client(options);
  client.connect();
  const auto deliveries = publish_all(client, numbers(0, 10), QoS::at_least_once);
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::publish) == 3; }));
  CHECK(eventually([&] { return client.statistics().in_flight == 3; }));
  CHECK(throughout(50ms, [&] { return broker.count(PacketType::publish) == 3; }));
  CHECK(client.broker_limits().receive_maximum == 65535);  // What the broker grants.
  broker.change_behaviour([](Behaviour& behaviour) { behaviour.holds_acknowledgements = false; });
  broker.release_acknowledgements();
  CHECK(succeeded(deliveries) == 10);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("options of manual control that make no sense are refused", "[integration][control]") {
  const auto refused = [](void (*change)(Options&)) {
    Options options = quick("localhost");
    change(options);
    try {
      Client client(options);
      return false;
    } catch (const Error& error) {
      return error.code() == Errc::invalid_argument;
    }
  };
  CHECK(refused([](Options& o) { o.in_flight_max = 0; }));
  CHECK(refused([](Options& o) { o.replay_rate = 1'000'001; }));
  CHECK_FALSE(refused([](Options& o) { o.replay_rate = 1'000'000; }));
}

TEST_CASE("after a reconnect what waited goes out at replay_rate, in order and completely",
          "[integration][control]") {
  const QoS qos = GENERATE(QoS::at_most_once, QoS::at_least_once, QoS::exactly_once);
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.replay_rate = 100;
  Client client(options);
  client.connect();
  const auto before = std::chrono::steady_clock::now();
  publish_all(client, numbers(0, 100), qos);  // Nothing waited when this connection was made.
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 100; }));
  CHECK(std::chrono::steady_clock::now() - before < 900ms);
  REQUIRE(client.flush(patience));
  broker.go_down();
  REQUIRE(eventually([&] { return !client.is_connected(); }));
  publish_all(client, numbers(100, 30), qos);
  const auto up = std::chrono::steady_clock::now();
  broker.come_up();
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 130; }));
  CHECK(payloads_of(broker.accepted()) == numbers(0, 130));
  const auto sent = broker.received(broker.connections() - 1, PacketType::publish);
  REQUIRE(sent.size() == 30);
  // 29 gaps of 10 ms, since the broker came up: on a busy machine it may read the first of them late.
  CHECK(sent.back().time - up >= 270ms);
}

namespace {

/// Does something when a line with these words is logged, while the thread that logs it waits.
class AtLine : public spdlog::sinks::base_sink<std::mutex> {
 public:
  AtLine(std::string part, std::function<void()> what) : part_(std::move(part)), what_(std::move(what)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& line) override {
    if (std::string_view(line.payload.data(), line.payload.size()).find(part_) != std::string_view::npos)
      what_();
  }
  void flush_() override {}

  const std::string part_;
  const std::function<void()> what_;
};

}  // namespace

TEST_CASE("replay_rate holds for what is published up to the moment of the connection",
          "[integration][control]") {
  ScriptedBroker broker;
  const Gateway gateway(Transport::tls, broker.port());
  Options options = quick(gateway.server());
  options.replay_rate = 100;
  options.tls.verify_host = false;
  std::optional<Client> client;
  // Logged when the connection stands, by the thread that had taken what was published before.
  options.logger = std::make_shared<spdlog::logger>(
      "test", std::make_shared<AtLine>("WITHOUT CHECKING THE HOST",
                                       [&] { publish_all(*client, numbers(0, 20), QoS::at_least_once); }));
  const auto before = std::chrono::steady_clock::now();
  client.emplace(options);
  client->connect();
  CHECK(client->flush(patience));
  CHECK(payloads_of(broker.accepted()) == numbers(0, 20));
  CHECK(std::chrono::steady_clock::now() - before >= 170ms);
}

namespace {

/// Fills with messages of 1 kB until nothing more is taken, from a thread of the broker.
void flood(ScriptedBroker& broker, std::size_t messages, QoS qos) {
  for (std::size_t i = 0; i < messages; ++i)
    broker.publish({"t", std::to_string(i) + " " + std::string(1'000, 'x'), qos});
}

}  // namespace

TEST_CASE("paused receiving makes the broker wait, and loses nothing", "[integration][control]") {
  const QoS qos = GENERATE(QoS::at_most_once, QoS::at_least_once);
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  subscribed(client, qos);
  client.pause_receiving();
  REQUIRE(eventually([&] { return client.statistics().reading_paused; }));
  flood(broker, 3'000, qos);
  // One read may have been under way.
  CHECK(throughout(50ms, [&] { return client.statistics().received < 1'000; }));
  client.resume_receiving();
  for (int i = 0; i < 3'000; ++i) {
    const auto message = client.receive(patience);
    REQUIRE(message);
    REQUIRE(message->payload().starts_with(std::to_string(i) + " "));
  }
  CHECK_FALSE(client.statistics().reading_paused);
  CHECK(client.statistics().dropped == 0);
  CHECK(broker.connections() == 1);
}

TEST_CASE("while receiving is paused calls that wait get their answers", "[integration][control]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  subscribed(client, QoS::at_most_once);
  client.pause_receiving();
  REQUIRE(eventually([&] { return client.statistics().reading_paused; }));
  SECTION("subscribe") {
    CHECK(client.subscribe("other", QoS::at_least_once) == ReasonCode::granted_qos_1);
  }
  SECTION("wait for a delivery") {
    CHECK(client.publish("other", "x", {.qos = QoS::exactly_once}).wait_for(patience));
  }
  SECTION("flush") {
    client.publish("other", "x", {.qos = QoS::at_least_once});
    CHECK(client.flush(patience));
  }
  CHECK(eventually([&] { return client.statistics().reading_paused; }));
  CHECK(client.disconnect());
}

TEST_CASE("while receiving is paused no answer is taken for overdue", "[integration][control]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.keep_alive = 1s;
  options.ping_timeout = 100ms;
  options.acknowledgement_timeout = 100ms;
  Client client(options);
  client.connect();
  client.pause_receiving();
  REQUIRE(eventually([&] { return client.statistics().reading_paused; }));
  const Delivery delivery = client.publish("t", "x", {.qos = QoS::at_least_once});
  // The pings go on, or the broker would take us for dead.
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::pingreq) == 2; }));
  CHECK_FALSE(delivery.done());
  client.resume_receiving();
  CHECK(delivery.wait_for(patience));
  CHECK(broker.connections() == 1);
}

TEST_CASE("receiving stays paused over a reconnect, which happens all the same", "[integration][control]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  subscribed(client, QoS::at_least_once);
  client.pause_receiving();
  REQUIRE(eventually([&] { return client.statistics().reading_paused; }));
  broker.reset_connection();
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::connect) == 2; }));
  REQUIRE(
      eventually([&] { return client.statistics().connects == 2 && client.statistics().reading_paused; }));
  flood(broker, 1'000, QoS::at_least_once);
  CHECK(throughout(50ms, [&] { return client.statistics().received < 500; }));
  client.resume_receiving();
  CHECK(receive_payloads(client, 1'000).size() == 1'000);
}

TEST_CASE("mosquitto waits for a subscriber that paused, and then sends everything",
          "[integration][control][mosquitto]") {
  Mosquitto mosquitto({.lines = {"max_queued_messages 0"}});
  Options options = quick(mosquitto.server(), "subscriber");
  options.keep_alive = 1s;
  Client subscriber(options);
  subscribed(subscriber, QoS::exactly_once);
  subscriber.pause_receiving();
  REQUIRE(eventually([&] { return subscriber.statistics().reading_paused; }));
  Client publisher(quick(mosquitto.server(), "publisher"));
  publisher.connect();
  CHECK(succeeded(publish_all(publisher, numbers(0, 500), QoS::exactly_once)) == 500);
  // Longer than the broker's patience with a client that does not ping.
  CHECK(throughout(2'000ms, [&] { return subscriber.is_connected(); }));
  subscriber.resume_receiving();
  CHECK(difference(receive_payloads(subscriber, 500), numbers(0, 500)) == "");
  CHECK(subscriber.statistics().connects == 1);
}

namespace {

/// A log that can be read while the client writes.
class Log {
 public:
  Log()
      : logger_(std::make_shared<spdlog::logger>("test",
                                                 std::make_shared<spdlog::sinks::ostream_sink_mt>(text_))) {}
  [[nodiscard]] const std::shared_ptr<spdlog::logger>& logger() const noexcept { return logger_; }
  /// After the client is gone.
  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> logger_;
};

struct Sloppiness {
  const char* what;
  std::string bytes;
  std::uint64_t Statistics::*counter;
  ReasonCode reason;
  const char* words;
};

}  // namespace

TEST_CASE("a sloppy broker is counted, warned of once and kept; ended when strict",
          "[integration][control]") {
  const Sloppiness row = GENERATE(values<Sloppiness>(
      {{"PUBACK for nobody", acknowledgement(PacketType::puback, 9), &Statistics::unexpected_acknowledgements,
        ReasonCode::protocol_error, "a PUBACK came under an identifier that no message has"},
       {"SUBACK for nobody", answer(PacketType::suback, 9, {ReasonCode::success}),
        &Statistics::unexpected_acknowledgements, ReasonCode::protocol_error, "came for no request"},
       {"unasked PINGRESP", pingresp(), &Statistics::other_violations, ReasonCode::protocol_error,
        "a PINGRESP came that nobody asked for"},
       {"topic with wildcards", publish("a/#", "x"), &Statistics::other_violations,
        ReasonCode::topic_name_invalid, "a topic name has wildcards"},
       {"identifier for two messages",
        publish("t", "x", QoS::exactly_once, 7) + publish("t", "y", QoS::at_least_once, 7),
        &Statistics::identifiers_reused, ReasonCode::protocol_error, "used for two messages at once"},
       {"unknown subscription identifier",
        publish("t", "x", QoS::at_most_once, 0, false,
                Properties().add(PropertyId::subscription_identifier, 99)),
        &Statistics::other_violations, ReasonCode::protocol_error, "never asked for"}}));
  CAPTURE(row.what);
  Log log;
  ScriptedBroker broker;
  Options options = by_hand(broker.server());
  options.strict_peer = GENERATE(false, true);
  options.logger = log.logger();
  {
    Client client(options);
    client.connect();
    broker.send(row.bytes);
    if (options.strict_peer) {
      REQUIRE(broker.wait_until([&] { return broker.count(PacketType::disconnect) == 1; }));
      CHECK(broker.received(PacketType::disconnect)[0].reason_code == row.reason);
      synchronize(client);
      CHECK(broker.connections() == 2);
    } else {
      broker.send(row.bytes);
      REQUIRE(eventually([&] { return client.statistics().*row.counter >= 2; }));
      synchronize(client);
      CHECK(broker.connections() == 1);
    }
  }
  const std::string text = log.text();
  CHECK(text.find(row.words) != std::string::npos);
  CHECK(text.find(row.words) == text.rfind(row.words));
}

TEST_CASE("a QoS 2 message that mosquitto forgot to mark is counted when it comes again",
          "[integration][control]") {
  ScriptedBroker broker;
  Options options = by_hand(broker.server());
  options.strict_peer = GENERATE(false, true);
  Client client(options);
  client.connect();
  broker.send(publish("t", "once", QoS::exactly_once, 7));
  Message message = take(client);
  broker.reset_connection();
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::connect) == 2; }));
  REQUIRE(eventually([&] { return client.statistics().connects == 2; }));
  broker.send(publish("t", "once", QoS::exactly_once, 7));
  if (options.strict_peer) {
    REQUIRE(broker.wait_until([&] { return broker.count(PacketType::disconnect) == 1; }));
  } else {
    REQUIRE(eventually([&] { return client.statistics().redeliveries_without_dup == 1; }));
    message.ack();
    REQUIRE(broker.wait_until([&] { return broker.count(PacketType::pubrec) == 1; }));
  }
  CHECK_FALSE(client.receive(0ms));
}

TEST_CASE("automatic resubscription can be turned off", "[integration][control]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.resubscribe = GENERATE(true, false);
  Client client(options);
  subscribed(client, QoS::at_least_once);
  broker.forget_sessions();
  const auto lost = wait_for<SessionLost>(client);
  REQUIRE(lost);
  CHECK(lost->resubscribed == (options.resubscribe ? 1 : 0));
  synchronize(client);
  CHECK(broker.count(PacketType::subscribe) == (options.resubscribe ? 2 : 1));
}
