// A client whose disk takes half a second for a commit: no deadline is missed for it, neither ours nor the
// broker's.
#include <atomic>
#include <thread>

#include "client_under_test.hpp"
#include "support/slow_disk.hpp"
#include "support/temporary_directory.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

/// A store on a disk that gets slow when it is open.
class SlowStore {
 public:
  [[nodiscard]] std::shared_ptr<Store> open() {
    auto store = sqlite_store(directory_.path() / "session.db");
    disk_.set_sync_time(500ms);
    return store;
  }
  /// The disk is as fast as it is again.
  void recover() { disk_.set_sync_time(0ms); }

 private:
  TemporaryDirectory directory_;
  SlowDisk disk_{0ms};
};

/// All of our patience ends sooner than a commit, and the broker's soon after it.
Options impatient(const ScriptedBroker& broker, SlowStore& store) {
  Options options = quick(broker.server());
  options.store = store.open();
  options.keep_alive = 1s;
  options.ping_timeout = options.acknowledgement_timeout = 400ms;
  options.connack_timeout = options.write_timeout = 400ms;
  options.outbox_messages_max = 100;
  return options;
}

/// Publishes from a thread of its own without a pause, from its making to stop().
class Publisher {
 public:
  explicit Publisher(Client& client) : thread_([this, &client] { publish(client); }) {}
  ~Publisher() { stop(); }
  /// How many it published.
  std::size_t stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return published_;
  }

 private:
  void publish(Client& client) {
    for (; !stopping_; ++published_) {
      client.publish("t", std::to_string(published_),
                     {.qos = published_ % 2 == 0 ? QoS::at_least_once : QoS::exactly_once});
    }
  }

  std::atomic<bool> stopping_ = false;
  std::size_t published_ = 0;
  std::thread thread_;
};

bool wait_for_commits(const Client& client, std::uint64_t count) {
  const auto enough = client.statistics().commits + count;
  return eventually([&] { return client.statistics().commits >= enough; });
}

/// The longest time between two packets of one connection.
std::chrono::milliseconds longest_silence(const ScriptedBroker& broker) {
  std::chrono::steady_clock::duration longest{0};
  const auto packets = broker.received();
  for (std::size_t i = 1; i < packets.size(); ++i) {
    if (packets[i].connection == packets[i - 1].connection)
      longest = std::max(longest, packets[i].time - packets[i - 1].time);
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(longest);
}

constexpr auto broker_patience = 1'500ms;  // One and a half keep-alive intervals. [MQTT-3.1.2-22]

}  // namespace

TEST_CASE("a connection is not taken for dead because commits take longer than our patience",
          "[integration][slow-disk]") {
  ScriptedBroker broker;
  SlowStore store;
  Client client(impatient(broker, store));
  client.connect();
  Publisher publisher(client);
  REQUIRE(wait_for_commits(client, 6));
  const std::size_t published = publisher.stop();
  store.recover();
  REQUIRE(client.flush(patience));
  CHECK(difference(payloads_of(broker.accepted()), numbers(0, published)) == "");
  CHECK(broker.connections() == 1);
  CHECK(longest_silence(broker) < broker_patience);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("the broker hears from us between commits that give nothing to send", "[integration][slow-disk]") {
  Behaviour silent = with_receive_maximum(1);
  silent.holds_acknowledgements = true;
  ScriptedBroker broker(silent);
  SlowStore store;
  Options options = impatient(broker, store);
  options.acknowledgement_timeout.reset();
  options.outbox_messages_max = 100'000;
  options.publish_returns = PublishReturns::stored;
  Client client(options);
  client.connect();
  Publisher first(client);
  Publisher second(client);
  REQUIRE(wait_for_commits(client, 6));
  CHECK(broker.count(PacketType::pingreq) >= 2);
  CHECK(longest_silence(broker) < broker_patience);
  CHECK(broker.connections() == 1);
  store.recover();
  broker.change_behaviour([](Behaviour& behaviour) { behaviour.holds_acknowledgements = false; });
  broker.release_acknowledgements();
  const std::size_t published = first.stop() + second.stop();
  REQUIRE(client.flush(patience));
  CHECK(broker.accepted_count() == published);
  CHECK(broker.violations() == nothing);
}

TEST_CASE(
    "a broker that answers at once has answered in time, however long the commit before the CONNECT took",
    "[integration][slow-disk]") {
  ScriptedBroker broker;
  SlowStore store;
  Client client(impatient(broker, store));
  Publisher publisher(client);
  REQUIRE(wait_for_commits(client, 1));
  client.connect();
  for (std::uint64_t connects = 2; connects <= 3; ++connects) {
    broker.reset_connection();
    REQUIRE(eventually([&] { return client.statistics().connects == connects; }));
  }
  CHECK(client.statistics().connect_failures == 0);
  const std::size_t published = publisher.stop();
  store.recover();
  REQUIRE(client.flush(patience));
  CHECK(difference(first_arrivals(payloads_of(broker.accepted())), numbers(0, published)) == "");
  CHECK(broker.violations() == nothing);
}
