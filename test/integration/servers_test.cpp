// Several servers: which one a client goes to, what becomes of its session there, and what the application is
// told.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "client_under_test.hpp"
#include "support/loopback.hpp"
#include "support/mosquitto.hpp"
#include "support/temporary_directory.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

Options quick_list(std::vector<std::string> servers, ServerGroup group = ServerGroup::independent) {
  Options options = quick("mqtt://unused.invalid");
  options.servers = std::move(servers);
  options.server_group = group;
  return options;
}

Behaviour refusing(ReasonCode reason) {
  Behaviour behaviour;
  behaviour.connack_reason = reason;
  return behaviour;
}

Behaviour silent() {
  Behaviour behaviour;
  behaviour.holds_acknowledgements = true;
  return behaviour;
}

/// As a node that shares its sessions with the others.
Behaviour sharing_sessions() {
  Behaviour behaviour;
  behaviour.session_present = true;
  return behaviour;
}

/// Listens on ::1 but answers no SYN: its queue of connections is full.
class SilentOnIpv6 {
 public:
  explicit SilentOnIpv6(std::uint16_t port) : listener_(open()) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    address.sin6_port = htons(port);
    const auto* name = reinterpret_cast<const sockaddr*>(&address);
    if (::bind(listener_.get(), name, sizeof address) != 0 || ::listen(listener_.get(), 0) != 0) {
      listener_ = {};
      return;
    }
    for (bool full = false; !full;) {
      REQUIRE(waiting_.size() < 100);
      waiting_.push_back(open());
      ::connect(waiting_.back().get(), name, sizeof address);
      pollfd connected{waiting_.back().get(), POLLOUT, 0};
      full = ::poll(&connected, 1, 200) == 0;
    }
  }
  explicit operator bool() const noexcept { return static_cast<bool>(listener_); }

 private:
  static Descriptor open() {
    return Descriptor(::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }

  Descriptor listener_;
  std::vector<Descriptor> waiting_;
};

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool last_was_clean(const ScriptedBroker& broker) {
  return broker.received(PacketType::connect).back().clean_start;
}

}  // namespace

TEST_CASE("the first server is down: the second one is taken, at once", "[integration][servers]") {
  ScriptedBroker broker;
  const std::string down = server_at(free_port());
  Options options = quick_list({down, broker.server()});
  options.reconnect.min_delay = options.reconnect.max_delay = 60s;
  Client client(options);
  client.connect();
  const auto failed = wait_for<Disconnected>(client);
  REQUIRE(failed);
  CHECK(mentions(failed->what, down));
  const auto reconnecting = wait_for<Reconnecting>(client);
  REQUIRE(reconnecting);
  CHECK(reconnecting->server == broker.server());
  CHECK(reconnecting->delay == 0ms);
  const auto connected = wait_for<Connected>(client);
  REQUIRE(connected);
  CHECK(connected->server == broker.server());
}

TEST_CASE("connect() gives up when each server was tried once, and tells of all", "[integration][servers]") {
  const std::string first = server_at(free_port());
  ScriptedBroker refuses(refusing(ReasonCode::server_unavailable));
  const std::string last = server_at(free_port());
  Client client(quick_list({first, refuses.server(), last}));
  try {
    client.connect();
    FAIL("connected");
  } catch (const Error& error) {
    const std::string what = error.what();
    CAPTURE(what);
    CHECK(error.code() == Errc::connect_failed);
    for (const std::string& server : {first, refuses.server(), last})
      CHECK(mentions(what, server));
  }
  CHECK(client.statistics().connect_failures == 3);
  CHECK(refuses.connections() == 1);
  refuses.behave({});
  client.connect();
  CHECK(client.is_connected());
}

TEST_CASE("the list is walked for ever", "[integration][servers]") {
  ScriptedBroker first;
  ScriptedBroker second;
  first.go_down();
  second.go_down();
  Options options = quick_list({first.server(), second.server()});
  options.retry_first_connect = true;
  Client client(options);
  CHECK_THROWS_AS(client.connect(1ms), Error);
  for (int attempt = 0; attempt < 20; ++attempt)
    REQUIRE(wait_for<Reconnecting>(client));
  second.come_up();
  const auto connected = wait_for<Connected>(client);
  REQUIRE(connected);
  CHECK(connected->server == second.server());
}

TEST_CASE("a lost connection is made again where it was; only when that fails, elsewhere",
          "[integration][servers]") {
  ScriptedBroker first;
  ScriptedBroker second;
  Client client(quick_list({first.server(), second.server()}));
  client.connect();
  REQUIRE(wait_for<Connected>(client));
  first.reset_connection();
  REQUIRE(wait_for<Connected>(client));
  CHECK(first.connections() == 2);
  CHECK(second.connections() == 0);
  first.go_down();
  const auto connected = wait_for<Connected>(client);
  REQUIRE(connected);
  CHECK(connected->server == second.server());
}

TEST_CASE("each server has a back-off of its own", "[integration][servers]") {
  ScriptedBroker first(refusing(ReasonCode::server_unavailable));
  ScriptedBroker second(refusing(ReasonCode::server_unavailable));
  Options options = quick_list({first.server(), second.server()});
  options.retry_first_connect = true;
  options.reconnect.min_delay = options.reconnect.max_delay = 60s;
  Client client(options);
  CHECK_THROWS_AS(client.connect(1ms), Error);
  // Each at once, and then all wait (a delay at random of less than a tenth of a second is one in 600).
  REQUIRE(second.wait_until([&] { return second.connections() == 1; }));
  CHECK(throughout(100ms, [&] { return first.connections() + second.connections() <= 3; }));
}

TEST_CASE("an independent server is a clean start, what was in flight goes there as new, and never back",
          "[integration][servers]") {
  ScriptedBroker first(silent());
  ScriptedBroker second(silent());
  Client client(quick_list({first.server(), second.server()}));
  client.connect();
  client.subscribe("s", QoS::at_least_once);
  const auto once = publish_all(client, numbers(0, 2), QoS::at_least_once);
  const auto exactly = publish_all(client, numbers(2, 2), QoS::exactly_once);
  REQUIRE(first.wait_until([&] { return first.accepted_count() == 4; }));
  first.go_down();
  const auto lost = wait_for<SessionLost>(client);
  REQUIRE(lost);
  CHECK(lost->republished == 4);
  CHECK(lost->resubscribed == 1);
  REQUIRE(second.wait_until([&] { return second.accepted_count() == 4; }));
  CHECK(last_was_clean(second));
  CHECK(second.count(PacketType::subscribe) == 1);
  for (const auto& packet : second.received(PacketType::publish))
    CHECK_FALSE(packet.dup);
  // The first has a session of ours yet, which is another one by now.
  first.behave({});
  first.come_up();
  second.go_down();
  CHECK(succeeded(once) == 2);
  CHECK(succeeded(exactly) == 2);
  CHECK(last_was_clean(first));
  CHECK(client.statistics().sessions_lost == 2);
  CHECK(first.violations() == nothing);
  CHECK(second.violations() == nothing);
}

TEST_CASE("in a cluster the session is resumed on another node", "[integration][servers]") {
  ScriptedBroker first(silent());
  ScriptedBroker second(sharing_sessions());
  Client client(quick_list({first.server(), second.server()}, ServerGroup::cluster));
  client.connect();
  const auto deliveries = publish_all(client, numbers(0, 3), QoS::at_least_once);
  REQUIRE(first.wait_until([&] { return first.accepted_count() == 3; }));
  first.go_down();
  CHECK(succeeded(deliveries) == 3);
  CHECK_FALSE(last_was_clean(second));
  const auto again = second.received(PacketType::publish);
  CHECK(payloads_of(again) == numbers(0, 3));
  CHECK(again[0].dup);
  CHECK(client.statistics().sessions_lost == 0);
  CHECK(client.statistics().sessions_resumed == 1);
}

TEST_CASE("a node of a cluster that lost the session gets everything anew", "[integration][servers]") {
  ScriptedBroker first(silent());
  ScriptedBroker second;
  Client client(quick_list({first.server(), second.server()}, ServerGroup::cluster));
  client.connect();
  const auto deliveries = publish_all(client, numbers(0, 3), QoS::exactly_once);
  REQUIRE(first.wait_until([&] { return first.accepted_count() == 3; }));
  first.go_down();
  CHECK(succeeded(deliveries) == 3);
  CHECK_FALSE(last_was_clean(second));
  CHECK(client.statistics().sessions_lost == 1);
  CHECK(second.violations() == nothing);
}

TEST_CASE("a stored session belongs to the servers of its list", "[integration][servers]") {
  TemporaryDirectory directory;
  ScriptedBroker first(silent());
  ScriptedBroker second(sharing_sessions());
  ScriptedBroker third(sharing_sessions());
  const auto store = [&] { return sqlite_store(directory.path() / "session.db"); };
  {
    Options options = quick_list({first.server(), second.server()}, ServerGroup::cluster);
    options.store = store();
    Client earlier(options);
    earlier.connect();
    static_cast<void>(publish_all(earlier, numbers(0, 2), QoS::at_least_once));
    REQUIRE(first.wait_until([&] { return first.accepted_count() == 2; }));
  }
  const auto resumed_by = [&](Options options, ScriptedBroker& broker) {
    options.store = store();
    Client client(options);
    client.connect();
    REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 2; }));
    const auto again = broker.received(PacketType::publish);
    CHECK(again[0].dup == !last_was_clean(broker));
    CHECK(payloads_of(again) == numbers(0, 2));
    return !last_was_clean(broker);
  };
  SECTION("a cluster with one of them in common") {
    CHECK(resumed_by(quick_list({third.server(), second.server()}, ServerGroup::cluster), second));
    CHECK(third.connections() == 0);  // Where the session is known to be comes first.
  }
  SECTION("one of them alone") {
    CHECK(resumed_by(quick(second.server()), second));
  }
  SECTION("another one") {
    third.behave({});
    CHECK_FALSE(resumed_by(quick(third.server()), third));
  }
}

TEST_CASE("a process goes first where the session of the last one is", "[integration][servers]") {
  ScriptedBroker first;
  ScriptedBroker second;
  first.go_down();
  Options options = quick_list({first.server(), second.server()});
  options.store = memory_store();
  {
    Client earlier(options);
    earlier.connect();
  }
  first.come_up();
  Client client(options);
  client.connect();
  CHECK(first.connections() == 0);
  CHECK_FALSE(last_was_clean(second));
  CHECK(client.statistics().sessions_resumed == 1);
}

TEST_CASE("shuffled clients spread over their servers", "[integration][servers]") {
  ScriptedBroker first;
  ScriptedBroker second;
  std::vector<std::unique_ptr<Client>> clients;
  for (int number = 0; number < 30; ++number) {
    Options options = quick_list({first.server(), second.server()});
    options.client_id = "client" + std::to_string(number);
    options.server_order = ServerOrder::shuffled;
    clients.push_back(std::make_unique<Client>(options));
    clients.back()->connect();
  }
  CHECK(first.connections() > 0);
  CHECK(second.connections() > 0);
  CHECK(first.connections() + second.connections() == 30);
}

TEST_CASE("refused by one server and accepted by the other is accepted", "[integration][servers]") {
  ScriptedBroker first(refusing(ReasonCode::not_authorized));
  ScriptedBroker second;
  Client client(quick_list({first.server(), second.server()}));
  client.connect();
  const auto refused = wait_for<Refused>(client);
  REQUIRE(refused);
  CHECK_FALSE(refused->final);
  CHECK(second.connections() == 1);
}

TEST_CASE("refused by all servers is refused", "[integration][servers]") {
  ScriptedBroker first(refusing(ReasonCode::not_authorized));
  ScriptedBroker second(refusing(ReasonCode::bad_user_name_or_password));
  Client client(quick_list({first.server(), second.server()}));
  try {
    client.connect();
    FAIL("connected");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::connection_refused);
    CHECK(error.reason_code() == ReasonCode::bad_user_name_or_password);
    CHECK(mentions(error.what(), first.server()));
    CHECK(mentions(error.what(), second.server()));
  }
  const auto one = wait_for<Refused>(client);
  const auto other = wait_for<Refused>(client);
  REQUIRE(other);
  CHECK_FALSE(one->final);
  CHECK(other->final);
}

TEST_CASE("a broker that is too busy or shuts down is left for the next one", "[integration][servers]") {
  ScriptedBroker first;
  ScriptedBroker second;
  Client client(quick_list({first.server(), second.server()}, ServerGroup::cluster));
  SECTION("when it says so to a connection") {
    client.connect();
    first.send(disconnect(GENERATE(ReasonCode::server_busy, ReasonCode::server_shutting_down)));
  }
  SECTION("when it says so to CONNECT") {
    first.behave(refusing(GENERATE(ReasonCode::server_unavailable, ReasonCode::server_busy,
                                   ReasonCode::quota_exceeded, ReasonCode::connection_rate_exceeded)));
    client.connect();
  }
  REQUIRE(second.wait_until([&] { return second.open_connections() == 1; }));
  CHECK(first.connections() == 1);
}

TEST_CASE("a session taken over in a cluster is waited for, on no node sooner", "[integration][servers]") {
  ScriptedBroker first;
  ScriptedBroker second;
  Options options = quick_list({first.server(), second.server()}, ServerGroup::cluster);
  options.reconnect.max_delay = 300ms;  // Stands for the five seconds.
  Client client(options);
  client.connect();
  first.send(disconnect(ReasonCode::session_taken_over));
  REQUIRE(wait_for<TakenOver>(client));
  CHECK(throughout(200ms, [&] { return first.connections() == 1 && second.connections() == 0; }));
  REQUIRE(wait_for<Connected>(client));
  CHECK(second.connections() == 0);
}

TEST_CASE("the hook is told the server, and what it puts there counts for this attempt",
          "[integration][servers]") {
  ScriptedBroker first;
  ScriptedBroker second;
  ScriptedBroker elsewhere;
  first.go_down();
  Options options = quick_list({first.server(), second.server()});
  const auto told = std::make_shared<std::vector<std::string>>();  // Written before connect() returns.
  options.before_connect = [told, from = second.server(), to = elsewhere.server()](Attempt& attempt) {
    told->push_back(attempt.server);
    if (attempt.server == from) attempt.server = to;
  };
  Client client(options);
  client.connect();
  CHECK(*told == std::vector{first.server(), second.server()});
  CHECK(elsewhere.connections() == 1);
  CHECK(wait_for<Connected>(client)->server == elsewhere.server());
}

TEST_CASE("localhost is found on whichever address family its broker listens", "[integration][servers]") {
  const std::uint16_t port = free_port();
  const std::string address = GENERATE("127.0.0.1", "::1");
  CAPTURE(address);
  const auto listen = "listener " + std::to_string(port) + " " + address;
  std::unique_ptr<Mosquitto> mosquitto;
  try {
    mosquitto = std::make_unique<Mosquitto>(MosquittoConfig{.lines = {listen}});
  } catch (const std::runtime_error&) {
    if (address != "::1") throw;
    WARN("this machine has no ::1");
    return;
  }
  Client client(quick("mqtt://localhost:" + std::to_string(port)));
  client.connect();
  CHECK(client.is_connected());
}

TEST_CASE("an address that swallows packets does not hold up the other one of its name",
          "[integration][servers]") {
  ScriptedBroker broker;
  const SilentOnIpv6 silent(broker.port());
  if (!silent) {
    WARN("this machine has no ::1");
    return;
  }
  const auto begin = std::chrono::steady_clock::now();
  Client client(quick("mqtt://localhost:" + std::to_string(broker.port())));
  client.connect();
  CHECK(std::chrono::steady_clock::now() - begin < 5s);  // Of 20 that connect_timeout has.
  CHECK(broker.connections() == 1);
}

TEST_CASE("what is published while one mosquitto of two is killed arrives at one of them",
          "[integration][servers]") {
  Mosquitto first;
  Mosquitto second;
  Client watching_first(quick(first.server(), "watcher"));
  Client watching_second(quick(second.server(), "watcher"));
  for (Client* watcher : {&watching_first, &watching_second}) {
    watcher->connect();
    watcher->subscribe("t", QoS::exactly_once);
  }
  Client client(quick_list({first.server(), second.server()}));
  client.connect();
  auto deliveries = publish_all(client, numbers(0, 500), QoS::at_least_once);
  REQUIRE(watching_first.receive(patience));
  first.kill_hard();
  const auto more = publish_all(client, numbers(500, 500), QoS::at_least_once);
  deliveries.insert(deliveries.end(), more.begin(), more.end());
  CHECK(succeeded(deliveries) == 1'000);
  // What the second got is the end of it all, in order and without a gap.
  std::vector<std::string> last;
  while (last.empty() || last.back() != "999") {
    const auto message = watching_second.receive(patience);
    REQUIRE(message);
    last.emplace_back(message->payload());
  }
  CHECK(last.size() >= 500);
  CHECK(difference(last, numbers(1'000 - last.size(), last.size())).empty());
  const auto connected = wait_for<SessionLost>(client);
  CHECK(connected);
}
