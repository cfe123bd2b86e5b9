// The timers in the trace of a real client, by their names. Those of its engine alone are in
// test/unit/session/trace_timers_test.cpp.
#include <future>
#include <set>
#include <string>
#include <vector>

#include <holdfast/store.hpp>

#include "trace_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

using Names = std::set<std::string>;

/// The timers that fired before the first line that has all these fields. There has to be one.
Names timers_before(const TraceUnderTest& trace, const json& part) {
  REQUIRE(eventually([&] { return trace.count(part) > 0; }));
  const auto lines = trace.lines();
  Names names;
  for (std::size_t i = 0; i < trace.positions(part).at(0); ++i) {
    if (lines[i]["event"] == "timer") names.insert(lines[i]["timer"].get<std::string>());
  }
  return names;
}

Options traced(const TraceUnderTest& trace, const ScriptedBroker& broker) {
  Options options = quick(broker.server());
  options.trace = trace.file();
  return options;
}

}  // namespace

TEST_CASE("the trace's timer keep_alive stands before the PINGREQ that it brings about",
          "[integration][trace]") {
  const TraceUnderTest trace;
  ScriptedBroker broker;
  Options options = traced(trace, broker);
  options.keep_alive = 1s;
  Client client(options);
  client.connect();
  CHECK(timers_before(trace, packet("out", "PINGREQ")) == Names{"keep_alive"});
}

TEST_CASE("the trace's timer reconnect stands before the attempt that waited for it",
          "[integration][trace]") {
  const TraceUnderTest trace;
  ScriptedBroker broker;
  Client client(traced(trace, broker));
  client.connect();
  broker.reset_connection();
  REQUIRE(broker.wait_until([&] { return broker.connections() == 2; }));
  REQUIRE(eventually([&] { return trace.count({{"event", "connecting"}}) == 2; }));
  const auto fired = trace.positions(event("timer", "timer", "reconnect"));
  REQUIRE(fired.size() == 1);
  CHECK(fired[0] > trace.positions({{"event", "retry"}}).at(0));
  CHECK(fired[0] < trace.positions({{"event", "connecting"}}).at(1));
}

TEST_CASE("the trace's timer connect stands before the end of an attempt that took too long",
          "[integration][trace]") {
  const TraceUnderTest trace;
  ScriptedBroker broker;
  Options options = traced(trace, broker);
  std::promise<void> over;
  options.before_connect = [hang = over.get_future().share()](Attempt&) { hang.wait(); };
  options.connect_timeout = 50ms;
  Client client(options);
  CHECK_THROWS_AS(client.connect(), Error);
  over.set_value();
  CHECK(timers_before(trace, {{"event", "disconnected"}}) == Names{"connect"});
}

TEST_CASE("the trace's timer write stands before the end of a connection whose broker reads nothing",
          "[integration][trace]") {
  const TraceUnderTest trace;
  ScriptedBroker broker({}, 4'096);
  broker.behave_on(0, deaf_from_first_publish());
  Options options = traced(trace, broker);
  options.write_timeout = 100ms;
  options.tcp.send_buffer = 4'096;
  Client client(options);
  client.connect();
  const auto deliveries =
      publish_all(client, std::vector<std::string>(20, std::string(50'000, 'x')), QoS::at_least_once);
  CHECK(timers_before(trace, {{"event", "disconnected"}}) == Names{"write"});
  CHECK(succeeded(deliveries) == 20);
}

TEST_CASE("the trace's timer drain stands before the DISCONNECT that waited for acknowledgements",
          "[integration][trace]") {
  const TraceUnderTest trace;
  ScriptedBroker broker({.holds_acknowledgements = true});
  Client client(traced(trace, broker));
  client.connect();
  client.publish("t", "x", {.qos = QoS::at_least_once});
  CHECK_FALSE(client.disconnect({.drain = 50ms}));
  CHECK(timers_before(trace, packet("out", "DISCONNECT")) == Names{"drain"});
}

TEST_CASE("the trace's timer close stands before the end of a connection that the broker leaves open",
          "[integration][trace]") {
  const TraceUnderTest trace;
  ScriptedBroker broker({.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::disconnect) return Verdict::proceed;
    connection.stop_reading();
    return Verdict::ignore;
  }});
  Options options = traced(trace, broker);
  options.close_timeout = 50ms;
  Client client(options);
  client.connect();
  client.disconnect();
  CHECK(timers_before(trace, {{"event", "disconnected"}}) == Names{"close"});
}

TEST_CASE("the trace's timer message_expiry fires as a waiting message expires", "[integration][trace]") {
  const TraceUnderTest trace;
  Behaviour slow = with_receive_maximum(1);
  slow.holds_acknowledgements = true;
  ScriptedBroker broker(slow);
  Client client(traced(trace, broker));
  client.connect();
  client.publish("t", "in flight", {.qos = QoS::at_least_once});
  const Delivery waiting =
      client.publish("t", "waits", {.qos = QoS::at_least_once, .message_expiry_interval = 1s});
  REQUIRE(waiting.wait_for(patience));
  CHECK(waiting.result().error == Errc::expired);
  broker.release_acknowledgements();
  CHECK(timers_before(trace, packet("in", "PUBACK")) == Names{"message_expiry"});
}

TEST_CASE("the trace's timer commit stands before the commit of what could wait", "[integration][trace]") {
  const TraceUnderTest trace;
  ScriptedBroker broker;
  Options options = traced(trace, broker);
  options.store = memory_store();
  Client client(options);
  client.connect();
  client.publish("t", "x", {.qos = QoS::at_least_once}).wait();
  // Of its end nothing hangs: that is written a moment later.
  const json fired = event("timer", "timer", "commit");
  REQUIRE(eventually([&] { return trace.count(fired) > 0; }));
  CHECK(trace.positions(fired).at(0) < trace.positions({{"event", "commit"}}).back());
}
