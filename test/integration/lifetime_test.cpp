// How a client ends, and what it leaves alone in the process that it lives in.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <optional>
#include <set>
#include <string_view>
#include <thread>

#include "client_under_test.hpp"
#include "support/relay.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

std::set<std::string> entries_of(const char* directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

/// The signals that a thread of ours blocks, as bits.
std::uint64_t blocked_signals(const std::string& thread) {
  std::ifstream status("/proc/self/task/" + thread + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("SigBlk:", 0) == 0) return std::stoull(line.substr(7), nullptr, 16);
  }
  FAIL("no SigBlk for thread " << thread);
  return 0;
}

}  // namespace

TEST_CASE("disconnect() sends DISCONNECT with what was asked, the destructor does not",
          "[integration][lifetime][mqtt5]") {
  ScriptedBroker broker;
  {
    Client client(quick(broker.server()));
    client.connect();
  }
  REQUIRE(broker.wait_until([&] { return broker.open_connections() == 0; }));
  CHECK(broker.count(PacketType::disconnect) == 0);
  Client client(quick(broker.server()));
  client.connect();
  CHECK(client.disconnect({.reason = ReasonCode::disconnect_with_will_message,
                           .session_expiry_interval = 5s,
                           .reason_string = "enough",
                           .user_properties = {{"k", "v"}}}));
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::disconnect) == 1; }));
  const auto sent = broker.received(PacketType::disconnect)[0];
  CHECK(sent.reason_code == ReasonCode::disconnect_with_will_message);
  CHECK(sent.properties.number(PropertyId::session_expiry_interval) == 5u);
  CHECK(sent.properties.text(PropertyId::reason_string) == "enough");
  CHECK(sent.properties.user_properties() == UserProperties{{"k", "v"}});
  CHECK_FALSE(client.is_connected());
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a DISCONNECT that the standard forbids is refused and the connection stays",
          "[integration][lifetime][MQTT-3.14.2-1][U-3.14.2-2]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.session_expiry = 0s;
  Client client(options);
  client.connect();
  CHECK_THROWS_AS(client.disconnect({.session_expiry_interval = 1s}), Error);
  CHECK_THROWS_AS(client.disconnect({.reason = ReasonCode::server_shutting_down}), Error);
  synchronize(client);
  CHECK(broker.count(PacketType::disconnect) == 0);
}

TEST_CASE("disconnect() drains when asked and says whether it could", "[integration][lifetime]") {
  Behaviour late;
  late.acknowledgement_delay = 30ms;
  ScriptedBroker broker(late);
  Client client(quick(broker.server()));
  client.connect();
  SECTION("enough time") {
    const auto deliveries = publish_all(client, numbers(0, 10), QoS::exactly_once);
    CHECK(client.disconnect({.drain = patience}));
    CHECK(succeeded(deliveries) == 10);
  }
  SECTION("too little: it goes out after the next connect()") {
    broker.change_behaviour([](Behaviour& behaviour) { behaviour.holds_acknowledgements = true; });
    const auto deliveries = publish_all(client, numbers(0, 10), QoS::exactly_once);
    CHECK_FALSE(client.disconnect({.drain = 20ms}));
    CHECK_FALSE(deliveries[9].done());
    CHECK(client.statistics().outbox_messages == 10);
    client.connect();
    CHECK(succeeded(deliveries) == 10);
    CHECK(payloads_of(broker.accepted()) == numbers(0, 10));
  }
  CHECK(broker.violations() == nothing);
}

TEST_CASE("the session expiry of disconnect() counts for the next connect()",
          "[integration][lifetime][mqtt5]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  client.subscribe("a", QoS::at_least_once);
  client.disconnect({.session_expiry_interval = 0s});
  client.connect();
  CHECK(broker.received(1, PacketType::connect).at(0).clean_start);
  synchronize(client);
  CHECK(broker.received(1, PacketType::subscribe).size() == 1);
}

TEST_CASE("what was not finished when the client ended is told so", "[integration][lifetime]") {
  Behaviour silent;
  silent.holds_acknowledgements = true;
  ScriptedBroker broker(silent);
  std::vector<Delivery> deliveries;
  std::optional<Delivery> offline;
  {
    Client client(quick(broker.server()));
    client.connect();
    deliveries = publish_all(client, numbers(0, 3), QoS::at_least_once);
    REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 3; }));
    Client never_connected(quick(broker.server(), "other"));
    offline = never_connected.publish("t", "x", {.qos = QoS::at_least_once});
    CHECK_FALSE(offline->done());
    CHECK_THROWS_AS(offline->result(), Error);
  }
  for (const Delivery& delivery : deliveries) {
    CHECK(delivery.done());
    CHECK(delivery.wait().error == Errc::closed);
  }
  CHECK(offline->wait().error == Errc::closed);
}

TEST_CASE("the destructor is quick whatever the network does", "[integration][lifetime]") {
  ScriptedBroker broker;
  Relay relay(broker.port());
  Options options = quick(relay.server());
  options.close_timeout = 300ms;
  auto client = std::make_unique<Client>(options);
  client->connect();
  relay.black_hole();
  relay.stop_reading(Direction::to_broker);
  for (int index = 0; index < 100; ++index) {
    client->publish("t", std::string(100'000, 'x'), {.qos = QoS::at_least_once});
  }
  SECTION("the destructor") {}
  SECTION("disconnect() before it") {
    const auto begin = Clock::now();
    CHECK_FALSE(client->disconnect());
    CHECK(Clock::now() - begin < 300ms + 700ms);
  }
  const auto begin = Clock::now();
  client.reset();
  CHECK(Clock::now() - begin < 300ms + 700ms);
}

TEST_CASE("calls that wait return when another thread disconnects", "[integration][lifetime]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  std::size_t taken = 0;
  std::thread reader([&] {
    for (const auto& message : client.messages())
      taken += message.payload().size();
  });
  client.disconnect();
  reader.join();
  CHECK(taken == 0);
}

TEST_CASE("a subscribe() that waits returns when another thread disconnects, and is made up for later",
          "[integration][lifetime]") {
  Behaviour silent;
  silent.on_packet = ignoring(PacketType::subscribe);
  ScriptedBroker broker;
  broker.behave_on(0, silent);
  Options options = quick(broker.server());
  options.request_timeout = 1h;
  Client client(options);
  client.connect();
  auto subscribing = std::async(std::launch::async, [&] { client.subscribe("t"); });
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::subscribe) == 1; }));
  client.disconnect();
  try {
    subscribing.get();
    FAIL("subscribed");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::closed);
  }
  client.connect();
  CHECK(broker.wait_until([&] { return broker.count(PacketType::subscribe) == 2; }));
}

TEST_CASE("a call that waits ends with the reason when the connection ends for good",
          "[integration][lifetime]") {
  ScriptedBroker broker;
  broker.behave_on(0, {.on_packet = ignoring(PacketType::subscribe)});
  broker.behave_on(1, {.connack_reason = ReasonCode::not_authorized});
  Options options = quick(broker.server());
  options.request_timeout = 1h;
  options.reconnect.give_up_when_refused = true;
  Client client(options);
  client.connect();
  auto subscribing = std::async(std::launch::async, [&] { client.subscribe("t"); });
  CHECK(broker.wait_until([&] { return broker.count(PacketType::subscribe) == 1; }));
  broker.reset_connection();
  try {
    subscribing.get();
    FAIL("subscribed");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::connection_refused);
    CHECK(error.reason_code() == ReasonCode::not_authorized);
    CHECK(std::string_view(error.what()).find("ot authorized") != std::string_view::npos);
  }
  CHECK_FALSE(client.is_connected());
  // And is made up for, as one that a disconnect() ended.
  client.connect();
  CHECK(broker.wait_until([&] { return broker.received(2, PacketType::subscribe).size() == 1; }));
}

TEST_CASE("connect() in answer to a wait that ended with the connection tries again",
          "[integration][lifetime][mqtt5]") {
  // What waits, and returns or throws when the connection has ended for good.
  using Wait = std::function<void(Client&)>;
  const Wait wait = GENERATE(Wait([](Client& client) {
                               for (const auto& message : client.messages())
                                 FAIL_CHECK("received " << message.topic());
                             }),
                             Wait([](Client& client) {
                               CHECK_THROWS_AS(static_cast<void>(client.request("service", "", 1h)), Error);
                             }));
  // Each second connection is refused for good.
  constexpr std::size_t rounds = 50;
  ScriptedBroker broker;
  for (std::size_t round = 0; round < rounds; ++round)
    broker.behave_on(2 * round + 1, {.connack_reason = ReasonCode::not_authorized});
  Options options = quick(broker.server());
  options.reconnect.give_up_when_refused = true;
  Client client(options);
  client.connect();
  for (std::size_t round = 0; round < rounds; ++round) {
    std::thread waiting([&] {
      wait(client);
      CHECK_NOTHROW(client.connect());
    });
    broker.reset_connection();
    waiting.join();
    CHECK(broker.connections() == 2 * round + 3);
  }
}

TEST_CASE("a client may be moved, also while it works", "[integration][lifetime]") {
  ScriptedBroker broker;
  Client first(quick(broker.server()));
  first.connect();
  const auto before = publish_all(first, numbers(0, 100), QoS::at_least_once);
  Client second(std::move(first));
  const auto after = publish_all(second, numbers(100, 100), QoS::at_least_once);
  CHECK(succeeded(before) == 100);
  CHECK(succeeded(after) == 100);
  CHECK(difference(payloads_of(broker.accepted()), numbers(0, 200)) == "");
}

TEST_CASE("every descriptor of a client is close-on-exec", "[integration][lifetime]") {
  ScriptedBroker broker;
  const auto before = entries_of("/proc/self/fd");
  Client client(quick(broker.server()));
  client.connect();
  std::size_t checked = 0;
  for (const std::string& name : entries_of("/proc/self/fd")) {
    if (before.count(name) != 0) continue;
    const int flags = ::fcntl(std::stoi(name), F_GETFD);
    if (flags < 0) continue;  // The directory's own, closed since.
    CAPTURE(name);
    CHECK((flags & FD_CLOEXEC) != 0);
    ++checked;
  }
  CHECK(checked >= 2);
}

TEST_CASE("a client that ends leaves no descriptor and no thread behind", "[integration][lifetime]") {
  ScriptedBroker broker;
  const auto life = [&] {
    Client client(quick(broker.server()));
    client.connect();
    synchronize(client);
  };
  life();
  REQUIRE(broker.wait_until([&] { return broker.open_connections() == 0; }));
  const auto descriptors = entries_of("/proc/self/fd").size();
  const auto threads = entries_of("/proc/self/task").size();
  for (int round = 0; round < 5; ++round)
    life();
  REQUIRE(broker.wait_until([&] { return broker.open_connections() == 0; }));
  // A helper thread of the last attempt, and the broker, close theirs in their own time.
  CHECK(eventually([&] { return entries_of("/proc/self/fd").size() <= descriptors; }));
  CHECK(eventually([&] { return entries_of("/proc/self/task").size() <= threads; }));
}

TEST_CASE("the network thread takes none of the application's signals", "[integration][lifetime]") {
  ScriptedBroker broker;
  const auto before = entries_of("/proc/self/task");
  Client client(quick(broker.server()));
  client.connect();
  std::size_t checked = 0;
  for (const std::string& thread : entries_of("/proc/self/task")) {
    if (before.count(thread) != 0) continue;
    const std::uint64_t blocked = blocked_signals(thread);
    for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD, SIGALRM, SIGPIPE}) {
      CAPTURE(thread, signal);
      CHECK((blocked >> (signal - 1) & 1) == 1);
    }
    ++checked;
  }
  CHECK(checked >= 1);
  // And the calling thread's own mask is as it was.
  CHECK((blocked_signals(std::to_string(::getpid())) >> (SIGTERM - 1) & 1) == 0);
}

TEST_CASE("a broken connection raises no SIGPIPE, and its disposition is left alone",
          "[integration][lifetime]") {
  static volatile sig_atomic_t raised = 0;
  struct sigaction counting {};
  struct sigaction before {};
  counting.sa_handler = [](int) { raised = raised + 1; };
  REQUIRE(::sigaction(SIGPIPE, &counting, &before) == 0);
  {
    ScriptedBroker broker;
    Client client(quick(broker.server()));
    client.connect();
    for (int round = 0; round < 20; ++round) {
      const auto connects = client.statistics().connects;
      publish_all(client, std::vector<std::string>(50, std::string(10'000, 'x')), QoS::at_least_once);
      broker.reset_connection();
      REQUIRE(eventually([&] { return client.statistics().connects > connects; }));
    }
    CHECK(client.flush(patience));
    struct sigaction now {};
    ::sigaction(SIGPIPE, nullptr, &now);
    CHECK(now.sa_handler == counting.sa_handler);
  }
  CHECK(raised == 0);
  ::sigaction(SIGPIPE, &before, nullptr);
}

TEST_CASE("clients in one process do not hold each other up", "[integration][lifetime]") {
  Behaviour silent;
  silent.never_reads = true;
  ScriptedBroker dead(silent);
  ScriptedBroker broker;
  Client stuck(quick(dead.server(), "stuck"));
  std::thread connecting([&] { CHECK_THROWS_AS(stuck.connect(), Error); });
  REQUIRE(dead.wait_until([&] { return dead.connections() == 1; }));
  std::vector<std::unique_ptr<Client>> clients;
  for (int index = 0; index < 10; ++index) {
    clients.push_back(std::make_unique<Client>(quick(broker.server(), "c" + std::to_string(index))));
    clients.back()->connect();
  }
  std::vector<Delivery> deliveries;
  for (const auto& client : clients) {
    for (const Delivery& delivery : publish_all(*client, numbers(0, 50), QoS::exactly_once)) {
      deliveries.push_back(delivery);
    }
  }
  CHECK(succeeded(deliveries) == 500);
  CHECK(broker.accepted_count() == 500);
  CHECK(broker.violations() == nothing);
  stuck.disconnect();
  connecting.join();
}
