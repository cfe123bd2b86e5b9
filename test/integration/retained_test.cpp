// What a subscription's options make real brokers do: retained messages, and our own.
#include "client_under_test.hpp"
#include "support/ejabberd.hpp"
#include "support/mosquitto.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

enum class Broker { mosquitto, ejabberd };

/// One broker of a kind for all tests: each has client ids and topics of its own.
Options options_for(Broker kind, const std::string& client_id) {
  if (kind == Broker::mosquitto) {
    static const Mosquitto mosquitto;
    return quick(mosquitto.server(), client_id);
  }
  static Ejabberd ejabberd;
  Options options = quick(ejabberd.node(0).server(), client_id);
  options.user_name = Ejabberd::user_name;
  options.password = Ejabberd::password;
  return options;
}

/// A client, and a topic in its name.
struct Subscriber {
  Subscriber(Broker kind, const std::string& name) : client(options_for(kind, name)), topic(name + "/topic") {
    client.connect();
    REQUIRE_FALSE(is_error(client.subscribe(marker, QoS::at_least_once)));
  }

  void subscribe(const SubscriptionOptions& options) {
    REQUIRE_FALSE(is_error(client.subscribe(topic, options)));
  }
  void publish(const std::string& payload, bool retain) {
    const Delivery delivery = client.publish(topic, payload, {.qos = QoS::at_least_once, .retain = retain});
    REQUIRE(delivery.wait_for(patience));
    REQUIRE_FALSE(delivery.result().error);
  }
  /// All that came for the topic until now, as "payload" or "payload retained".
  std::vector<std::string> received() {
    client.publish(marker, "", {.qos = QoS::at_least_once});
    std::vector<std::string> all;
    while (true) {
      const auto message = client.receive(patience);
      REQUIRE(message);
      if (message->topic() == marker) return all;
      all.push_back(std::string(message->payload()) + (message->retain() ? " retained" : ""));
    }
  }

  Client client;
  const std::string topic;
  const std::string marker = topic + "/marker";
};

using Received = std::vector<std::string>;

}  // namespace

TEST_CASE("retained messages come at every subscribe, at a new subscription, or never, as asked",
          "[integration][retained]") {
  const Broker kind = GENERATE(Broker::mosquitto, Broker::ejabberd);
  const RetainHandling handling =
      GENERATE(RetainHandling::send, RetainHandling::send_if_new, RetainHandling::do_not_send);
  CAPTURE(kind, handling);
  Subscriber subscriber(kind, "handling-" + std::to_string(static_cast<int>(handling)));
  const SubscriptionOptions options{.qos = QoS::at_least_once, .retain_handling = handling};
  subscriber.publish("kept", true);
  const Received kept{"kept retained"};
  subscriber.subscribe(options);
  CHECK(subscriber.received() == (handling == RetainHandling::do_not_send ? Received() : kept));
  subscriber.subscribe(options);
  CHECK(subscriber.received() == (handling == RetainHandling::send ? kept : Received()));
  CHECK(subscriber.client.unsubscribe(subscriber.topic) == ReasonCode::success);
  subscriber.subscribe(options);
  CHECK(subscriber.received() == (handling == RetainHandling::do_not_send ? Received() : kept));
  // Whatever was asked, this holds for what was there before, not for what is published now.
  subscriber.publish("live", true);
  CHECK(subscriber.received() == Received{"live"});
}

TEST_CASE("retain as published tells a subscriber what the publisher had asked for",
          "[integration][retained]") {
  const Broker kind = GENERATE(Broker::mosquitto, Broker::ejabberd);
  const bool as_published = GENERATE(false, true);
  CAPTURE(kind, as_published);
  Subscriber subscriber(kind, as_published ? "as-published" : "not-as-published");
  subscriber.subscribe({.qos = QoS::at_least_once, .retain_as_published = as_published});
  subscriber.publish("to be kept", true);
  subscriber.publish("passing", false);
  CHECK(subscriber.received() == Received{as_published ? "to be kept retained" : "to be kept", "passing"});
}

TEST_CASE("an empty retained message takes the one that was kept away", "[integration][retained]") {
  const Broker kind = GENERATE(Broker::mosquitto, Broker::ejabberd);
  CAPTURE(kind);
  Subscriber subscriber(kind, "cleared");
  subscriber.publish("kept", true);
  subscriber.publish("", true);
  subscriber.subscribe({.qos = QoS::at_least_once});
  CHECK(subscriber.received().empty());
}

TEST_CASE("no local keeps a client's own messages away, and only these", "[integration][retained]") {
  const Broker kind = GENERATE(Broker::mosquitto, Broker::ejabberd);
  CAPTURE(kind);
  Subscriber subscriber(kind, "no-local");
  Subscriber other(kind, "other");
  subscriber.subscribe({.qos = QoS::at_least_once, .no_local = true});
  REQUIRE_FALSE(is_error(other.client.subscribe(subscriber.topic, QoS::at_least_once)));
  subscriber.publish("own", false);
  CHECK(subscriber.received().empty());
  CHECK(other.received() == Received{"own"});
  REQUIRE(
      other.client.publish(subscriber.topic, "another's", {.qos = QoS::at_least_once}).wait_for(patience));
  CHECK(subscriber.received() == Received{"another's"});
  // Ended first, since mosquitto 2.0.11 does not change the options of a subscription that it has.
  CHECK(subscriber.client.unsubscribe(subscriber.topic) == ReasonCode::success);
  subscriber.subscribe({.qos = QoS::at_least_once});
  subscriber.publish("own again", false);
  CHECK(subscriber.received() == Received{"own again"});
}

TEST_CASE("no local on a shared subscription, for which a broker throws a client out, is refused at the call",
          "[integration][retained]") {
  const Broker kind = GENERATE(Broker::mosquitto, Broker::ejabberd);
  CAPTURE(kind);
  Subscriber subscriber(kind, "shared-no-local");
  try {
    subscriber.client.subscribe("$share/group/t", {.no_local = true});
    FAIL("asked for");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::invalid_argument);
    CHECK(std::string(error.what()).find("no_local") != std::string::npos);
  }
  CHECK(subscriber.received().empty());
  CHECK(subscriber.client.statistics().connects == 1);
}
