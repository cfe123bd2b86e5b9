// What docs/guide.md shows: a program that writes each message to a database of its own and then acknowledges
// it has every message once, whenever it is killed.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <random>

#include "client_under_test.hpp"
#include "forked_process.hpp"
#include "store/sqlite_database.hpp"
#include "store/store.hpp"
#include "support/mosquitto.hpp"
#include "support/temporary_directory.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

/// The application's own database: the numbers that came, and the last key of each packet identifier.
class Ledger {
 public:
  explicit Ledger(const std::filesystem::path& file) : database_(opened(file)) {}

  void put(const std::vector<Message>& messages) {
    database_.execute("BEGIN IMMEDIATE");
    for (const Message& message : messages) {
      if (remember(message.key().value()))
        enter_.run(std::int64_t{std::stoi(std::string(message.payload()))});
    }
    database_.execute("COMMIT");
  }

  std::vector<std::int64_t> entries() {
    store::Statement all(database_, "SELECT number FROM entry ORDER BY place");
    std::vector<std::int64_t> numbers;
    while (all.step())
      numbers.push_back(all.number(0));
    return numbers;
  }

 private:
  static store::Database opened(const std::filesystem::path& file) {
    std::ofstream(file, std::ios::app);  // The file has to exist.
    store::Database database(file);
    database.execute(R"(
        CREATE TABLE IF NOT EXISTS entry (place INTEGER PRIMARY KEY, number INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS last_key (packet_identifier INTEGER PRIMARY KEY, key TEXT NOT NULL))");
    return database;
  }
  bool remember(const MessageKey& key) {
    remember_.run(std::int64_t{key.packet_identifier}, std::string_view(to_string(key)));
    return database_.number("SELECT changes()") == 1;
  }

  store::Database database_;
  store::Statement enter_{database_, "INSERT INTO entry (number) VALUES (?)"};
  store::Statement remember_{database_, R"(
      INSERT INTO last_key VALUES (?, ?)
      ON CONFLICT DO UPDATE SET key = excluded.key WHERE key <> excluded.key)"};
};

struct Files {
  [[nodiscard]] std::filesystem::path session() const { return directory.path() / "session.db"; }
  [[nodiscard]] std::filesystem::path ledger() const { return directory.path() / "ledger.db"; }
  TemporaryDirectory directory;
};

/// What the subscriber has done with a message.
struct Step {
  enum class What : std::uint8_t { handed_over, committed, acknowledged } what;
  int number;
  MessageKey key;
};

Options subscriber_options(const std::string& server, const Files& files) {
  Options options = quick(server, "subscriber");
  options.store = sqlite_store(files.session());
  options.ack = Ack::manual;
  options.retry_first_connect = true;
  return options;
}

/// Takes what is there, a few at a time, as a program does that wants speed.
std::vector<Message> take_some(Client& client) {
  std::vector<Message> taken;
  for (auto message = client.receive(patience); message; message = client.receive(0s)) {
    taken.push_back(std::move(*message));
    if (taken.size() == 4) break;
  }
  return taken;
}

void subscribe_until_killed(const std::string& server, const Files& files, int steps) {
  Ledger ledger(files.ledger());
  Client client(subscriber_options(server, files));
  client.connect();
  const auto report = [&](Step::What what, const std::vector<Message>& messages) {
    for (const Message& message : messages)
      report_to(steps, Step{what, std::stoi(std::string(message.payload())), message.key().value()});
  };
  for (;;) {
    std::vector<Message> messages = take_some(client);
    report(Step::What::handed_over, messages);
    ledger.put(messages);
    report(Step::What::committed, messages);
    for (Message& message : messages)
      message.ack();
    report(Step::What::acknowledged, messages);
  }
}

/// Publishes numbers from 0 on, as many more each time as it is told to, until `orders` ends.
void publish_as_told(const std::string& server, int orders) {
  Client client(quick(server, "publisher"));
  client.connect();
  int next = 0;
  int more = 0;
  while (::read(orders, &more, sizeof more) == sizeof more) {
    for (const int end = next + more; next != end; ++next)
      client.publish("t", std::to_string(next), {.qos = QoS::exactly_once});
  }
  if (!client.flush(patience)) throw std::runtime_error("not all was acknowledged");
}

/// What the store knows of acknowledgements, as a kill left it.
class Recorded {
 public:
  explicit Recorded(const Files& files) : snapshot_(sqlite_store(files.session())->open({})) {}
  [[nodiscard]] bool operator()(const MessageKey& key) const {
    return std::any_of(snapshot_.inbound_counts.begin(), snapshot_.inbound_counts.end(),
                       [&](const session::InboundCount& count) {
                         return count.packet_identifier == key.packet_identifier &&
                                count.exchanges >= key.exchange && snapshot_.epoch == key.session;
                       });
  }

 private:
  session::Snapshot snapshot_;
};

/// Looks at one process after the other.
class Check {
 public:
  /// `steps` of a process that began with `recorded`.
  void process(const std::vector<Step>& steps, const Recorded& recorded) {
    std::set<int> here;
    for (const Step& step : steps) {
      if (step.what != Step::What::handed_over) continue;
      CAPTURE(step.number, to_string(step.key));
      const auto [known, first] = keys_.try_emplace(step.number, step.key);
      CHECK(known->second == step.key);
      CHECK(here.insert(step.number).second);
      if (first) continue;
      ++repeated_;
      CHECK_FALSE(recorded(step.key));
    }
  }
  [[nodiscard]] std::size_t messages() const { return keys_.size(); }
  [[nodiscard]] std::size_t repeated() const { return repeated_; }

 private:
  std::map<int, MessageKey> keys_;  // By number.
  std::size_t repeated_ = 0;
};

/// Runs the subscriber until it has done `enough`, and kills it; all that it did.
template <class Enough>
std::vector<Step> run_and_kill(const std::string& server, const Files& files, Pipe& orders, Enough enough) {
  ForkedProcess<Step> subscriber([&](int steps) {
    orders.writing.close();  // Else the publisher would never see its end.
    subscribe_until_killed(server, files, steps);
  });
  std::vector<Step> steps;
  while (!enough(steps)) {
    const auto step = subscriber.next();
    REQUIRE(step);
    steps.push_back(*step);
  }
  const auto rest = subscriber.kill();
  steps.insert(steps.end(), rest.begin(), rest.end());
  return steps;
}

}  // namespace

TEST_CASE("a subscriber that is killed again and again has each message once in its database, in order",
          "[integration][exactly-once]") {
  Mosquitto mosquitto({.lines = {"max_queued_messages 0"}});
  const Files files;
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  {
    Client subscriber(subscriber_options(mosquitto.server(), files));
    subscriber.connect();
    subscriber.subscribe("t", QoS::exactly_once);
  }
  Pipe orders;  // From here on no thread of ours runs: this process is forked.
  ForkedProcess<int> publisher([&](int) {
    orders.writing.close();
    publish_as_told(mosquitto.server(), orders.reading.get());
  });
  int published = 0;
  const auto publish = [&](int more) {
    report_to(orders.writing.get(), more);
    published += more;
  };

  Check check;
  for (int i = 0; i < kills(); ++i) {
    const auto enough = random() % 100;  // Three steps a message.
    publish(static_cast<int>(enough / 3 + 1 + random() % 20));
    const Recorded recorded(files);
    check.process(run_and_kill(mosquitto.server(), files, orders,
                               [&](const std::vector<Step>& steps) { return steps.size() >= enough; }),
                  recorded);
  }
  publish(1);  // So that something is left for the last process.
  orders.writing.close();
  CHECK(publisher.wait());
  const Recorded recorded(files);
  const auto all_is_there = [&](const std::vector<Step>& steps) {
    return !steps.empty() && steps.back().what == Step::What::committed &&
           steps.back().number == published - 1;
  };
  check.process(run_and_kill(mosquitto.server(), files, orders, all_is_there), recorded);

  std::vector<std::int64_t> expected(static_cast<std::size_t>(published));
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(Ledger(files.ledger()).entries() == expected);
  CHECK(check.messages() == expected.size());
  std::printf("seed %u: %d kills, %d messages, %zu handed over again\n", seed, kills(), published,
              check.repeated());
}
