// What goes wrong inside the process: stores, threads and hooks that fail, and calls at an awkward moment.
#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <string>

#include "client_under_test.hpp"
#include "store/store.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

/// A store whose disk is full from some moment on.
class FullStore : public Store {
 public:
  session::Snapshot open(session::TimePoint) override { return {}; }
  std::vector<session::OutboundMessagePtr> load(const session::WaitingRange&) override { return {}; }
  void commit(const session::Journal&, session::TimePoint) override {
    if (full) throw Error(Errc::store_failed, "the disk is full");
  }
  void close() noexcept override {}

  std::atomic<bool> full{false};
};

/// A store that has room for promises only.
class PromisesOnlyStore : public Store {
 public:
  session::Snapshot open(session::TimePoint) override { return {}; }
  std::vector<session::OutboundMessagePtr> load(const session::WaitingRange&) override { return {}; }
  void commit(const session::Journal& journal, session::TimePoint) override {
    if (std::any_of(journal.begin(), journal.end(), session::promises)) return;
    ++refused;
    throw Error(Errc::store_failed, "the disk is full");
  }
  void close() noexcept override {}

  std::atomic<int> refused{0};
};

Options storing_in(const std::shared_ptr<Store>& store, const std::string& server) {
  Options options = quick(server);
  options.store = store;
  return options;
}

std::string what_connect_throws(Client& client) {
  try {
    client.connect();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

template <class Call>
std::error_code what_fails(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return {};
}

}  // namespace

TEST_CASE("a store that fails ends the client with its error; nothing hangs and nothing is promised",
          "[integration][trouble]") {
  ScriptedBroker broker;
  const auto store = std::make_shared<FullStore>();
  Client client(storing_in(store, broker.server()));
  client.connect();
  store->full = true;
  const Delivery delivery = client.publish("t", "x", {.qos = QoS::at_least_once});
  REQUIRE(delivery.wait_for(patience));
  CHECK(delivery.result().error == Errc::closed);
  CHECK(broker.count(PacketType::publish) == 0);
  const auto told = wait_for<Disconnected>(client);
  REQUIRE(told);
  CHECK(told->error == Errc::store_failed);
  CHECK_THROWS_AS(client.publish("t", "x"), Error);
  CHECK(
      eventually([&] { return what_connect_throws(client).find("the disk is full") != std::string::npos; }));
}

TEST_CASE("request() and unsubscribe() throw the error of a store that fails, whenever they were called",
          "[integration][trouble]") {
  ScriptedBroker broker(Behaviour{.on_packet = [](BrokerConnection&, const Packet& packet) {
    return packet.type == PacketType::unsubscribe ? Verdict::ignore : Verdict::proceed;
  }});
  const auto store = std::make_shared<FullStore>();
  Client client(storing_in(store, broker.server()));
  client.connect();
  const auto request = [&] { static_cast<void>(client.request("service", "", patience)); };
  const auto unsubscribe = [&] { client.unsubscribe("t"); };
  auto waiting_request = std::async(std::launch::async, what_fails<decltype(request)>, request);
  auto waiting_unsubscribe = std::async(std::launch::async, what_fails<decltype(unsubscribe)>, unsubscribe);
  REQUIRE(broker.wait_until(
      [&] { return broker.count(PacketType::publish) == 1 && broker.count(PacketType::unsubscribe) == 1; }));
  store->full = true;
  CHECK(what_fails(request) == Errc::store_failed);  // Its own message is what does not fit any more.
  CHECK(waiting_request.get() == Errc::store_failed);
  CHECK(waiting_unsubscribe.get() == Errc::store_failed);
  CHECK(what_fails(request) == Errc::store_failed);
  CHECK(what_fails(unsubscribe) == Errc::store_failed);
}

TEST_CASE("the first publish() that a client takes no more tells what the store failed of",
          "[integration][trouble]") {
  ScriptedBroker broker;
  const auto store = std::make_shared<FullStore>();
  Client client(storing_in(store, broker.server()));
  client.connect();
  store->full = true;
  std::error_code code;
  CHECK(eventually([&] {  // The client ends meanwhile.
    code = what_fails([&] { client.publish("t", "x", {.qos = QoS::at_least_once}); });
    return static_cast<bool>(code);
  }));
  CHECK(code == Errc::store_failed);
}

TEST_CASE("a store that fails while it is only tidied up does not end the client", "[integration][trouble]") {
  ScriptedBroker broker;
  const auto store = std::make_shared<PromisesOnlyStore>();
  Client client(storing_in(store, broker.server()));
  client.connect();
  REQUIRE(client.publish("t", "1", {.qos = QoS::at_least_once}).wait_for(patience));
  REQUIRE(eventually([&] { return store->refused != 0; }));
  const Delivery next = client.publish("t", "2", {.qos = QoS::at_least_once});
  REQUIRE(next.wait_for(patience));
  CHECK(next.result());
}

TEST_CASE("a store that fails before the first connect() does not make the destructor throw",
          "[integration][trouble]") {
  const auto store = std::make_shared<FullStore>();
  store->full = true;
  Client client(storing_in(store, "mqtt://127.0.0.1:1"));
  client.publish("t", "x", {.qos = QoS::at_least_once});
}

TEST_CASE("a hook may throw anything: the attempt fails and says so", "[integration][trouble]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.before_connect = [](Attempt&) { throw 42; };
  Client client(options);
  CHECK(what_connect_throws(client).find("before_connect") != std::string::npos);
}

TEST_CASE("what a hook sets is checked like an option", "[integration][trouble]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.before_connect = [](Attempt& attempt) { attempt.password = std::string(70'000, 'x'); };
  Client client(options);
  CHECK(what_connect_throws(client).find("password") != std::string::npos);
  CHECK(broker.count(PacketType::connect) == 0);
}

TEST_CASE("no error text shows a password", "[integration][trouble]") {
  Client client(quick("mqtt://user:secret@127.0.0.1:1"));
  const std::string what = what_connect_throws(client);
  CHECK(what.find("127.0.0.1:1") != std::string::npos);
  CHECK(what.find("secret") == std::string::npos);
  while (const auto event = client.next_event(0ms)) {
    if (const auto* lost = std::get_if<Disconnected>(&*event))
      CHECK(lost->what.find("secret") == std::string::npos);
  }
  try {
    Client(quick("mqtt://user:secret@:1"));
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("secret") == std::string::npos);
  }
}

TEST_CASE("a connect() that timed out leaves the client idle", "[integration][trouble]") {
  ScriptedBroker broker;
  Behaviour silent;
  silent.on_packet = ignoring(PacketType::connect);
  broker.behave_on(0, silent);
  Options options = quick(broker.server());
  options.connack_timeout = 1h;  // What ends the attempt is connect()'s own time-out.
  Client client(options);
  try {
    client.connect(50ms);
    FAIL("connected");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::timed_out);
  }
  REQUIRE(broker.wait_until([&] { return broker.open_connections() == 0; }));
  client.connect();
  CHECK(broker.connections() == 2);
}

TEST_CASE("after flush() every delivery is done", "[integration][trouble]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  for (int i = 0; i < 500; ++i) {
    const Delivery delivery = client.publish("t", "x", {.qos = QoS::at_least_once});
    REQUIRE(client.flush(patience));
    REQUIRE(delivery.done());
  }
}

TEST_CASE("what was acknowledged before disconnect() is told to the broker", "[integration][trouble]") {
  const auto ack = GENERATE(Ack::on_handover, Ack::manual);
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.ack = ack;
  Client client(options);
  for (std::size_t round = 1; round <= 30; ++round) {
    client.connect();
    broker.deliver("client", {"t", "x", QoS::at_least_once});
    auto message = client.receive(patience);
    REQUIRE(message);
    if (ack == Ack::manual) message->ack();
    client.disconnect();
    REQUIRE(broker.wait_until([&] { return broker.count(PacketType::disconnect) == round; }));
    REQUIRE(broker.count(PacketType::puback) == round);
  }
}

TEST_CASE("what a broker says as it disconnects us is in the event, for people and for programs",
          "[integration][trouble]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  broker.send(disconnect(
      ReasonCode::administrative_action,
      Properties().add(PropertyId::reason_string, "maintenance").add(UserProperty{"until", "noon"})));
  const auto ended = wait_for<Disconnected>(client);
  REQUIRE(ended);
  CHECK(ended->reason_code == ReasonCode::administrative_action);
  CHECK(ended->reason_string == "maintenance");
  CHECK(ended->user_properties == UserProperties{{"until", "noon"}});
}

TEST_CASE("a poisoned message is told also when no attempt follows", "[integration][trouble]") {
  Behaviour thrower;
  thrower.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::publish) return Verdict::proceed;
    connection.send(disconnect(ReasonCode::not_authorized));
    connection.close();
    return Verdict::ignore;
  };
  ScriptedBroker broker(thrower);
  Options options = quick(broker.server());
  options.poison_after = 1;
  options.reconnect.min_delay = options.reconnect.max_delay = 1h;
  Client client(options);
  client.connect();
  const Delivery delivery = client.publish("t", "x", {.qos = QoS::at_least_once});
  REQUIRE(delivery.wait_for(patience));
  CHECK(delivery.result().error == Errc::poison);
}

TEST_CASE("a server written otherwise, or with new credentials, is the same server",
          "[integration][trouble]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  const auto port = std::to_string(broker.port());
  options.before_connect = [port](Attempt& attempt) {
    attempt.server = "mqtt://user:token" + std::to_string(attempt.number) + "@127.0.0.1:" + port;
  };
  Client client(options);
  client.connect();
  broker.reset_connection();
  REQUIRE(eventually([&] { return client.statistics().sessions_resumed == 1; }));
}
