// Clients whose session is in a file: what they promise across the end of a process.
#include <cstdio>
#include <filesystem>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <set>

#include "client_under_test.hpp"
#include "forked_process.hpp"
#include "support/mosquitto.hpp"
#include "support/temporary_directory.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

class StoreFile {
 public:
  [[nodiscard]] std::shared_ptr<Store> store() const { return sqlite_store(file()); }
  /// What a kill at this moment would leave to the next process.
  [[nodiscard]] std::shared_ptr<Store> as_if_killed() const {
    const auto copy = after_.path() / "session.db";
    std::filesystem::copy_file(file(), copy);
    std::filesystem::copy_file(file().string() + "-wal", copy.string() + "-wal");
    return sqlite_store(copy);
  }

 private:
  [[nodiscard]] std::filesystem::path file() const { return directory_.path() / "session.db"; }

  TemporaryDirectory directory_;
  TemporaryDirectory after_;
};

/// Publishes as fast as it can and writes the number of each message that the store has, until it is killed.
void publish_until_killed(const std::string& server, const StoreFile& file, const std::string& name,
                          int reports) {
  Options options = quick(server, "publisher");
  options.store = file.store();
  options.session_expiry = 1h;
  options.publish_returns = PublishReturns::stored;
  options.retry_first_connect = true;
  Client client(options);
  client.connect();
  for (int number = 0;; ++number) {
    client.publish("t", name + "/" + std::to_string(number), {.qos = QoS::exactly_once});
    report_to(reports, number);
  }
}

/// Kills such a process once it has reported `enough`; how many it had reported then.
int publish_and_kill(const std::string& server, const StoreFile& file, const std::string& name, int enough) {
  ForkedProcess<int> publisher([&](int reports) { publish_until_killed(server, file, name, reports); });
  int reported = 0;
  while (reported < enough && publisher.next())
    ++reported;
  reported += static_cast<int>(publisher.kill().size());
  REQUIRE(reported >= enough);
  return reported;
}

}  // namespace

TEST_CASE("a publisher that is killed again and again loses nothing it reported stored, and doubles nothing",
          "[integration][store]") {
  Mosquitto mosquitto({.lines = {"max_queued_messages 0"}});
  const StoreFile file;
  std::vector<int> reported;
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  Options durable = quick(mosquitto.server(), "subscriber");
  durable.session_expiry = 1h;
  {
    Client subscriber(durable);
    subscriber.connect();
    subscriber.subscribe("t", QoS::exactly_once);
  }
  for (int i = 0; i < kills(); ++i) {  // No thread of ours runs meanwhile: this process is forked.
    const int enough = static_cast<int>(random() % 200);
    reported.push_back(publish_and_kill(mosquitto.server(), file, std::to_string(i), enough));
  }
  Options options = quick(mosquitto.server(), "publisher");
  options.store = file.store();
  options.session_expiry = 1h;
  Client last(options);
  last.connect();
  CHECK(last.flush(patience));
  durable.start = Start::resume;
  Client subscriber(durable);
  subscriber.connect();
  last.publish("t", "the end", {.qos = QoS::exactly_once});

  std::map<std::string, int> next;  // By process.
  int out_of_order = 0;
  for (;;) {
    const auto message = subscriber.receive(patience);
    REQUIRE(message);
    const std::string payload(message->payload());
    if (payload == "the end") break;
    const auto slash = payload.find('/');
    if (next[payload.substr(0, slash)]++ != std::stoi(payload.substr(slash + 1))) ++out_of_order;
  }
  CHECK(out_of_order == 0);  // Neither missing nor double nor overtaken.
  for (int i = 0; i < kills(); ++i) {
    CAPTURE(i);
    CHECK(next[std::to_string(i)] >= reported[static_cast<std::size_t>(i)]);
  }
  const int messages = std::accumulate(next.begin(), next.end(), 0,
                                       [](int sum, const auto& process) { return sum + process.second; });
  std::printf("seed %u: %d kills, %d messages, %d of them reported stored\n", seed, kills(), messages,
              std::accumulate(reported.begin(), reported.end(), 0));
}

TEST_CASE("publish() with publish_returns = stored returns when the store has the message, broker or not",
          "[integration][store]") {
  const StoreFile file;
  Options options = quick("mqtt://127.0.0.1:1");
  options.store = file.store();
  options.publish_returns = PublishReturns::stored;
  {
    Client client(options);
    CHECK(client.publish("t", "1", {.qos = QoS::at_least_once}).stored());
    CHECK_FALSE(client.publish("t", "0").stored());  // QoS 0 is not for the store, and does not wait for it.
    CHECK(client.publish("t", "2", {.qos = QoS::exactly_once}).stored());
  }
  options.store.reset();
  options.store = file.store();
  CHECK(Client(options).statistics().outbox_messages == 2);
}

TEST_CASE("a Delivery tells when the store has its message", "[integration][store]") {
  const StoreFile file;
  Options options = quick("mqtt://127.0.0.1:1");
  SECTION("with a store") {
    options.store = file.store();
    Client client(options);
    const Delivery delivery = client.publish("t", "1", {.qos = QoS::at_least_once});
    CHECK(delivery.wait_stored(patience));
    CHECK(delivery.stored());
    CHECK_FALSE(delivery.done());
  }
  SECTION("without one there is nothing to wait for but the end") {
    std::optional<Client> client(options);
    const Delivery delivery = client->publish("t", "1", {.qos = QoS::at_least_once});
    CHECK_FALSE(delivery.wait_stored(10ms));
    client.reset();
    CHECK_FALSE(delivery.wait_stored(1h));
  }
}

TEST_CASE("statistics count commits, and the messages that were made durable", "[integration][store]") {
  ScriptedBroker broker;
  const StoreFile file;
  Options options = quick(broker.server());
  SECTION("with a store") {
    options.store = file.store();
    Client client(options);
    const auto deliveries = publish_all(client, numbers(0, 100), QoS::at_least_once);
    REQUIRE(deliveries.back().wait_stored(patience));
    CHECK(client.statistics().stored == 100);
    CHECK(client.statistics().commits >= 1);
    CHECK(client.statistics().commits <= 100);
    client.connect();
    client.publish("t", "QoS 0 is not for the store");
    REQUIRE(client.flush(patience));
    CHECK(client.statistics().stored == 100);
  }
  SECTION("without one nothing is durable") {
    Client client(options);
    client.connect();
    synchronize(client);
    CHECK(client.statistics().stored == 0);
    CHECK(client.statistics().commits == 0);
  }
}

TEST_CASE("QoS 0 published offline outlives the process when asked to, and is sent once",
          "[integration][store]") {
  ScriptedBroker broker;
  const StoreFile file;
  Options options = quick(broker.server());
  options.qos0_offline = Qos0Offline::store;
  {
    options.store = file.store();
    Client client(options);
    CHECK(client.publish("t", "0").wait_stored(patience));
    options.store.reset();
  }
  for (int run = 0; run < 2; ++run) {
    options.store = file.store();
    Client client(options);
    client.connect();
    synchronize(client);
    options.store.reset();
  }
  CHECK(std::set<std::string>{"0", ""} == [&] {
    const auto payloads = payloads_of(broker.received(PacketType::publish));
    return std::set<std::string>(payloads.begin(), payloads.end());
  }());
  CHECK(broker.count(PacketType::publish) == 3);
}

TEST_CASE("a killed client's session goes on from its file", "[integration][store]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  Behaviour silent = with_receive_maximum(5);
  silent.holds_acknowledgements = true;
  ScriptedBroker broker(with_receive_maximum(5));
  broker.behave_on(0, silent);
  const StoreFile file;
  Options options = quick_with_window(broker.server(), 5);
  options.store = file.store();
  std::optional<Client> killed(options);
  killed->connect();
  killed->subscribe("s", QoS::at_least_once);
  for (const Delivery& delivery : publish_all(*killed, numbers(0, 20), qos))
    REQUIRE(delivery.wait_stored(patience));
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 5; }));
  options.store = file.as_if_killed();
  killed.reset();

  Client client(options);
  CHECK(client.statistics().outbox_messages == 20);
  client.connect();
  CHECK_FALSE(broker.received(1, PacketType::connect).at(0).clean_start);
  CHECK(client.flush(patience));
  CHECK(payloads_of(broker.received(1, PacketType::publish)) == numbers(0, 20));
  CHECK(first_arrivals(payloads_of(broker.accepted())) == numbers(0, 20));
  broker.publish({"s", "still subscribed", QoS::at_least_once});
  CHECK(receive_payloads(client, 1) == std::vector<std::string>{"still subscribed"});
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a client killed before its subscriptions were made again asks for them when it comes back",
          "[integration][store]") {
  ScriptedBroker broker;
  Behaviour deaf;
  deaf.on_packet = ignoring(PacketType::subscribe);
  const StoreFile file;
  Options options = quick_with_window(broker.server(), 5);
  options.store = file.store();
  std::optional<Client> killed(options);
  killed->connect();
  killed->subscribe("s", QoS::at_least_once);
  broker.behave_on(1, deaf);
  broker.forget_sessions();
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::subscribe) == 2; }));
  options.store = file.as_if_killed();
  killed.reset();
  Client client(options);
  client.connect();
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::subscribe) == 3; }));
  synchronize(client);
  broker.publish({"s", "heard", QoS::at_least_once});
  CHECK(receive_payloads(client, 1) == std::vector<std::string>{"heard"});
}

TEST_CASE("a store's messages are queued by today's rules, whatever they were when it took them",
          "[integration][store]") {
  ScriptedBroker broker;
  const StoreFile file;
  Options options = quick(broker.server());
  options.store = file.store();
  {
    Client client(options);
    client.publish("value", "1", {.qos = QoS::at_least_once});
    client.publish("t", "2", {.qos = QoS::at_least_once});
    client.publish("value", "3", {.qos = QoS::at_least_once});
    REQUIRE(client.publish("alarm", "4", {.qos = QoS::at_least_once}).wait_stored(patience));
  }
  options.store.reset();
  options.store = file.store();
  options.outbox_rules = {{.filter = "alarm", .priority = 1}, {.filter = "value", .keep_latest = true}};
  Client client(options);
  client.connect();
  REQUIRE(client.flush(patience));
  CHECK(payloads_of(broker.accepted()) == std::vector<std::string>{"4", "3", "2"});
  CHECK(client.statistics().superseded == 1);
  CHECK(client.statistics().outbox_messages == 0);
}

TEST_CASE("a backlog larger than what is kept in memory arrives in order, over a restart, and once",
          "[integration][store][backlog]") {
  ScriptedBroker broker;
  const StoreFile file;
  Options options = quick(broker.server());
  const std::string filler(2'000, '.');
  constexpr std::size_t half = 10'000;  // 20 MB each.
  const auto publish = [&filler](Client& client, std::size_t first) {
    Delivery last;
    for (const std::string& number : numbers(first, half))
      last = client.publish("t", number + filler, {.qos = QoS::exactly_once});
    REQUIRE(last.wait_stored(patience));
  };
  {
    options.store = file.store();
    Client client(options);
    publish(client, 0);
    options.store.reset();
  }
  options.store = file.store();
  Client client(options);
  publish(client, half);
  CHECK(client.statistics().outbox_messages == 2 * half);
  client.connect();
  REQUIRE(client.flush(4 * patience));
  auto arrived = payloads_of(broker.accepted());
  for (std::string& payload : arrived)
    payload.resize(payload.find('.'));
  CHECK(difference(arrived, numbers(0, 2 * half)) == "");
}
