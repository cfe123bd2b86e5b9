// Subscriptions with a queue of their own: who gets which message, and who waits for whom.
#include <poll.h>

#include <array>
#include <future>
#include <mutex>
#include <random>
#include <set>

#include <spdlog/sinks/base_sink.h>

#include <holdfast/topic.hpp>

#include "client_under_test.hpp"
#include "support/mosquitto.hpp"
#include "support/temporary_directory.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

// Counts from 1; the identifiers that the client chose, by filter.
std::uint32_t identifier_of(const ScriptedBroker& broker, const std::string& filter) {
  for (const auto& packet : broker.received(PacketType::subscribe)) {
    for (const auto& subscription : packet.subscriptions) {
      if (subscription.filter == filter)
        return packet.properties.number(PropertyId::subscription_identifier).value_or(0);
    }
  }
  return 0;
}

Publication marked(std::string topic, std::string payload, const std::vector<std::uint32_t>& identifiers,
                   QoS qos = QoS::at_least_once) {
  Publication publication{std::move(topic), std::move(payload), qos, false, {}};
  for (const std::uint32_t identifier : identifiers)
    publication.properties.add(PropertyId::subscription_identifier, identifier);
  return publication;
}

std::vector<std::string> take(Subscription& subscription, std::size_t count) {
  std::vector<std::string> payloads;
  while (payloads.size() < count) {
    const auto message = subscription.receive(patience);
    if (!message) break;
    payloads.emplace_back(message->payload());
  }
  return payloads;
}

Behaviour without_identifiers() {
  return with(Properties().add(PropertyId::subscription_identifiers_available, 0));
}

const SubscriptionQueue own_queue;

/// A log whose writer, the network thread, waits at a warning until it is let go.
class HoldingUp final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void let_go() { go_on_.set_value(); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (message.level == spdlog::level::warn) may_go_on_.wait_for(patience);
  }
  void flush_() override {}

  std::promise<void> go_on_;
  std::shared_future<void> may_go_on_{go_on_.get_future()};
};

/// Few different levels, so that many filters match many names.
std::string random_levels(std::mt19937& random, const std::vector<std::string>& levels) {
  std::string text = levels[random() % levels.size()];
  for (auto more = random() % 3; more != 0; --more)
    text += "/" + levels[random() % levels.size()];
  return text;
}

}  // namespace

TEST_CASE("each handle gets what its subscription brings, and receive() the rest",
          "[integration][subscription][U-3.3.4-2]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  auto pumps = client.subscribe("pump/#", QoS::at_least_once, own_queue);
  auto valves = client.subscribe("valve/#", QoS::at_least_once, own_queue);
  CHECK(client.subscribe("tank/#", QoS::at_least_once) == ReasonCode::granted_qos_1);
  CHECK(pumps.filters() == std::vector<std::string>{"pump/#"});
  CHECK(pumps.reason_code() == ReasonCode::granted_qos_1);
  CHECK(pumps.identifier() == identifier_of(broker, "pump/#"));
  REQUIRE(pumps.identifier() != valves.identifier());

  broker.deliver("client", marked("pump/1", "p", {*pumps.identifier()}));
  broker.deliver("client", marked("valve/1", "v", {*valves.identifier()}));
  broker.deliver("client", marked("tank/1", "t", {}));
  CHECK(take(valves, 1) == std::vector<std::string>{"v"});
  CHECK(take(pumps, 1) == std::vector<std::string>{"p"});
  CHECK(receive_payloads(client, 1) == std::vector<std::string>{"t"});
  CHECK_FALSE(client.receive(0ms));
  CHECK(eventually([&] { return broker.undelivered("client") == 0; }));
}

TEST_CASE(
    "a message with the identifiers of two handles comes to each once and is acknowledged when both have it",
    "[integration][subscription]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  auto all = client.subscribe("a/#", QoS::exactly_once, own_queue);
  auto one = client.subscribe("a/b", QoS::exactly_once, own_queue);
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  broker.deliver("client", marked("a/b", "both", {*all.identifier(), *one.identifier()}, qos));
  CHECK(take(all, 1) == std::vector<std::string>{"both"});
  synchronize(client);
  CHECK(broker.count(PacketType::puback) + broker.count(PacketType::pubrec) == 0);
  CHECK(take(one, 1) == std::vector<std::string>{"both"});
  CHECK(eventually([&] { return broker.undelivered("client") == 0; }));
  CHECK_FALSE(all.receive(0ms));
  CHECK_FALSE(one.receive(0ms));
  CHECK_FALSE(client.receive(0ms));
}

TEST_CASE("with Ack::manual a message of two handles is acknowledged when the second has acknowledged",
          "[integration][subscription]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.ack = Ack::manual;
  Client client(std::move(options));
  client.connect();
  auto all = client.subscribe("a/#", QoS::at_least_once, own_queue);
  auto one = client.subscribe("a/b", QoS::at_least_once, own_queue);
  broker.deliver("client", marked("a/b", "both", {*one.identifier(), *all.identifier()}));
  auto first = all.receive(patience);
  auto second = one.receive(patience);
  REQUIRE((first && second));
  first->ack();
  first->ack();
  synchronize(client);
  CHECK(broker.count(PacketType::puback) == 0);
  second->ack();
  CHECK(eventually([&] { return broker.count(PacketType::puback) == 1; }));
}

TEST_CASE("where the broker sends a copy for each subscription, each handle gets its own",
          "[integration][subscription]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  client.subscribe("a/+", QoS::at_least_once);
  auto all = client.subscribe("a/#", QoS::at_least_once, own_queue);
  auto one = client.subscribe("a/b", QoS::at_least_once, own_queue);
  broker.deliver("client", marked("a/b", "for a/b", {*one.identifier()}));
  broker.deliver("client", marked("a/b", "for a/+", {}));
  broker.deliver("client", marked("a/b", "for a/#", {*all.identifier()}));
  CHECK(take(all, 1) == std::vector<std::string>{"for a/#"});
  CHECK(take(one, 1) == std::vector<std::string>{"for a/b"});
  CHECK(receive_payloads(client, 1) == std::vector<std::string>{"for a/+"});
  CHECK_FALSE(all.receive(0ms));
  CHECK_FALSE(one.receive(0ms));
}

TEST_CASE("an identifier that nobody knows leaves the filter to decide", "[integration][subscription]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  auto all = client.subscribe("a/#", QoS::at_least_once, own_queue);
  broker.deliver("client", marked("a/b", "ours", {4711}));
  broker.deliver("client", marked("a/b", "unmarked", {}));
  broker.deliver("client", marked("b", "nobody's", {4711}));
  CHECK(take(all, 2) == std::vector<std::string>{"ours", "unmarked"});
  CHECK(receive_payloads(client, 1) == std::vector<std::string>{"nobody's"});
}

TEST_CASE("where the broker has no subscription identifiers, the filter decides",
          "[integration][subscription][U-3.8.4-1]") {
  ScriptedBroker broker(without_identifiers());
  Client client(quick(broker.server()));
  client.connect();
  auto shared = client.subscribe("$share/group/a/#", QoS::at_least_once, own_queue);
  auto one = client.subscribe("+/b", QoS::at_least_once, own_queue);
  CHECK_FALSE(one.identifier());
  CHECK(identifier_of(broker, "+/b") == 0);
  broker.deliver("client", marked("a/b", "both", {}));
  broker.deliver("client", marked("a/c", "shared", {}));
  broker.deliver("client", marked("c", "rest", {}));
  CHECK(take(shared, 2) == std::vector<std::string>{"both", "shared"});
  CHECK(take(one, 1) == std::vector<std::string>{"both"});
  CHECK(receive_payloads(client, 1) == std::vector<std::string>{"rest"});
  CHECK(eventually([&] { return broker.undelivered("client") == 0; }));
}

TEST_CASE("an unread handle stalls no other at QoS 0: its oldest give way, or its newest",
          "[integration][subscription]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  const QueueFull when_full = GENERATE(QueueFull::drop_oldest, QueueFull::drop_newest);
  auto unread = client.subscribe("unread", QoS::at_most_once,
                                 SubscriptionQueue{.messages_max = 10, .when_full = when_full});
  auto read = client.subscribe("read", QoS::at_most_once, own_queue);
  for (const std::string& number : numbers(0, 1'000)) {
    broker.deliver("client", marked("unread", number, {*unread.identifier()}, QoS::at_most_once));
    broker.deliver("client", marked("read", number, {*read.identifier()}, QoS::at_most_once));
  }
  CHECK(difference(take(read, 1'000), numbers(0, 1'000)) == "");
  CHECK(eventually([&] { return unread.dropped() == 990; }));
  CHECK(client.statistics().dropped == 990);
  CHECK(unread.size() == 10);
  CHECK(take(unread, 10) == numbers(when_full == QueueFull::drop_oldest ? 990 : 0, 10));
}

TEST_CASE("a client-wide inbox that nobody reads stalls no handle", "[integration][subscription]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.inbox_messages_max = 5;
  Client client(std::move(options));
  client.connect();
  client.subscribe("unread");
  auto read = client.subscribe("read", QoS::at_most_once, own_queue);
  for (const std::string& number : numbers(0, 100)) {
    broker.deliver("client", marked("unread", number, {}, QoS::at_most_once));
    broker.deliver("client", marked("read", number, {*read.identifier()}, QoS::at_most_once));
  }
  CHECK(take(read, 100) == numbers(0, 100));
  CHECK_FALSE(client.statistics().reading_paused);
  CHECK(receive_payloads(client, 5) == numbers(0, 5));
}

TEST_CASE("with unread_max a message shared with another handle is acknowledged when that one has it",
          "[integration][subscription]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  std::optional<Subscription> quick_one =
      client.subscribe("a/#", QoS::at_least_once, SubscriptionQueue{.unread_max = 1});
  auto other = client.subscribe("a/b", QoS::at_least_once, own_queue);
  broker.deliver("client", marked("a/b", "1", {*quick_one->identifier(), *other.identifier()}));
  broker.deliver("client", marked("a/b", "2", {*quick_one->identifier(), *other.identifier()}));
  REQUIRE(eventually([&] { return other.size() == 2; }));
  CHECK(quick_one->dropped() == 1);
  quick_one.reset();
  CHECK(receive_payloads(client, 1) == numbers(1, 1));
  synchronize(client);
  CHECK(broker.count(PacketType::puback) == 0);
  CHECK(take(other, 2) == numbers(1, 2));
  CHECK(eventually([&] { return broker.undelivered("client") == 0; }));
}

TEST_CASE("with unread_max an unread handle stalls no other at QoS 1 and 2: what is too much is refused",
          "[integration][subscription]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.connect_properties.receive_maximum = 10;
  Client client(std::move(options));
  client.connect();
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  auto unread = client.subscribe("unread", QoS::exactly_once, SubscriptionQueue{.unread_max = 4});
  auto read = client.subscribe("read", QoS::exactly_once, own_queue);
  for (const std::string& number : numbers(0, 50)) {
    broker.deliver("client", marked("unread", number, {*unread.identifier()}, qos));
    broker.deliver("client", marked("read", number, {*read.identifier()}, qos));
  }
  CHECK(take(read, 50) == numbers(0, 50));
  CHECK(eventually([&] { return unread.dropped() == 46; }));
  CHECK(take(unread, 4) == numbers(0, 4));
  CHECK(eventually([&] { return broker.undelivered("client") == 0; }));
  const auto answers = broker.received(qos == QoS::at_least_once ? PacketType::puback : PacketType::pubrec);
  CHECK(std::count_if(answers.begin(), answers.end(), [](const auto& answer) {
          return answer.reason_code == ReasonCode::quota_exceeded;
        }) == 46);
}

TEST_CASE("what waits in a handle that goes comes to receive(), unacknowledged until it is read",
          "[integration][subscription]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  {
    auto handle = client.subscribe("a", QoS::at_least_once, own_queue);
    broker.deliver("client", marked("a", "1", {*handle.identifier()}));
    broker.deliver("client", marked("a", "2", {*handle.identifier()}));
    REQUIRE(eventually([&] { return handle.size() == 2; }));
  }
  synchronize(client);
  CHECK(broker.count(PacketType::puback) == 0);
  CHECK(broker.count(PacketType::unsubscribe) == 0);
  broker.deliver("client", marked("a", "3", {identifier_of(broker, "a")}));
  CHECK(receive_payloads(client, 3) == numbers(1, 3));
  CHECK(eventually([&] { return broker.count(PacketType::puback) == 3; }));
  CHECK(client.statistics().received == 3);
}

TEST_CASE("a handle survives reconnects and lost sessions with its identifier",
          "[integration][subscription][U-3.8.4-2]") {
  ScriptedBroker broker;
  Behaviour forgetful;
  forgetful.session_present = false;
  broker.behave_on(1, forgetful);
  Client client(quick(broker.server()));
  client.connect();
  auto handle = client.subscribe("a", QoS::at_least_once, own_queue);
  broker.reset_connection();
  REQUIRE(wait_for<SessionLost>(client));
  REQUIRE(eventually([&] { return broker.received(1, PacketType::subscribe).size() == 1; }));
  const auto again = broker.received(1, PacketType::subscribe).at(0);
  CHECK(again.properties.number(PropertyId::subscription_identifier) == handle.identifier());
  broker.deliver("client", marked("a", "after", {*handle.identifier()}));
  CHECK(take(handle, 1) == std::vector<std::string>{"after"});
}

TEST_CASE("a handle's subscription goes on without its identifier where the next server has none",
          "[integration][subscription]") {
  ScriptedBroker broker;
  Behaviour poorer = without_identifiers();
  poorer.session_present = false;
  broker.behave_on(1, poorer);
  Client client(quick(broker.server()));
  client.connect();
  auto handle = client.subscribe("a", QoS::at_least_once, own_queue);
  broker.reset_connection();
  REQUIRE(wait_for<SessionLost>(client));
  REQUIRE(eventually([&] { return broker.received(1, PacketType::subscribe).size() == 1; }));
  CHECK_FALSE(
      broker.received(1, PacketType::subscribe).at(0).properties.number(PropertyId::subscription_identifier));
  broker.deliver("client", marked("a", "after", {}));
  CHECK(take(handle, 1) == std::vector<std::string>{"after"});
}

TEST_CASE("a handle that the next process makes gets what waited, under the same identifier",
          "[integration][subscription]") {
  ScriptedBroker broker;
  const TemporaryDirectory directory;
  const auto options = [&] {
    Options made = quick(broker.server());
    made.store = sqlite_store((directory.path() / "session.db").string());
    return made;
  };
  std::optional<std::uint32_t> identifier;
  {
    Client client(options());
    client.connect();
    auto handle = client.subscribe("a/#", QoS::at_least_once, own_queue);
    identifier = handle.identifier();
    client.disconnect();
  }
  broker.deliver("client", marked("a/b", "1", {*identifier}));
  broker.deliver("client", marked("a/b", "2", {*identifier}));
  Client client(options());
  client.connect();
  REQUIRE(eventually([&] { return client.statistics().inbox_messages == 2; }));
  auto handle = client.subscribe("a/#", QoS::at_least_once, own_queue);
  CHECK(handle.identifier() == identifier);
  CHECK(take(handle, 2) == numbers(1, 2));
  CHECK_FALSE(client.receive(0ms));
}

TEST_CASE("a handle ends with unsubscribe(), and its loop when all is taken", "[integration][subscription]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  auto handle = client.subscribe("a", QoS::at_least_once, own_queue);
  broker.deliver("client", marked("a", "1", {*handle.identifier()}));
  REQUIRE(eventually([&] { return handle.size() == 1; }));
  CHECK(handle.unsubscribe() == ReasonCode::success);
  CHECK(broker.count(PacketType::unsubscribe) == 1);
  std::vector<std::string> payloads;
  for (auto& message : handle.messages())
    payloads.emplace_back(message.payload());
  CHECK(payloads == numbers(1, 1));
}

TEST_CASE("what came together with the answer to unsubscribe() is still the handle's",
          "[integration][subscription]") {
  // The acknowledgement of nothing gives the network thread something to warn of.
  Behaviour behaviour;
  behaviour.before_send = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::unsuback) return Verdict::proceed;
    connection.send(publish("a", "1", QoS::at_most_once) +
                    answer(PacketType::unsuback, packet.packet_identifier, {ReasonCode::success}) +
                    publish("a", "2", QoS::at_most_once) + acknowledgement(PacketType::puback, 999));
    return Verdict::ignore;
  };
  ScriptedBroker broker(behaviour);
  const auto sink = std::make_shared<HoldingUp>();
  Options options = quick(broker.server());
  options.logger = std::make_shared<spdlog::logger>("test", sink);
  Client client(std::move(options));
  client.connect();
  auto handle = client.subscribe("a", QoS::at_most_once, own_queue);
  CHECK(handle.unsubscribe() == ReasonCode::success);
  sink->let_go();
  CHECK(take(handle, 2) == numbers(1, 2));
  CHECK_FALSE(client.receive(0ms));
}

TEST_CASE("two handles may have one filter: both get its messages, and it ends with the second",
          "[integration][subscription]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  auto first = client.subscribe("a", QoS::at_least_once, own_queue);
  const std::vector<TopicFilter> filters{{"a", {.qos = QoS::at_least_once}}, {"b", {}}};
  auto second = client.subscribe(filters, own_queue);
  CHECK(second.reason_codes().size() == 2);
  broker.deliver("client", marked("a", "both", {*second.identifier()}));
  broker.deliver("client", marked("b", "second", {*second.identifier()}));
  CHECK(take(first, 1) == std::vector<std::string>{"both"});
  CHECK(take(second, 2) == std::vector<std::string>{"both", "second"});
  CHECK_FALSE(first.receive(0ms));
  CHECK(first.unsubscribe() == ReasonCode::success);
  CHECK(broker.count(PacketType::unsubscribe) == 0);
  CHECK(second.unsubscribe() == ReasonCode::success);
  CHECK(broker.received(PacketType::unsubscribe).at(0).subscriptions.size() == 2);
}

TEST_CASE("a refused subscription gives no handle but the reason", "[integration][subscription]") {
  Behaviour behaviour;
  behaviour.before_send = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::suback) return Verdict::proceed;
    connection.send(answer(PacketType::suback, packet.packet_identifier, {ReasonCode::not_authorized}));
    return Verdict::ignore;
  };
  ScriptedBroker broker(behaviour);
  Client client(quick(broker.server()));
  client.connect();
  try {
    const auto handle = client.subscribe("secret", QoS::at_least_once, own_queue);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::request_refused);
    CHECK(error.reason_code() == ReasonCode::not_authorized);
    CHECK(std::string(error.what()).find("secret") != std::string::npos);
  }
}

TEST_CASE("an identifier of the application's own is used, and none is used twice",
          "[integration][subscription]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  const auto handle = client.subscribe("a", SubscriptionOptions{}, own_queue, {.subscription_identifier = 7});
  CHECK(handle.identifier() == 7u);
  CHECK(identifier_of(broker, "a") == 7);
  CHECK_THROWS_AS(client.subscribe("b", SubscriptionOptions{}, {.subscription_identifier = 7}), Error);
  CHECK_THROWS_AS(
      client.subscribe("b", SubscriptionOptions{}, own_queue, {.subscription_identifier = 7}).size(), Error);
  CHECK_THROWS_AS(client.subscribe("b", QoS::at_most_once, SubscriptionQueue{.messages_max = 0}).size(),
                  Error);
}

TEST_CASE("a handle outlives its client and its descriptor tells when a message waits",
          "[integration][subscription]") {
  ScriptedBroker broker;
  auto client = std::make_unique<Client>(quick(broker.server()));
  client->connect();
  auto handle = client->subscribe("a", QoS::at_least_once, own_queue);
  pollfd polled{handle.fd(), POLLIN, 0};
  CHECK(poll(&polled, 1, 0) == 0);
  broker.deliver("client", marked("a", "1", {*handle.identifier()}));
  CHECK(poll(&polled, 1, static_cast<int>(patience.count())) == 1);
  client.reset();
  Subscription moved = std::move(handle);
  CHECK(take(moved, 1) == numbers(1, 1));
  CHECK(poll(&polled, 1, 0) == 0);
  CHECK_FALSE(moved.receive(patience));
  try {
    moved.unsubscribe();
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::closed);
  }
}

TEST_CASE("handles with overlapping filters each get each message once from a real broker",
          "[integration][subscription]") {
  Mosquitto broker;
  Options options = quick(broker.server());
  options.ack = GENERATE(Ack::on_handover, Ack::manual);
  Client client(std::move(options));
  client.connect();
  auto all = client.subscribe("plant/#", QoS::exactly_once, own_queue);
  auto one = client.subscribe("plant/+/temp", QoS::exactly_once, own_queue);
  client.subscribe("other", QoS::exactly_once);
  for (const std::string& number : numbers(0, 50)) {
    client.publish("plant/17/temp", number, {.qos = QoS::exactly_once});
    client.publish("other", number, {.qos = QoS::exactly_once});
  }
  for (const std::string& number : numbers(0, 50)) {
    std::array<std::optional<Message>, 3> messages{all.receive(patience), one.receive(patience),
                                                   client.receive(patience)};
    for (auto& message : messages) {
      REQUIRE(message);
      CHECK(message->payload() == number);
      message->ack();
    }
  }
  CHECK(client.flush(patience));
  CHECK_FALSE(all.receive(0ms));
  CHECK_FALSE(one.receive(0ms));
}

TEST_CASE(
    "with unread_max an unread handle stalls no other at mosquitto, which has 20 messages under way at most",
    "[integration][subscription]") {
  Mosquitto broker;
  Client client(quick(broker.server()));
  client.connect();
  auto unread = client.subscribe("unread", QoS::at_least_once, SubscriptionQueue{.unread_max = 10});
  auto read = client.subscribe("read", QoS::at_least_once, own_queue);
  for (const std::string& number : numbers(0, 100)) {
    client.publish("unread", number, {.qos = QoS::at_least_once});
    client.publish("read", number, {.qos = QoS::at_least_once});
  }
  CHECK(take(read, 100) == numbers(0, 100));
  CHECK(take(unread, 10) == numbers(0, 10));
}

TEST_CASE("topic_matches() agrees with mosquitto about random filters and names",
          "[integration][subscription]") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  std::vector<TopicFilter> filters;
  while (filters.size() < 150) {
    std::string filter = random_levels(random, {"a", "b", "", "+", "+", "#", "$x"});
    // (mosquitto shares no topics that begin with $.)
    if (random() % 10 == 0 && !filter.starts_with('$'))
      filter.insert(0, "$share/group" + std::to_string(filters.size()) + "/");
    const bool known = std::any_of(filters.begin(), filters.end(),
                                   [&](const TopicFilter& other) { return other.filter == filter; });
    if (!known && is_valid_topic_filter(filter)) filters.push_back({filter, {.qos = QoS::at_least_once}});
  }
  std::set<std::string> names;
  while (names.size() < 60) {
    const std::string name = random_levels(random, {"a", "b", "", "c", "$x"});
    if (is_valid_topic_name(name)) names.insert(name);
  }

  Mosquitto broker({.lines = {"max_queued_messages 0"}});
  Client client(quick(broker.server()));
  client.connect();
  std::set<std::pair<std::string, std::string>> expected;
  for (std::uint32_t i = 0; i < filters.size(); ++i) {
    REQUIRE(client.subscribe(filters[i].filter, filters[i].options, {.subscription_identifier = i + 1}) ==
            ReasonCode::granted_qos_1);
    for (const std::string& name : names) {
      if (topic_matches(filters[i].filter, name)) expected.emplace(filters[i].filter, name);
    }
  }
  client.subscribe("the end", QoS::at_least_once);
  for (const std::string& name : names)
    client.publish(name, "", {.qos = QoS::at_least_once});
  client.publish("the end", "", {.qos = QoS::at_least_once});
  std::set<std::pair<std::string, std::string>> found;
  for (;;) {
    const auto message = client.receive(patience);
    REQUIRE(message);
    if (message->topic() == "the end") break;
    for (const std::uint32_t identifier : message->subscription_identifiers())
      found.emplace(filters[identifier - 1].filter, message->topic());
  }
  std::vector<std::pair<std::string, std::string>> differing;
  std::set_symmetric_difference(found.begin(), found.end(), expected.begin(), expected.end(),
                                std::back_inserter(differing));
  for (const auto& [filter, name] : differing)
    FAIL_CHECK("\"" << filter << "\" and \"" << name << "\": mosquitto says otherwise");
  CHECK(expected.size() > 100);
}
