// Requests and their responses: matched, bounded in time, and in nobody's way.
#include <atomic>
#include <functional>
#include <future>
#include <thread>

#include "client_under_test.hpp"
#include "support/mosquitto.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

/// Answers every PUBLISH that has a Response Topic by `answer(connection, request)`.
Behaviour responding(std::function<void(BrokerConnection&, const Packet&)> respond) {
  Behaviour behaviour;
  behaviour.on_packet = [respond = std::move(respond)](BrokerConnection& connection, const Packet& packet) {
    if (packet.type == PacketType::publish && packet.properties.text(PropertyId::response_topic))
      respond(connection, packet);
    return Verdict::proceed;
  };
  return behaviour;
}

std::string response_to(const Packet& request, std::string payload) {
  return publish(request.properties.text(PropertyId::response_topic).value(), std::move(payload),
                 QoS::at_most_once, 0, false,
                 Properties().add(PropertyId::correlation_data,
                                  request.properties.text(PropertyId::correlation_data).value()));
}

/// What a request throws.
Error error_of_request(Client& client, std::chrono::milliseconds timeout = patience,
                       const std::string& topic = "service") {
  try {
    static_cast<void>(client.request(topic, "?", timeout));
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(std::string(error.what()).find(topic) != std::string::npos);
    return error;
  }
  FAIL("no error");
  throw std::logic_error("not reached");
}

bool says(const Error& error, const std::string& words) {
  INFO(error.what());
  return std::string(error.what()).find(words) != std::string::npos;
}

/// A client that answers requests on "square" until it is disconnected.
class Responder {
 public:
  explicit Responder(Options options) : client_(std::move(options)) {
    client_.connect();
    client_.subscribe("square/#", QoS::exactly_once);
    thread_ = std::thread([this] {
      for (Message& request : client_.messages()) {
        const int number = std::stoi(std::string(request.payload()));
        client_.reply(request, std::to_string(number * number));
      }
    });
  }
  ~Responder() {
    client_.disconnect();
    thread_.join();
  }
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

 private:
  Client client_;
  std::thread thread_;
};

void request_from_many_threads(Options requester, Options responder) {
  const Responder serving(std::move(responder));
  Client client(std::move(requester));
  client.connect();
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 25; ++i) {
        const int number = thread * 100 + i;
        const Message response = client.request("square/" + std::to_string(thread), std::to_string(number),
                                                patience, {.qos = static_cast<QoS>(i % 3)});
        if (response.payload() == std::to_string(number * number)) ++right;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(right == 200);
  CHECK(client.statistics().responses == 200);
  CHECK(client.statistics().requests_waiting == 0);
  CHECK_FALSE(client.receive(0ms));
}

/// Has lost the session, and leaves the outbox as full as it is.
Behaviour forgetful_and_silent() {
  Behaviour behaviour;
  behaviour.session_present = false;
  behaviour.holds_acknowledgements = true;
  return behaviour;
}

/// A request that was subscribed for, and waits for room in an outbox that stays full.
class RequestWithoutRoom {
 public:
  explicit RequestWithoutRoom(const std::function<void(Options&)>& change = [](Options&) {})
      : broker_(responding([](BrokerConnection& connection, const Packet& request) {
          connection.send(response_to(request, "now"));
        })),
        client_(options(change)) {
    client_.connect();
    CHECK(client_.request("service", "", patience).payload() == "now");
    broker_.change_behaviour([](Behaviour& b) { b.holds_acknowledgements = true; });
    client_.publish("fills", "the outbox", {.qos = QoS::at_least_once});
    code_ = std::async(std::launch::async, [this] {
      try {
        static_cast<void>(client_.request("service", "", 2 * patience));
      } catch (const Error& error) {
        return error.code();
      }
      return std::error_code();
    });
    REQUIRE(eventually([&] { return client_.statistics().requests_waiting == 1; }));
  }

  ScriptedBroker& broker() { return broker_; }
  Client& client() { return client_; }
  std::error_code what_ends_it() {
    REQUIRE(code_.wait_for(patience) == std::future_status::ready);
    return code_.get();
  }

 private:
  Options options(const std::function<void(Options&)>& change) {
    Options made = quick(broker_.server());
    made.outbox_messages_max = 1;
    change(made);
    return made;
  }

  ScriptedBroker broker_;
  Client client_;
  std::future<std::error_code> code_;
};

}  // namespace

TEST_CASE("a request gets its response, and the topic for it is subscribed once",
          "[integration][request][U-4.10-1]") {
  ScriptedBroker broker(responding([](BrokerConnection& connection, const Packet& request) {
    connection.send(response_to(request, "answer to " + request.payload));
  }));
  Client client(quick(broker.server(), "pump+17"));
  client.connect();
  CHECK(client.request("service", "one", patience).payload() == "answer to one");
  CHECK(client.request("service", "two", patience, {.qos = QoS::at_most_once, .content_type = "text/plain"})
            .payload() == "answer to two");
  const auto subscribed = broker.received(PacketType::subscribe);
  REQUIRE(subscribed.size() == 1);
  CHECK(subscribed[0].subscriptions.at(0).filter == "holdfast/response/pump_17");
  const auto published = broker.received(PacketType::publish);
  CHECK(published.at(0).qos == QoS::at_least_once);
  CHECK(published.at(0).properties.text(PropertyId::correlation_data) !=
        published.at(1).properties.text(PropertyId::correlation_data));
  CHECK(published.at(1).properties.text(PropertyId::content_type) == "text/plain");
  CHECK(published.at(0).properties.number(PropertyId::message_expiry_interval) > 0u);
  CHECK_FALSE(client.receive(0ms));
}

TEST_CASE("the response topic lies below the broker's Response Information, or is the application's",
          "[integration][request]") {
  Behaviour behaviour = responding([](BrokerConnection& connection, const Packet& request) {
    connection.send(response_to(request, "here"));
  });
  behaviour.connack.add(PropertyId::response_information, "replies/for/client");
  ScriptedBroker broker(behaviour);
  Options options = quick(broker.server());
  options.connect_properties.request_response_information = true;
  const bool own = GENERATE(false, true);
  if (own) options.response_topic = "my/answers";
  Client client(std::move(options));
  client.connect();
  CHECK(client.request("service", "", patience).payload() == "here");
  CHECK(broker.received(PacketType::subscribe).at(0).subscriptions.at(0).filter ==
        (own ? "my/answers" : "replies/for/client/response"));
}

TEST_CASE("many threads have requests in flight at once and each gets its own response",
          "[integration][request]") {
  Mosquitto broker;
  request_from_many_threads(quick(broker.server(), "asks"), quick(broker.server(), "answers"));
}

TEST_CASE("responses that come out of turn find their requests; late, doubled and foreign ones are counted",
          "[integration][request]") {
  std::vector<Packet> requests;
  ScriptedBroker broker(responding([&](BrokerConnection& connection, const Packet& request) {
    requests.push_back(request);
    if (request.payload == "late") return;
    if (requests.size() % 3 != 0) return;  // Three at once, the last first.
    for (auto waiting = requests.rbegin(); waiting != requests.rend(); ++waiting)
      connection.send(response_to(*waiting, "answer to " + waiting->payload));
    connection.send(response_to(requests.front(), "a second answer"));
    Packet foreign = requests.front();
    connection.send(publish(foreign.properties.text(PropertyId::response_topic).value(), "whose?"));
    requests.clear();
  }));
  Client client(quick(broker.server()));
  client.connect();
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (const std::string& text : numbers(0, 3)) {
    threads.emplace_back([&, text] {
      if (client.request("service", text, patience).payload() == "answer to " + text) ++right;
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(right == 3);
  CHECK(eventually([&] { return client.statistics().responses_ignored == 2; }));
  CHECK(error_of_request(client, 1ms).code() == Errc::timed_out);
  CHECK_FALSE(client.receive(0ms));
}

TEST_CASE("a response to a request of an earlier process is nobody's", "[integration][request]") {
  ScriptedBroker broker(responding([](BrokerConnection& connection, const Packet& request) {
    // Another process counts its requests from one, too.
    std::string correlation_data = request.properties.text(PropertyId::correlation_data).value();
    correlation_data.front() = static_cast<char>(correlation_data.front() ^ 1);
    connection.send(publish(request.properties.text(PropertyId::response_topic).value(), "stale",
                            QoS::at_most_once, 0, false,
                            Properties().add(PropertyId::correlation_data, correlation_data)));
    connection.send(response_to(request, "fresh"));
  }));
  Client client(quick(broker.server()));
  client.connect();
  CHECK(client.request("service", "", patience).payload() == "fresh");
  CHECK(client.statistics().responses_ignored == 1);
}

TEST_CASE("a request ends at once when its subscription went with the session and is not made again",
          "[integration][request]") {
  ScriptedBroker broker(responding([](BrokerConnection& connection, const Packet&) { connection.reset(); }));
  Behaviour forgetful;
  forgetful.session_present = false;
  broker.behave_on(1, forgetful);
  Options options = quick(broker.server());
  options.resubscribe = false;
  Client client(std::move(options));
  client.connect();
  CHECK(error_of_request(client).code() == Errc::session_lost);
}

TEST_CASE("a time-out says what became of the request", "[integration][request]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  SECTION("no connection yet") {
    const Error error = error_of_request(client, 5ms);
    CHECK(error.code() == Errc::timed_out);
    CHECK(says(error, "no connection"));
  }
  client.connect();
  SECTION("delivered") {
    const Error error = error_of_request(client, 200ms);
    CHECK(error.code() == Errc::timed_out);
    CHECK(says(error, "was delivered"));
  }
  SECTION("nobody there") {
    broker.change_behaviour([](Behaviour& b) { b.publish_reason = ReasonCode::no_matching_subscribers; });
    CHECK(says(error_of_request(client, 200ms), "nobody subscribes"));
  }
  SECTION("not acknowledged") {
    broker.change_behaviour([](Behaviour& b) { b.holds_acknowledgements = true; });
    CHECK(says(error_of_request(client, 200ms), "has not acknowledged"));
  }
}

TEST_CASE("a request that the broker refuses fails at once with its reason", "[integration][request]") {
  Behaviour behaviour;
  behaviour.publish_reason = ReasonCode::not_authorized;
  ScriptedBroker broker(behaviour);
  Client client(quick(broker.server()));
  client.connect();
  const Error error = error_of_request(client);
  CHECK(error.code() == Errc::request_refused);
  CHECK(error.reason_code() == ReasonCode::not_authorized);
}

TEST_CASE("a request that fails before the broker has it names no reason code of the broker's",
          "[integration][request]") {
  ScriptedBroker broker(responding([](BrokerConnection& connection, const Packet& request) {
    connection.send(response_to(request, "now"));
  }));
  Options options = quick(broker.server());
  options.outbox_rules = {{.filter = "service", .keep_latest = true}};
  Client client(std::move(options));
  client.connect();
  CHECK(client.request("service", "", patience).payload() == "now");
  broker.go_down();
  REQUIRE(wait_for<Disconnected>(client));
  const auto newer = std::async(std::launch::async, [&] {
    if (eventually([&] { return client.statistics().outbox_messages == 1; }))
      client.publish("service", "newer", {.qos = QoS::at_least_once});
  });
  const Error error = error_of_request(client);
  CHECK(error.code() == Errc::superseded);
  CHECK_FALSE(error.reason_code());
}

TEST_CASE("a refused response topic is named in the error, and asked for again by the next request",
          "[integration][request]") {
  std::atomic<bool> refuse{true};
  Behaviour behaviour = responding([](BrokerConnection& connection, const Packet& request) {
    connection.send(response_to(request, "now"));
  });
  behaviour.before_send = [&](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::suback || !refuse) return Verdict::proceed;
    connection.send(answer(PacketType::suback, packet.packet_identifier, {ReasonCode::not_authorized}));
    return Verdict::ignore;
  };
  ScriptedBroker broker(behaviour);
  Client client(quick(broker.server()));
  client.connect();
  const Error error = error_of_request(client);
  CHECK(error.code() == Errc::request_refused);
  CHECK(error.reason_code() == ReasonCode::not_authorized);
  CHECK(says(error, "holdfast/response/client"));
  CHECK(broker.count(PacketType::publish) == 0);
  refuse = false;
  CHECK(client.request("service", "", patience).payload() == "now");
}

TEST_CASE("a request ends at once with the reason when the connection is refused for good",
          "[integration][request]") {
  Behaviour refusing;
  refusing.connack_reason = ReasonCode::not_authorized;
  ScriptedBroker broker(refusing);
  Client client(quick(broker.server()));
  std::optional<Error> failure;
  std::thread waiting([&] {
    try {
      static_cast<void>(client.request("service", "", 1h));
    } catch (const Error& error) {
      failure = error;
    }
  });
  CHECK_THROWS_AS(client.connect(), Error);
  waiting.join();
  for (const Error& error : {failure.value(), error_of_request(client, 1h)}) {
    CHECK(error.code() == Errc::connection_refused);
    CHECK(error.reason_code() == ReasonCode::not_authorized);
    CHECK(says(error, "service"));
  }

  broker.behave(responding([](BrokerConnection& connection, const Packet& request) {
    connection.send(response_to(request, "now"));
  }));
  client.connect();
  CHECK(client.request("service", "", patience).payload() == "now");
}

TEST_CASE("a request that waits for room ends at once when the client is disconnected",
          "[integration][request]") {
  RequestWithoutRoom request;
  request.client().disconnect();
  CHECK(request.what_ends_it() == Errc::closed);
  CHECK(request.client().statistics().published == 2);
}

TEST_CASE("a request that waits for room ends at once when its subscription goes with the session",
          "[integration][request]") {
  RequestWithoutRoom request([](Options& options) { options.resubscribe = false; });
  request.broker().behave_on(1, forgetful_and_silent());
  request.broker().reset_connection();
  CHECK(request.what_ends_it() == Errc::session_lost);
}

TEST_CASE("a request that waits for room ends at once when its subscription, made again, is refused",
          "[integration][request]") {
  Behaviour refusing = forgetful_and_silent();
  refusing.before_send = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::suback) return Verdict::proceed;
    connection.send(answer(PacketType::suback, packet.packet_identifier, {ReasonCode::not_authorized}));
    return Verdict::ignore;
  };
  RequestWithoutRoom request;
  request.broker().behave_on(1, refusing);
  request.broker().reset_connection();
  CHECK(request.what_ends_it() == Errc::request_refused);
}

TEST_CASE("a request waits for the connection of a connect() that goes on by itself",
          "[integration][request]") {
  for (int i = 0; i < 20; ++i) {
    Behaviour refusing;
    refusing.connack_reason = ReasonCode::not_authorized;
    ScriptedBroker broker(refusing);
    Options options = quick(broker.server());
    options.retry_first_connect = true;
    Client client(options);
    CHECK_THROWS_AS(client.connect(), Error);
    broker.behave(responding([](BrokerConnection& connection, const Packet& request) {
      connection.send(response_to(request, "now"));
    }));
    try {
      client.connect(0ms);
    } catch (const Error&) {
      // The usual case: it has only begun.
    }
    CHECK(client.request("service", "", patience).payload() == "now");
  }
}

TEST_CASE("a response topic that the application unsubscribes is subscribed again by the next request",
          "[integration][request]") {
  ScriptedBroker broker(responding([](BrokerConnection& connection, const Packet& request) {
    connection.send(response_to(request, "here"));
  }));
  Client client(quick(broker.server()));
  client.connect();
  CHECK(client.request("service", "", patience).payload() == "here");
  CHECK(client.unsubscribe("holdfast/response/client") == ReasonCode::success);
  CHECK(client.request("service", "", patience).payload() == "here");
  CHECK(broker.count(PacketType::subscribe) == 2);
}

TEST_CASE("disconnect() and the client's end wake who waits for a response", "[integration][request]") {
  ScriptedBroker broker;
  auto client = std::make_unique<Client>(quick(broker.server()));
  client->connect();
  std::atomic<int> woken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      try {
        static_cast<void>(client->request("service", "", 1h));
      } catch (const Error& error) {
        if (error.code() == Errc::closed) ++woken;
      }
    });
  }
  CHECK(eventually([&] { return broker.count(PacketType::publish) == 3; }));
  CHECK(client->statistics().requests_waiting == 3);
  client->disconnect();
  for (std::thread& thread : threads)
    thread.join();
  CHECK(woken == 3);
}

TEST_CASE("a response that comes after a reconnect is a response", "[integration][request]") {
  std::optional<Packet> waiting;
  ScriptedBroker broker(responding([&](BrokerConnection& connection, const Packet& request) {
    if (connection.index() == 0) {
      waiting = request;
      connection.reset();
    } else {
      connection.send(response_to(request, request.dup ? "again" : "anew"));
    }
  }));
  Client client(quick(broker.server()));
  client.connect();
  CHECK(client.request("service", "", patience).payload() == "again");
  CHECK(broker.count(PacketType::subscribe) == 1);
}

TEST_CASE("responses are no messages: neither handles nor receive() get them", "[integration][request]") {
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.ack = Ack::manual;
  Client client(std::move(options));
  client.connect();
  client.subscribe("holdfast/#", QoS::at_least_once);
  auto all = client.subscribe("+/response/#", QoS::at_least_once, SubscriptionQueue{});
  CHECK(error_of_request(client, 1ms).code() == Errc::timed_out);
  broker.deliver("client", {"holdfast/response/client", "late", QoS::exactly_once});
  CHECK(eventually([&] { return client.statistics().responses_ignored == 1; }));
  CHECK(eventually([&] { return broker.undelivered("client") == 0; }));
  CHECK_FALSE(all.receive(0ms));
  CHECK_FALSE(client.receive(0ms));
}

TEST_CASE("reply() goes to the Response Topic with the Correlation Data, at the QoS of the request",
          "[integration][request]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  client.subscribe("service", QoS::exactly_once);
  const std::string data("\0\xFFxy", 4);
  broker.deliver(
      "client",
      {"service", "?", QoS::exactly_once, false,
       Properties().add(PropertyId::response_topic, "to/me").add(PropertyId::correlation_data, data)});
  const auto request = client.receive(patience);
  REQUIRE(request);
  CHECK(client.reply(*request, "first").wait_for(patience));
  CHECK(client.reply(*request, "second", {.qos = QoS::at_least_once, .user_properties = {{"error", "busy"}}})
            .wait_for(patience));
  const auto sent = broker.received(PacketType::publish);
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].topic == "to/me");
  CHECK(sent[0].qos == QoS::exactly_once);
  CHECK(sent[1].qos == QoS::at_least_once);
  CHECK(sent[1].properties.user_properties() == UserProperties{{"error", "busy"}});
  for (const auto& packet : sent)
    CHECK(packet.properties.text(PropertyId::correlation_data) == data);

  broker.deliver("client", {"service", "no request", QoS::at_most_once});
  const auto message = client.receive(patience);
  REQUIRE(message);
  try {
    client.reply(*message, "?");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::invalid_argument);
    CHECK(says(error, "no Response Topic"));
  }
}

TEST_CASE("over MQTT 3.1.1 a handle goes by its filter, and a request is refused", "[integration][request]") {
  Mosquitto broker;
  Options options = quick(broker.server());
  options.protocol = Protocol::mqtt_3_1_1;
  Client client(std::move(options));
  client.connect();
  auto handle = client.subscribe("a/+", QoS::at_least_once, SubscriptionQueue{});
  client.publish("a/b", "1", {.qos = QoS::at_least_once});
  const auto message = handle.receive(patience);
  REQUIRE(message);
  CHECK(message->payload() == "1");
  const Error error = error_of_request(client);
  CHECK(error.code() == Errc::not_in_protocol);
}

TEST_CASE("bad requests are refused before anything is sent", "[integration][request]") {
  ScriptedBroker broker;
  Client client(quick(broker.server()));
  client.connect();
  CHECK(error_of_request(client, patience, "a/+").code() == Errc::invalid_topic_name);
  CHECK(broker.count(PacketType::subscribe) == 0);
  Options options = quick(broker.server());
  options.response_topic = "a/#";
  CHECK_THROWS_AS(Client(std::move(options)), Error);
}
