// holdfast_pub and holdfast_sub over time: sessions, wills, brokers that go away, signals.
#include <signal.h>

#include <chrono>
#include <fstream>

#include "client_under_test.hpp"
#include "support/raw_client.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

void publish(const Mosquitto& mosquitto, const std::string& topic, const std::string& payload) {
  CHECK(run(pub(mosquitto.port(), {"-t", topic, "-m", payload, "-q", "2"})).status == 0);
}

/// The CONNECT that holdfast_pub sends.
Packet connect_of(const Arguments& arguments) {
  ScriptedBroker broker;
  const Outcome outcome = run(pub(broker.port(), both(split("-t t -m x"), arguments)));
  CHECK(outcome.status == 0);
  CHECK(outcome.errors == "");
  return broker.received(PacketType::connect).at(0);
}

std::optional<std::uint32_t> session_expiry(const Packet& connect) {
  return connect.properties.number(PropertyId::session_expiry_interval);
}

/// A client that keeps its eyes on one topic of mosquitto.
class Watcher {
 public:
  Watcher(const Mosquitto& mosquitto, const std::string& filter) : client_(mosquitto.port()) {
    client_.connect("watcher");
    CHECK(client_.subscribe(filter, QoS::at_most_once).reason_codes.at(0) == ReasonCode::success);
  }
  Packet next() { return client_.next(PacketType::publish, program_patience); }

 private:
  RawClient client_;
};

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines)
    text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE("-i, -I, -k, -u and -P are what the broker is told", "[integration][tools]") {
  const Packet connect = connect_of({"-i", "one", "-k", "17", "-u", "alice", "-P", "secret"});
  CHECK(connect.client_id == "one");
  CHECK(connect.keep_alive == 17);
  CHECK(connect.user_name == "alice");
  CHECK(connect.password == "secret");
  CHECK(connect.clean_start);
  CHECK(connect_of({"-I", "prefix-"}).client_id.rfind("prefix-", 0) == 0);
  CHECK(connect_of({}).client_id != "");
  CHECK(connect_of({"-k", "0"}).keep_alive == 0);
}

TEST_CASE("-c and -x say how long the session is kept, -x -1 for ever", "[integration][tools]") {
  CHECK_FALSE(connect_of({"-i", "one", "-c"}).clean_start);
  CHECK(session_expiry(connect_of({"-i", "one", "-c", "-x", "100"})) == 100u);
  CHECK(session_expiry(connect_of({"-i", "one", "-c", "-x", "-1"})) == 0xFFFFFFFFu);
  CHECK(session_expiry(connect_of({"-i", "one", "-c", "-x", "4294967295"})) == 0xFFFFFFFFu);
  CHECK(session_expiry(connect_of({})).value_or(0) == 0);
}

TEST_CASE("the right password lets in, on the command line or in a file", "[integration][tools]") {
  Mosquitto mosquitto({.users = {{"alice", "secret"}}});
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "password").string();
  const std::string content = GENERATE("secret", "secret\n", "secret\nother\n", "secret\r\n");
  std::ofstream(file, std::ios::binary) << content;
  for (const Arguments& password : {Arguments{"-P", "secret"}, Arguments{"--pw-file", file}}) {
    const Outcome outcome = run(pub(mosquitto.port(), both(split("-t t -m x -q 1 -u alice"), password)));
    CHECK(outcome.status == 0);
    CHECK(outcome.errors == "");
  }
}

TEST_CASE("holdfast_sub -c finds its session again: what was published in between arrives",
          "[integration][tools]") {
  Mosquitto mosquitto;
  const Arguments session{"-i", "one", "-c", "-x", GENERATE("100", "-1"), "-q", "2"};
  const auto with = [&](const Arguments& arguments) { return both(arguments, session); };
  CHECK(run(sub(mosquitto.port(), with({"-t", "t", "-E"}))).status == 0);
  CHECK(run(pub(mosquitto.port(), {"-t", "t", "-q", "2", "-l"}), "1\n2\n3\n4\n5\n").status == 0);
  // No -t: the session has the subscription.
  const Outcome two = run(sub(mosquitto.port(), with({"-C", "2", "--events"})));
  CHECK(two.status == 0);
  CHECK(two.output == "1\n2\n");
  CHECK(json_lines(two.errors).at(0).at("session_present") == true);
  // What -C left is still in the session.
  CHECK(run(sub(mosquitto.port(), with({"-t", "t", "-C", "3"}))).output == "3\n4\n5\n");
}

TEST_CASE("holdfast_sub without -c begins anew", "[integration][tools]") {
  Mosquitto mosquitto;
  CHECK(run(sub(mosquitto.port(), {"-i", "one", "-c", "-x", "100", "-q", "1", "-t", "t", "-E"})).status == 0);
  publish(mosquitto, "t", "missed");
  Subscriber subscriber(mosquitto, {"-i", "one", "-q", "1", "-t", "t", "-C", "1"});
  publish(mosquitto, "t", "live");
  CHECK(subscriber.wait().output == "live\n");
}

TEST_CASE("holdfast_sub -U ends a subscription of its session", "[integration][tools]") {
  Mosquitto mosquitto;
  const Arguments session{"-i", "one", "-c", "-x", "100", "-q", "1"};
  const auto with = [&](const Arguments& arguments) {
    return sub(mosquitto.port(), both(arguments, session));
  };
  CHECK(run(with({"-t", "a", "-t", "b", "-E"})).status == 0);
  CHECK(run(with({"-U", "a", "-E"})).status == 0);
  publish(mosquitto, "a", "x");
  publish(mosquitto, "b", "y");
  CHECK(run(with({"-v", "-C", "1"})).output == "b y\n");
}

TEST_CASE("the will speaks when a tool is killed", "[integration][tools]") {
  Mosquitto mosquitto;
  Watcher watcher(mosquitto, "will/#");
  const Arguments will = split(
      "--will-topic will/1 --will-payload gone --will-qos 1 --will-retain -D will content-type text/plain");
  SECTION("holdfast_sub") {
    Subscriber victim(mosquitto, both({"-t", "t"}, will));
    victim.signal(SIGKILL);
    CHECK(watcher.next().payload == "gone");
  }
  SECTION("holdfast_pub") {
    Program victim(pub(mosquitto.port(), both({"-t", "will/before", "-l"}, will)));
    victim.give("line\n");
    CHECK(watcher.next().topic == "will/before");
    victim.signal(SIGKILL);
    CHECK(watcher.next().payload == "gone");
  }
  // It was retained, at QoS 1.
  Subscriber late(mosquitto, {"-t", "will/1", "-q", "1", "-C", "1", "--json"});
  const auto message = json_lines(late.wait().output).at(0);
  CHECK(message.at("payload") == "gone");
  CHECK(message.at("qos") == 1);
  CHECK(message.at("retain") == true);
  CHECK(message.at("properties").at("content-type") == "text/plain");
}

TEST_CASE("the will is silent when a tool ends by itself or by SIGTERM", "[integration][tools]") {
  Mosquitto mosquitto;
  Watcher watcher(mosquitto, "#");
  const Arguments will{"--will-topic", "will", "--will-payload", "gone"};
  const auto with_will = [&](const Arguments& arguments) { return both(arguments, will); };
  Subscriber subscriber(mosquitto, with_will({"-t", "t"}));
  subscriber.signal(SIGTERM);
  CHECK(subscriber.wait().status == 0);
  CHECK(run(pub(mosquitto.port(), with_will({"-t", "t", "-m", "x"}))).status == 0);
  publish(mosquitto, "last", "x");
  CHECK(watcher.next().topic == "t");
  CHECK(watcher.next().topic == "last");
}

TEST_CASE("holdfast_pub -l reads on while the broker is down, and everything arrives",
          "[integration][tools]") {
  const std::string qos = GENERATE("1", "2");
  Mosquitto mosquitto({.persistence = Persistence::on_demand, .lines = {"max_queued_messages 0"}});
  const TemporaryDirectory directory;
  const std::string log = (directory.path() / "log").string();
  const Arguments session{"-c",  "-x", "100", "-q", qos, "-t", "t", "--quiet", "--reconnect-delay-max",
                          "0.05"};
  const auto with = [&](const Arguments& arguments) { return both(arguments, session); };
  Subscriber subscriber(mosquitto, with({"-i", "subscriber"}));
  Program publisher(pub(mosquitto.port(), with({"-i", "publisher", "-l", "--ack-log", log})));
  // More than a pipe holds, so that it must be read.
  std::vector<std::string> lines;
  for (int i = 0; i < 1'000; ++i)
    lines.push_back(std::to_string(i) + std::string(200, '.'));
  publisher.give(joined({lines.begin(), lines.begin() + 100}));
  REQUIRE(eventually([&] { return lines_of(content_of(log)).size() == 100; }, program_patience));
  mosquitto.terminate();
  publisher.give(joined({lines.begin() + 100, lines.end()}));
  publisher.end_input();
  CHECK(publisher.running());
  CHECK(lines_of(content_of(log)).size() == 100);
  mosquitto.restart();
  const Outcome published = publisher.wait();
  CHECK(published.status == 0);
  CHECK(published.errors == "");
  CHECK(lines_of(content_of(log)) == numbers(1, 1'000));
  const auto arrived = [&] { return first_arrivals(lines_of(subscriber.output())); };
  CHECK(eventually([&] { return arrived().size() == 1'000; }, program_patience));
  subscriber.signal(SIGTERM);
  CHECK(subscriber.wait().status == 0);
  CHECK(difference(arrived(), lines) == "");
  if (qos == "2") CHECK(lines_of(subscriber.output()).size() == 1'000);
}

TEST_CASE("holdfast_sub goes on with its subscriptions when the broker comes back empty",
          "[integration][tools]") {
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto,
                        {"-t", "t", "-q", "1", "-C", "1", "--quiet", "--reconnect-delay-max", "0.05"});
  mosquitto.kill_hard();
  mosquitto.restart();
  REQUIRE(eventually([&] { return count_of("Sending SUBACK to ", mosquitto.log()) == 2; }, program_patience));
  publish(mosquitto, "t", "after");
  CHECK(subscriber.wait().output == "after\n");
}

TEST_CASE("holdfast_sub ends with status 0 and says goodbye at SIGTERM and SIGINT", "[integration][tools]") {
  const int number = GENERATE(SIGTERM, SIGINT);
  ScriptedBroker broker;
  Program program(sub(broker.port(), {"-t", "t"}));
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::subscribe) == 1; }, program_patience));
  broker.publish({.topic = "t", .payload = "before"});
  CHECK(program.wait_for_output("before\n"));
  program.signal(number);
  const Outcome outcome = program.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.errors == "");
  CHECK(broker.count(PacketType::disconnect) == 1);
}

TEST_CASE("holdfast_sub ends with status 0 at SIGTERM also while the broker is down",
          "[integration][tools]") {
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, {"-t", "t", "--events", "--quiet"});
  mosquitto.terminate();
  REQUIRE(eventually([&] { return count_of("\"reconnecting\"", subscriber.errors()) >= 1; }));
  subscriber.signal(SIGTERM);
  CHECK(subscriber.wait().status == 0);
}

TEST_CASE("a signal ends a tool at once that waits for a broker that says nothing", "[integration][tools]") {
  ScriptedBroker broker({.never_reads = true});
  const bool publishes = GENERATE(false, true);
  const int number = GENERATE(SIGTERM, SIGINT);
  Program program(publishes ? pub(broker.port(), {"-t", "t", "-m", "x"}) : sub(broker.port(), {"-t", "t"}));
  REQUIRE(broker.wait_until([&] { return broker.connections() == 1; }, program_patience));
  const auto begin = std::chrono::steady_clock::now();
  program.signal(number);
  CHECK(program.wait().status == 128 + number);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(8));
}

TEST_CASE("a signal ends holdfast_sub and holdfast_rr at once while their subscription is not answered",
          "[integration][tools]") {
  const bool requests = GENERATE(false, true);
  ScriptedBroker broker({.on_packet = ignoring(PacketType::subscribe)});
  const Arguments request{HOLDFAST_RR, "-h", "127.0.0.1", "-p", std::to_string(broker.port()),
                          "-t",        "t",  "-e",        "e",  "-n"};
  Program program(requests ? request : sub(broker.port(), {"-t", "t"}));
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::subscribe) == 1; }, program_patience));
  const auto begin = std::chrono::steady_clock::now();
  program.signal(SIGTERM);
  CHECK(program.wait().status == (requests ? 128 + SIGTERM : 0));
  CHECK(broker.count(PacketType::disconnect) == 1);                           // The will stays silent.
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(8));  // Of ten for the answer.
}

TEST_CASE("holdfast_pub says what is not acknowledged when a signal ends it", "[integration][tools]") {
  ScriptedBroker broker({.holds_acknowledgements = true});
  Program program(pub(broker.port(), {"-t", "t", "-q", "1", "-l"}));
  program.give("1\n2\n3\n");
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::publish) == 3; }, program_patience));
  program.signal(SIGTERM);
  const Outcome outcome = program.wait();
  CHECK(outcome.status == 128 + SIGTERM);
  CHECK(fault_in(outcome.errors, "holdfast_pub", {"3 messages not acknowledged"}) == "");
}

TEST_CASE("holdfast_sub ends when nobody reads its output any more", "[integration][tools]") {
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, {"-t", "t"}, Program::Output::unread);
  publish(mosquitto, "t", "x");
  const Outcome outcome = subscriber.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.errors == "");
}

TEST_CASE("holdfast_sub fails and says why when its output cannot be written", "[integration][tools]") {
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, {"-t", "t"}, Program::Output::full);
  publish(mosquitto, "t", "x");
  const Outcome outcome = subscriber.wait();
  CHECK(outcome.status == 1);
  CHECK(fault_in(outcome.errors, "holdfast_sub", {"stdout", "No space left on device"}) == "");
}

TEST_CASE("a file that may not become larger is to holdfast_sub as a full disk", "[integration][tools]") {
  Mosquitto mosquitto;
  const TemporaryDirectory directory;
  REQUIRE(run(pub(mosquitto.port(), {"-t", "t", "-r", "-s"}), std::string(3'000, 'x')).status == 0);
  const Arguments limited{"/usr/bin/bash", "-c", "ulimit -f 1; exec \"$@\" >\"$0\"",
                          (directory.path() / "output").string()};
  const Outcome outcome = run(both(limited, sub(mosquitto.port(), {"-t", "t", "-C", "1"})));
  CHECK(outcome.status == 1);
  CHECK(fault_in(outcome.errors, "holdfast_sub", {"stdout", "File too large"}) == "");
}

TEST_CASE("-V chooses the version of MQTT, in mosquitto's words", "[integration][tools][mqtt311]") {
  for (const char* version : {"mqttv5", "5", "auto"})
    CHECK(connect_of({"-V", version}).level == 5);
  for (const char* version : {"mqttv311", "311"}) {
    const Packet connect = connect_of({"-V", version});
    CHECK(connect.level == 4);
    CHECK(connect.clean_start);
  }
}

TEST_CASE("over MQTT 3.1.1 -c keeps the session, and what it missed comes", "[integration][tools][mqtt311]") {
  Mosquitto mosquitto;
  const Arguments kept = split("-V mqttv311 -c -i keeper -t t -q 2");
  const Outcome before = run(sub(mosquitto.port(), both(kept, split("-W 1"))));
  CAPTURE(before.errors);
  publish(mosquitto, "t", "missed");
  const Outcome outcome = run(sub(mosquitto.port(), both(kept, split("-C 1"))));
  CHECK(outcome.status == 0);
  CHECK(outcome.output == "missed\n");
}

TEST_CASE("-V auto goes on with MQTT 3.1.1 where a broker knows no other", "[integration][tools][mqtt311]") {
  Behaviour behaviour;
  behaviour.refuses_mqtt_5 = true;
  ScriptedBroker broker(behaviour);
  const Outcome outcome = run(pub(broker.port(), split("-V auto -t t -m x -q 1")));
  CHECK(outcome.status == 0);
  CHECK(outcome.errors == "");
  CHECK(broker.accepted_count() == 1);
}
