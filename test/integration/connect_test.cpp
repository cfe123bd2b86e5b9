// Connecting, being refused, losing the connection, and getting it back.
#include <sys/socket.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "client_under_test.hpp"
#include "support/loopback.hpp"
#include "support/relay.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

/// Slower than this is late: what a busy machine and a sanitizer may add.
constexpr auto slack = 700ms;

/// The error that connect() throws.
Error error_of_connect(Client& client, std::chrono::milliseconds timeout = patience) {
  try {
    client.connect(timeout);
  } catch (const Error& error) {
    CHECK(std::string(error.what()).size() > 20);
    CHECK_FALSE(client.is_connected());
    return error;
  }
  FAIL("connected");
  return {Errc::closed, ""};
}

Behaviour refusing(ReasonCode reason) {
  Behaviour behaviour;
  behaviour.connack_reason = reason;
  behaviour.connack.add(PropertyId::reason_string, "because");
  return behaviour;
}

/// Something that hangs until the test is over.
class Hang {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    released_condition_.wait(lock, [this] { return released_; });
  }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    released_condition_.notify_all();
  }
  [[nodiscard]] bool entered() const {
    const std::lock_guard lock(mutex_);
    return waiting_ > 0;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable released_condition_;
  bool released_ = false;
  int waiting_ = 0;
};

}  // namespace

TEST_CASE("events tell the life of the connection in order", "[integration][connect]") {
  ScriptedBroker broker(with(Properties()
                                 .add(PropertyId::receive_maximum, 7)
                                 .add(PropertyId::reason_string, "welcome")
                                 .add(UserProperty{"k", "v"})));
  Client client(quick(broker.server()));
  client.connect();
  CHECK(client.is_connected());
  const auto first = client.next_event(patience);
  REQUIRE(first);
  const auto* connected = std::get_if<Connected>(&*first);
  REQUIRE(connected);
  CHECK_FALSE(connected->session_present);
  CHECK(connected->client_id == "client");
  CHECK(connected->limits.receive_maximum == 7);
  CHECK(connected->reason_string == "welcome");
  CHECK(connected->user_properties == UserProperties{{"k", "v"}});
  CHECK(client.broker_limits().receive_maximum == 7);

  broker.send(
      disconnect(ReasonCode::server_shutting_down, Properties().add(PropertyId::reason_string, "bye")));
  const auto second = client.next_event(patience);
  REQUIRE(second);
  const auto* lost = std::get_if<Disconnected>(&*second);
  REQUIRE(lost);
  CHECK(lost->error == Errc::server_disconnected);
  CHECK(lost->reason_code == ReasonCode::server_shutting_down);
  CHECK(lost->what.find("bye") != std::string::npos);
  const auto third = client.next_event(patience);
  REQUIRE(third);
  CHECK(std::holds_alternative<Reconnecting>(*third));
  CHECK(std::get<Reconnecting>(*third).attempt == 1);
  const auto fourth = client.next_event(patience);
  REQUIRE(fourth);
  REQUIRE(std::holds_alternative<Connected>(*fourth));
  CHECK(std::get<Connected>(*fourth).session_present);

  client.disconnect();
  const auto last = client.next_event(patience);
  REQUIRE(last);
  REQUIRE(std::holds_alternative<Disconnected>(*last));
  CHECK_FALSE(std::get<Disconnected>(*last).error);
  CHECK_FALSE(client.next_event(20ms));
}

TEST_CASE("who hears of an event finds the client in the state that it tells of", "[integration][connect]") {
  ScriptedBroker broker;
  for (int i = 0; i < 50; ++i) {
    Options options = quick(broker.server());
    options.reconnect.min_delay = options.reconnect.max_delay = 1h;
    Client client(options);
    auto connecting = std::async(std::launch::async, [&] { client.connect(); });
    REQUIRE(wait_for<Connected>(client));
    CHECK(client.is_connected());
    connecting.get();
    broker.reset_connection();
    REQUIRE(wait_for<Disconnected>(client));
    CHECK_FALSE(client.is_connected());
  }
}

TEST_CASE("connect() in answer to the event of a final refusal tries again", "[integration][connect]") {
  for (int i = 0; i < 50; ++i) {
    ScriptedBroker broker(refusing(ReasonCode::not_authorized));
    Client client(quick(broker.server()));
    std::thread connecting([&] {
      try {
        client.connect();
      } catch (const Error&) {
        // If it has not woken by the time the second attempt succeeds, it succeeds with it.
      }
    });
    REQUIRE(wait_for<Refused>(client));
    broker.behave({});
    CHECK_NOTHROW(client.connect());
    connecting.join();
  }
}

TEST_CASE("a refusal for good before the first success is final", "[integration][connect]") {
  const ReasonCode reason =
      GENERATE(ReasonCode::bad_user_name_or_password, ReasonCode::not_authorized, ReasonCode::banned,
               ReasonCode::unsupported_protocol_version, ReasonCode::client_identifier_not_valid);
  ScriptedBroker broker(refusing(reason));
  Client client(quick(broker.server()));
  const Error error = error_of_connect(client);
  CHECK(error.code() == Errc::connection_refused);
  CHECK(error.reason_code() == reason);
  CHECK(error.reason_string() == "because");
  const auto refused = wait_for<Refused>(client);
  REQUIRE(refused);
  CHECK(refused->final);
  CHECK(refused->reason_code == reason);
  CHECK_FALSE(wait_for<Reconnecting>(client, 50ms));
  CHECK(broker.connections() == 1);
  // Another call tries again.
  broker.behave({});
  client.connect();
  CHECK(client.is_connected());
}

TEST_CASE("a refusal for good is retried when told to", "[integration][connect]") {
  ScriptedBroker broker;
  broker.behave_on(0, refusing(ReasonCode::not_authorized));
  Options options = quick(broker.server());
  options.reconnect.retry_when_refused = true;
  Client client(options);
  client.connect();
  CHECK(broker.connections() == 2);
}

TEST_CASE("a refusal for good after a first success is retried at the longest back-off",
          "[integration][connect]") {
  const bool give_up = GENERATE(false, true);
  ScriptedBroker broker;
  broker.behave_on(1, refusing(ReasonCode::not_authorized));
  Options options = quick(broker.server());
  options.reconnect.give_up_when_refused = give_up;
  Client client(options);
  client.connect();
  const Delivery delivery = client.publish("t", "x", {.qos = QoS::at_least_once});
  REQUIRE(delivery.wait_for(patience));
  broker.reset_connection();
  const auto refused = wait_for<Refused>(client);
  REQUIRE(refused);
  CHECK(refused->final == give_up);
  if (give_up) {
    CHECK_FALSE(wait_for<Reconnecting>(client, 50ms));
    CHECK(broker.connections() == 2);
    return;
  }
  const auto reconnecting = wait_for<Reconnecting>(client);
  REQUIRE(reconnecting);
  CHECK(reconnecting->delay == options.reconnect.max_delay);
  CHECK(wait_for<Connected>(client));
}

TEST_CASE("a broker that is not there is told at once, or waited for when asked", "[integration][connect]") {
  ScriptedBroker broker;
  broker.go_down();
  Options options = quick(broker.server());
  SECTION("told") {
    Client client(options);
    CHECK(error_of_connect(client).code() == Errc::connect_failed);
    CHECK(client.statistics().connect_failures == 1);
    broker.come_up();
    client.connect();
    CHECK(client.is_connected());
  }
  SECTION("waited for") {
    options.retry_first_connect = true;
    Client client(options);
    broker.schedule(50ms, [&] { broker.come_up(); });
    client.connect();
    CHECK(client.is_connected());
    CHECK(client.statistics().connect_failures >= 1);
  }
  SECTION("for a while") {
    options.retry_first_connect = true;
    Client client(options);
    const Error error = error_of_connect(client, 50ms);
    INFO(error.what());
    broker.come_up();
    CHECK(wait_for<Connected>(client));
  }
}

TEST_CASE("a name that does not resolve says so", "[integration][connect]") {
  Client client(quick("mqtt://no..such..host"));
  CHECK(error_of_connect(client).code() == Errc::host_not_found);
}

TEST_CASE("what is no server is refused before anything is tried", "[integration][connect]") {
  for (const char* server : {"", "ftp://host", "mqtt://", "mqtt://host:99999", "mqtt://host:port"}) {
    CAPTURE(server);
    CHECK_THROWS_AS(Client(quick(server)), Error);
  }
}

TEST_CASE("options that break a rule are refused with a sentence", "[integration][connect]") {
  const auto refused = [](const std::function<void(Options&)>& change) {
    Options options = quick("mqtt://127.0.0.1");
    change(options);
    try {
      const Client client(options);
    } catch (const Error& error) {
      INFO(error.what());
      CHECK(std::string(error.what()).size() > 20);
      return error.code() == Errc::invalid_argument;
    }
    return false;
  };
  CHECK(refused([](Options& o) { o.connect_properties.session_expiry_interval = 1s; }));
  CHECK(refused([](Options& o) { o.session_expiry = -1s; }));
  CHECK(refused([](Options& o) { o.session_expiry = never_expires + 1s; }));
  CHECK(refused([](Options& o) { o.client_id = "\xff"; }));
  CHECK(refused([](Options& o) { o.client_id = std::string("a\0b", 3); }));
  CHECK(refused([](Options& o) { o.keep_alive = 65'536s; }));
  CHECK(refused([](Options& o) { o.connect_properties.receive_maximum = 0; }));
  CHECK(refused([](Options& o) { o.connect_properties.maximum_packet_size = 0; }));
  CHECK(refused([](Options& o) { o.connect_properties.authentication_data = "x"; }));
  CHECK(refused([](Options& o) { o.will = Will{.topic = "a/#"}; }));
  CHECK(refused([](Options& o) { o.password = std::string(65'536, 'x'); }));
  CHECK(refused([](Options& o) { o.outbox_messages_max = 0; }));
  CHECK(refused([](Options& o) { o.reconnect.min_delay = 0ms; }));
  CHECK(refused([](Options& o) { o.reconnect.max_delay = 0ms; }));
}

TEST_CASE("a CONNACK that never comes ends the attempt in time", "[integration][connect]") {
  Behaviour silent;
  silent.on_packet = ignoring(PacketType::connect);
  ScriptedBroker broker(silent);
  Options options = quick(broker.server());
  options.connack_timeout = 50ms;
  Client client(options);
  const auto begin = Clock::now();
  CHECK(error_of_connect(client).code() == Errc::timed_out);
  CHECK(Clock::now() - begin < 50ms + slack);
}

TEST_CASE("an address that answers nothing ends the attempt in time", "[integration][connect]") {
  // A listener whose queue is full: the system drops the SYN, as a firewall would.
  const std::uint16_t port = free_port();
  const Descriptor listener = listen_on(port);
  REQUIRE(::listen(listener.get(), 0) == 0);
  std::vector<Descriptor> filling;
  for (int index = 0; index < 4; ++index)
    filling.push_back(connect_to(port));
  Options options = quick(server_at(port));
  options.connect_timeout = 100ms;
  Client client(options);
  const auto begin = Clock::now();
  const Error error = error_of_connect(client);
  INFO(error.what());
  CHECK((error.code() == Errc::timed_out || error.code() == Errc::connect_failed));
  CHECK(Clock::now() - begin < 100ms + slack);
}

TEST_CASE("a half-open connection is found within one and a half keep-alive intervals",
          "[integration][connect]") {
  ScriptedBroker broker;
  Relay relay(broker.port());
  Options options = quick(relay.server());
  options.keep_alive = 1s;
  Client client(options);
  client.connect();
  CHECK(wait_for<Connected>(client));
  relay.black_hole();
  const auto begin = Clock::now();
  const auto lost = wait_for<Disconnected>(client);
  const auto elapsed = Clock::now() - begin;
  REQUIRE(lost);
  CHECK(lost->error == Errc::timed_out);
  CHECK(elapsed > 500ms);
  CHECK(elapsed < 1'500ms + 300ms);
  relay.heal();
  CHECK(wait_for<Connected>(client));
}

TEST_CASE("the broker's Server Keep Alive counts, and 0 turns pings off", "[integration][connect]") {
  ScriptedBroker broker(with(Properties().add(PropertyId::server_keep_alive, GENERATE(0u, 1u))));
  Options options = quick(broker.server());
  options.keep_alive = 60s;
  Client client(options);
  client.connect();
  if (client.broker_limits().keep_alive == 0s) {
    CHECK(throughout(100ms, [&] { return broker.count(PacketType::pingreq) == 0; }));
  } else {
    CHECK(broker.wait_until([&] { return broker.count(PacketType::pingreq) >= 2; }, 2'000ms + slack));
    CHECK(client.statistics().connects == 1);
  }
}

TEST_CASE("a peer that stops reading is found by the write deadline", "[integration][connect]") {
  ScriptedBroker broker({}, 4'096);
  broker.behave_on(0, deaf_from_first_publish());
  Options options = quick(broker.server());
  options.write_timeout = 100ms;
  options.tcp.send_buffer = 4'096;
  Client client(options);
  client.connect();
  std::vector<std::string> payloads(20, std::string(50'000, 'x'));
  const auto deliveries = publish_all(client, payloads, QoS::at_least_once);
  const auto lost = wait_for<Disconnected>(client);
  REQUIRE(lost);
  CHECK(lost->error == Errc::timed_out);
  CHECK(succeeded(deliveries) == 20);
  CHECK(broker.violations() == nothing);
}

TEST_CASE("a hook that hangs holds up neither connect() nor the end of the client",
          "[integration][connect]") {
  const auto hang = std::make_shared<Hang>();
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.before_connect = [hang](Attempt&) { hang->wait(); };
  SECTION("the connect time-out") {
    options.connect_timeout = 100ms;
    Client client(options);
    const auto begin = Clock::now();
    CHECK(error_of_connect(client).code() == Errc::timed_out);
    CHECK(Clock::now() - begin < 100ms + slack);
  }
  SECTION("the time-out of the call") {
    Client client(options);
    const auto begin = Clock::now();
    CHECK(error_of_connect(client, 50ms).code() == Errc::timed_out);
    CHECK(Clock::now() - begin < 50ms + slack);
  }
  SECTION("disconnect()") {
    Client client(options);
    std::thread connecting([&] { CHECK_THROWS_AS(client.connect(), Error); });
    REQUIRE(eventually([&] { return hang->entered(); }));
    const auto begin = Clock::now();
    client.disconnect();
    CHECK(Clock::now() - begin < slack);
    connecting.join();
  }
  SECTION("the destructor") {
    options.close_timeout = 200ms;
    auto client = std::make_unique<Client>(options);
    CHECK_THROWS_AS(client->connect(50ms), Error);
    REQUIRE(hang->entered());
    const auto begin = Clock::now();
    client.reset();
    CHECK(Clock::now() - begin < 200ms + slack);
  }
  hang->release();
  CHECK(broker.connections() == 0);
}

TEST_CASE("the hook may change where and as whom each attempt goes", "[integration][connect]") {
  ScriptedBroker first;
  ScriptedBroker second;
  Options options = quick(first.server());
  options.user_name = "nobody";
  struct Seen {
    std::atomic<unsigned> number{0};
    std::atomic<bool> own_thread{false};
  };
  const auto seen = std::make_shared<Seen>();
  const auto caller = std::this_thread::get_id();
  options.before_connect = [seen, caller, target = second.server()](Attempt& attempt) {
    seen->number = attempt.number;
    seen->own_thread = std::this_thread::get_id() != caller;
    attempt.server = target;
    attempt.user_name = "alice";
    attempt.password = "token";
    attempt.will = Will{.topic = "will", .payload = "gone", .qos = QoS::at_least_once, .retain = true};
  };
  Client client(options);
  client.connect();
  CHECK(first.connections() == 0);
  const auto connect = second.received(PacketType::connect).at(0);
  CHECK(connect.user_name == "alice");
  CHECK(connect.password == "token");
  REQUIRE(connect.will);
  CHECK(connect.will->topic == "will");
  CHECK(connect.will->payload == "gone");
  CHECK(connect.will->qos == QoS::at_least_once);
  CHECK(connect.will->retain);
  CHECK(seen->number == 1);
  CHECK(seen->own_thread);
}

TEST_CASE("another server is a clean start, and what was in flight goes out as new",
          "[integration][connect]") {
  Behaviour silent;
  silent.holds_acknowledgements = true;
  ScriptedBroker first(silent);
  ScriptedBroker second;
  Options options = quick(first.server());
  const auto target = std::make_shared<std::atomic<std::uint16_t>>(first.port());
  options.before_connect = [target](Attempt& attempt) { attempt.server = server_at(*target); };
  Client client(options);
  client.connect();
  const auto deliveries = publish_all(client, numbers(0, 3), QoS::at_least_once);
  REQUIRE(first.wait_until([&] { return first.accepted_count() == 3; }));
  *target = second.port();
  first.reset_connection();
  CHECK(succeeded(deliveries) == 3);
  CHECK(second.received(PacketType::connect).at(0).clean_start);
  const auto again = second.received(PacketType::publish);
  CHECK(payloads_of(again) == numbers(0, 3));
  CHECK_FALSE(again[0].dup);
  CHECK(second.violations() == nothing);
}

TEST_CASE("a hook that throws makes the attempt fail with what it said", "[integration][connect]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.before_connect = [](Attempt&) { throw std::runtime_error("the token server is away"); };
  Client client(options);
  const Error error = error_of_connect(client);
  CHECK(std::string(error.what()).find("the token server is away") != std::string::npos);
  CHECK(broker.connections() == 0);
}

TEST_CASE("nonsense from the broker ends the connection with the reason, and the client comes back",
          "[integration][connect]") {
  struct Row {
    std::string bytes;
    ReasonCode reason;
  };
  const Row row =
      GENERATE(values<Row>({{std::string("\xF0\x00", 2), ReasonCode::protocol_error},
                            {std::string("\x00\x00", 2), ReasonCode::malformed_packet},
                            {std::string("\x30\xff\xff\xff\xff\x01", 6), ReasonCode::malformed_packet},
                            {std::string("\x36\x05\x00\x01t\x00\x01", 7), ReasonCode::malformed_packet},
                            {std::string("\x30\x04\x00\x01\xff\x00", 6), ReasonCode::malformed_packet},
                            {std::string("\xD0\x01x", 3), ReasonCode::malformed_packet},
                            {connack(true), ReasonCode::protocol_error}}));
  CAPTURE(row.bytes);
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  broker.send(row.bytes);
  const auto lost = wait_for<Disconnected>(client);
  REQUIRE(lost);
  CHECK(lost->error == Errc::malformed_packet);
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::disconnect) == 1; }));
  CHECK(broker.received(PacketType::disconnect)[0].reason_code == row.reason);
  synchronize(client);
  CHECK(broker.connections() == 2);
}

TEST_CASE("a server that is no MQTT broker fails the first connect with a sentence",
          "[integration][connect]") {
  Behaviour http;
  http.on_packet = [](BrokerConnection& connection, const Packet&) {
    connection.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    connection.close();
    return Verdict::ignore;
  };
  ScriptedBroker broker(http);
  Client client(quick(broker.server()));
  CHECK(error_of_connect(client).code() == Errc::malformed_packet);
}

TEST_CASE("a broker that closes instead of answering is told as such", "[integration][connect]") {
  // RabbitMQ 3.10 does so to MQTT 5.
  Behaviour closing;
  closing.on_packet = [](BrokerConnection& connection, const Packet&) {
    connection.close();
    return Verdict::ignore;
  };
  ScriptedBroker broker(closing);
  Client client(quick(broker.server()));
  const Error error = error_of_connect(client);
  CHECK(error.code() == Errc::connection_lost);
  CHECK(std::string(error.what()).find("MQTT 5") != std::string::npos);
}

TEST_CASE("connections that break again and again are made again with back-off", "[integration][connect]") {
  Behaviour closing;
  closing.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type == PacketType::connect) connection.send(connack(false));
    connection.close();
    return Verdict::ignore;
  };
  ScriptedBroker broker(closing);
  Options options = quick(broker.server());
  options.session_expiry.reset();
  options.reconnect.min_delay = 10ms;
  options.reconnect.max_delay = 200ms;
  Client client(options);
  try {
    client.connect();
  } catch (const Error&) {
    // The connection may be gone before the call has seen it.
  }
  std::vector<std::chrono::milliseconds> delays;
  while (delays.size() < 12) {
    const auto reconnecting = wait_for<Reconnecting>(client);
    REQUIRE(reconnecting);
    delays.push_back(reconnecting->delay);
  }
  // Full jitter: each is anything up to its bound, so only the bounds and the growth are certain.
  CHECK(delays[0] <= 10ms);
  CHECK(delays[1] <= 20ms);
  CHECK(delays[2] <= 40ms);
  CHECK(*std::max_element(delays.begin(), delays.end()) > 20ms);
  CHECK(*std::max_element(delays.begin(), delays.end()) <= 200ms);
}

TEST_CASE("connect() does nothing when connected and may be called by several threads",
          "[integration][connect]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  std::vector<std::thread> threads;
  for (int index = 0; index < 4; ++index)
    threads.emplace_back([&] { client.connect(); });
  for (std::thread& thread : threads)
    thread.join();
  client.connect();
  CHECK(client.is_connected());
  CHECK(broker.connections() == 1);
}
