// The client against a cluster of two real ejabberd nodes that are killed in turn. What it promises: whatever
// was accepted and that no node has acknowledged arrives. What a node acknowledged and kept in its memory
// dies with it; that is the broker's loss, and no test here counts on the opposite.
#include <algorithm>
#include <numeric>

#include "client_under_test.hpp"
#include "support/ejabberd.hpp"
#include "support/relay.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

/// One for all tests, since Erlang starts slowly: each has client ids and topics of its own.
Ejabberd& cluster() {
  static Ejabberd ejabberd(2);
  ejabberd.restart_all();
  return ejabberd;
}

Options member(std::vector<std::string> servers, std::string client_id) {
  Options options = quick("", std::move(client_id));
  options.servers = std::move(servers);
  options.server_group = ServerGroup::cluster;
  options.user_name = Ejabberd::user_name;
  options.password = Ejabberd::password;
  // As in the field, but sooner: a broker that has trouble with a session is left alone for a moment.
  options.reconnect.min_delay = 50ms;
  options.reconnect.max_delay = 1'000ms;
  return options;
}

/// The servers, the one of that node first: a client goes there as long as it can.
std::vector<std::string> beginning_with(std::size_t node) {
  std::vector<std::string> servers = cluster().servers();
  if (node == 1) std::reverse(servers.begin(), servers.end());
  return servers;
}

std::uint64_t attempts(const Client& client) {
  const Statistics statistics = client.statistics();
  return statistics.connects + statistics.connect_failures;
}

/// Takes what comes until everything that is wanted was there.
std::vector<std::string> receive_all(Client& client, const std::vector<std::string>& wanted) {
  std::set<std::string> missing(wanted.begin(), wanted.end());
  std::vector<std::string> arrived;
  while (!missing.empty()) {
    const auto message = client.receive(patience);
    if (!message) break;
    arrived.emplace_back(message->payload());
    missing.erase(arrived.back());
  }
  return arrived;
}

/// Numbered messages of one publisher, and what became of them.
class Load {
 public:
  Load(Client& publisher, std::string topic, QoS qos)
      : publisher_(publisher), topic_(std::move(topic)), qos_(qos) {}

  void publish(std::size_t count) {
    const auto more = publish_all(publisher_, numbers(deliveries_.size(), count), qos_, topic_);
    deliveries_.insert(deliveries_.end(), more.begin(), more.end());
  }
  /// Those that no node has acknowledged yet.
  [[nodiscard]] std::vector<std::size_t> open() const {
    std::vector<std::size_t> numbers;
    for (std::size_t number = 0; number < deliveries_.size(); ++number) {
      if (!deliveries_[number].done()) numbers.push_back(number);
    }
    return numbers;
  }
  [[nodiscard]] std::vector<std::size_t> all() const {
    std::vector<std::size_t> numbers(deliveries_.size());
    std::iota(numbers.begin(), numbers.end(), 0U);
    return numbers;
  }
  /// Waits for the end of these; the payloads of those that are to arrive. Not among them is what a node had
  /// taken over at QoS 2 (PUBREC) when its session died: its Delivery says session_lost.
  [[nodiscard]] std::vector<std::string> promised(const std::vector<std::size_t>& numbers) const {
    std::vector<std::string> payloads;
    for (const std::size_t number : numbers) {
      REQUIRE(deliveries_[number].wait_for(patience));
      const std::error_code error = deliveries_[number].result().error;
      if (qos_ == QoS::exactly_once && error == Errc::session_lost) continue;
      CHECK(error == std::error_code());
      payloads.push_back(std::to_string(number));
    }
    return payloads;
  }

 private:
  Client& publisher_;
  std::string topic_;
  QoS qos_;
  std::vector<Delivery> deliveries_;
};

std::vector<std::string> not_in(const std::vector<std::string>& arrived,
                                const std::vector<std::string>& wanted) {
  const std::set<std::string> there(arrived.begin(), arrived.end());
  std::vector<std::string> missing;
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(missing),
               [&](const std::string& payload) { return !there.contains(payload); });
  return missing;
}

/// Kills the node on which the client is and waits until that has noticed: it may be on the other one
/// already.
void kill_under(Client& client, Ejabberd::Node& node) {
  const std::uint64_t connects = client.statistics().connects;
  node.kill_hard();
  REQUIRE(eventually([&] { return !client.is_connected() || client.statistics().connects > connects; }));
}

/// Waits until the node answers to a message, again and again: a connection may end soon after it was made.
bool is_in_for_good(Client& client) {
  const auto let_in = [&] {
    const std::uint64_t connects = client.statistics().connects;
    const Delivery delivery = client.publish("nobody/subscribed", "", {.qos = QoS::at_least_once});
    return delivery.wait_for(3 * patience) && throughout(100ms, [&] { return client.is_connected(); }) &&
           client.statistics().connects == connects;
  };
  return eventually(let_in, 3 * patience);  // A broken session alone takes 15 s to be given up.
}

}  // namespace

TEST_CASE("what is published on one node reaches a subscriber on the other", "[integration][cluster]") {
  const QoS qos = GENERATE(QoS::at_most_once, QoS::at_least_once, QoS::exactly_once);
  const std::string name = "across-" + std::to_string(static_cast<int>(qos));
  Client subscriber(member(beginning_with(1), name + "-subscriber"));
  subscriber.connect();
  subscriber.subscribe(name, qos);
  Client publisher(member(beginning_with(0), name + "-publisher"));
  publisher.connect();
  CHECK(succeeded(publish_all(publisher, numbers(0, 500), qos, name)) == 500);
  CHECK(difference(receive_payloads(subscriber, 500), numbers(0, 500)) == "");
}

TEST_CASE("each node is killed in turn: a client moves to the other one and loses nothing unacknowledged",
          "[integration][cluster]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  const std::string name = "in-turn-" + std::to_string(static_cast<int>(qos));
  Ejabberd& ejabberd = cluster();
  Client client(member(beginning_with(0), name));
  client.connect();
  client.subscribe(name, qos);
  Load load(client, name, qos);
  for (std::size_t round = 0; round < 2; ++round) {
    const std::uint64_t before = attempts(client);
    load.publish(1'000);
    kill_under(client, ejabberd.node(round));
    load.publish(100);
    const auto open = load.open();
    const auto lost = wait_for<SessionLost>(client);
    REQUIRE(lost);
    CHECK(lost->resubscribed == 1);
    const auto promised = load.promised(open);
    CHECK(promised.size() >= 100);
    CHECK(not_in(receive_all(client, promised), promised) == nothing);
    CHECK(attempts(client) - before <= 4);
    ejabberd.restart_all();
  }
}

TEST_CASE("a subscriber on the node that lives misses nothing of a publisher whose node dies",
          "[integration][cluster]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  const std::string name = "survivor-" + std::to_string(static_cast<int>(qos));
  Ejabberd& ejabberd = cluster();
  Client subscriber(member(beginning_with(1), name + "-subscriber"));
  subscriber.connect();
  subscriber.subscribe(name, qos);
  Client publisher(member(beginning_with(0), name + "-publisher"));
  publisher.connect();
  Load load(publisher, name, qos);
  load.publish(2'000);
  kill_under(publisher, ejabberd.node(0));
  load.publish(100);
  const auto promised = load.promised(load.open());
  const auto arrived = receive_all(subscriber, promised);
  CHECK(not_in(arrived, promised) == nothing);
  CHECK(subscriber.statistics().connects == 1);
}

// Ejabberd 23.01 can break a session that a client takes to another node at once. It lets the client in, says
// "replaced by another connection" (0x8E), and from then on every node refuses to resume (0x80) until
// somebody begins anew. What waited for the client in that session is lost with it; nothing else is.
TEST_CASE("a session follows its client from node to node, and one that breaks on the way is begun anew",
          "[integration][cluster]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  const std::string name = "moves-" + std::to_string(static_cast<int>(qos));
  Ejabberd& ejabberd = cluster();
  Relay first(ejabberd.node(0).port());
  Relay second(ejabberd.node(1).port());
  second.refuse();
  Client subscriber(member({first.server(), second.server()}, name + "-subscriber"));
  subscriber.connect();
  subscriber.subscribe(name, qos);
  Client publisher(member(beginning_with(0), name + "-publisher"));
  publisher.connect();
  Load load(publisher, name, qos);
  std::vector<std::string> arrived;
  for (int move = 0; move < 4; ++move) {
    Relay& here = move % 2 == 0 ? first : second;
    Relay& there = move % 2 == 0 ? second : first;
    const std::uint64_t before = attempts(subscriber);
    load.publish(20);
    there.heal();
    here.refuse();
    here.cut();
    load.publish(20);
    // Once it is let in for good, its subscription made again if need be, all that follows arrives.
    REQUIRE(is_in_for_good(subscriber));
    CHECK(attempts(subscriber) - before <= 100);
    const std::size_t first_after = load.all().size();
    load.publish(20);
    auto after = load.all();
    after.erase(after.begin(), after.begin() + static_cast<std::ptrdiff_t>(first_after));
    const auto promised = load.promised(subscriber.statistics().sessions_lost == 0 ? load.all() : after);
    const auto more = receive_all(subscriber, not_in(arrived, promised));
    arrived.insert(arrived.end(), more.begin(), more.end());
    CHECK(not_in(arrived, promised) == nothing);
  }
}
