// A load spread over several clients with a shared subscription, through a real mosquitto.
#include <array>

#include "client_under_test.hpp"
#include "support/mosquitto.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

constexpr const char* shared_filter = "$share/workers/jobs";

Options worker(const Mosquitto& mosquitto, const std::string& name) {
  Options options = quick(mosquitto.server(), name);
  options.start = Start::resume;
  options.ack = Ack::manual;
  return options;
}

/// Takes what there is without acknowledging it.
std::vector<Message> take(Client& client, std::size_t count) {
  std::vector<Message> messages;
  while (messages.size() < count) {
    auto message = client.receive(patience);
    if (!message) break;
    messages.push_back(std::move(*message));
  }
  return messages;
}

/// What the workers have done, each time that they did it.
class Done {
 public:
  void work(Client& client, std::chrono::milliseconds wait = 0ms) {
    while (auto message = client.receive(wait)) {
      jobs_.emplace_back(message->payload());
      if (message->duplicate()) repeated_.emplace_back(message->payload());
      message->ack();
    }
  }
  /// Those that had been sent to a worker before.
  [[nodiscard]] const std::vector<std::string>& repeated() const noexcept { return repeated_; }
  [[nodiscard]] std::size_t count() const noexcept { return jobs_.size(); }
  /// In the order of the numbers that they are.
  [[nodiscard]] std::vector<std::string> jobs() const {
    std::vector<std::string> sorted = jobs_;
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return std::stoul(a) < std::stoul(b); });
    return sorted;
  }

 private:
  std::vector<std::string> jobs_;
  std::vector<std::string> repeated_;
};

}  // namespace

TEST_CASE("each message of a shared subscription goes to exactly one worker, and all have their part",
          "[integration][workers]") {
  const QoS qos = GENERATE(QoS::at_most_once, QoS::at_least_once, QoS::exactly_once);
  Mosquitto mosquitto({.lines = {"max_queued_messages 0"}});
  std::array<Client, 3> workers{Client(worker(mosquitto, "a")), Client(worker(mosquitto, "b")),
                                Client(worker(mosquitto, "c"))};
  for (Client& client : workers) {
    client.connect();
    CHECK(client.subscribe(shared_filter, qos) == static_cast<ReasonCode>(qos));
  }
  Client publisher(quick(mosquitto.server(), "publisher"));
  publisher.connect();
  CHECK(succeeded(publish_all(publisher, numbers(0, 300), qos, "jobs")) == 300);
  Done done;
  REQUIRE(eventually([&] {
    for (Client& client : workers)
      done.work(client);
    return done.count() >= 300;
  }));
  for (Client& client : workers)
    done.work(client, 20ms);
  CHECK(difference(done.jobs(), numbers(0, 300)) == "");
  for (const Client& client : workers)
    CHECK(client.statistics().received == 100);
}

// What mosquitto 2.0.11 does: a session that is away keeps its place in the group. What it had in hand, and
// what is dealt to it meanwhile, waits for it; nothing of that goes to the others.
TEST_CASE(
    "a worker that dies with jobs in hand has them again when it is back with its session: none is lost",
    "[integration][workers]") {
  const QoS qos = GENERATE(QoS::at_least_once, QoS::exactly_once);
  Mosquitto mosquitto({.lines = {"max_queued_messages 0"}});
  Client staying(worker(mosquitto, "staying"));
  Client publisher(quick(mosquitto.server(), "publisher"));
  for (Client* client : {&staying, &publisher})
    client->connect();
  staying.subscribe(shared_filter, qos);
  std::vector<std::string> in_hand;
  {
    Client dying(worker(mosquitto, "dying"));
    dying.connect();
    dying.subscribe(shared_filter, qos);
    CHECK(succeeded(publish_all(publisher, numbers(0, 40), qos, "jobs")) == 40);
    for (const Message& message : take(dying, 20))
      in_hand.emplace_back(message.payload());
  }  // Without disconnect(), as when its process is killed.
  CHECK(succeeded(publish_all(publisher, numbers(40, 40), qos, "jobs")) == 40);
  Done done;
  REQUIRE(eventually([&] {
    done.work(staying);
    return done.count() >= 40;
  }));
  Client back(worker(mosquitto, "dying"));
  back.connect();
  REQUIRE(eventually([&] {
    done.work(back);
    return done.count() >= 80;
  }));
  done.work(staying, 20ms);
  CHECK(difference(done.jobs(), numbers(0, 80)) == "");
  CHECK(in_hand.size() == 20);
  CHECK(difference(done.repeated(), in_hand) == "");
  CHECK(back.statistics().sessions_resumed == 1);
}

// Why a worker should have a session: without one, mosquitto 2.0.11 drops what the worker had in hand, and
// the others get all that follows.
TEST_CASE("a worker without a session loses what it had in hand, and only that", "[integration][workers]") {
  Mosquitto mosquitto({.lines = {"max_queued_messages 0"}});
  Client staying(worker(mosquitto, "staying"));
  Client publisher(quick(mosquitto.server(), "publisher"));
  for (Client* client : {&staying, &publisher})
    client->connect();
  staying.subscribe(shared_filter, QoS::at_least_once);
  std::vector<std::string> in_hand;
  {
    Options options = worker(mosquitto, "dying");
    options.session_expiry.reset();
    options.start = Start::clean;
    Client dying(options);
    dying.connect();
    dying.subscribe(shared_filter, QoS::at_least_once);
    CHECK(succeeded(publish_all(publisher, numbers(0, 20), QoS::at_least_once, "jobs")) == 20);
    for (const Message& message : take(dying, 10))
      in_hand.emplace_back(message.payload());
  }
  REQUIRE(eventually(
      [&] { return mosquitto.log().find("Client dying closed its connection") != std::string::npos; }));
  CHECK(succeeded(publish_all(publisher, numbers(20, 20), QoS::at_least_once, "jobs")) == 20);
  Done done;
  REQUIRE(eventually([&] {
    done.work(staying);
    return done.count() >= 30;
  }));
  std::vector<std::string> expected;
  for (const std::string& job : numbers(0, 40)) {
    if (std::find(in_hand.begin(), in_hand.end(), job) == in_hand.end()) expected.push_back(job);
  }
  CHECK(difference(done.jobs(), expected) == "");
}
