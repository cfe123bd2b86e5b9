// What the tools have in common with mosquitto's, side by side with them.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <regex>
#include <set>

#include "support/scripted_broker.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

/// What both tools make of the same command line, for a retained message with every property.
struct Pair {
  Outcome ours;
  Outcome theirs;
};

class SideBySide {
 public:
  SideBySide() {
    const Outcome outcome =
        run(pub(mosquitto_.port(), split("-t r/2 -m {\"a\":1} -r -q 1 -D publish content-type text/plain"
                                         " -D publish response-topic an/swer -D publish correlation-data c1"
                                         " -D publish payload-format-indicator 1 -D publish user-property n v"
                                         " -D publish user-property n w")));
    REQUIRE(outcome.status == 0);
  }

  [[nodiscard]] Mosquitto& mosquitto() { return mosquitto_; }

  [[nodiscard]] Pair sub(const Arguments& arguments) const {
    const Arguments server{"-h", "127.0.0.1", "-p", std::to_string(mosquitto_.port()), "-V", "5"};
    const auto with = [&](const char* tool) { return run(both(both({tool}, server), arguments)); };
    return {with(HOLDFAST_SUB), with("/usr/bin/mosquitto_sub")};
  }

 private:
  Mosquitto mosquitto_;
};

/// Timestamps differ from run to run.
nlohmann::json without_time(const std::string& text) {
  auto json = nlohmann::json::parse(text);
  json.erase("tst");
  return json;
}

/// mosquitto_sub 2.0.11 wrote both Z and an offset, which is no time; newer ones have the offset alone.
std::string shape_of_time(const std::string& text) {
  std::string shape =
      std::regex_replace(std::string(nlohmann::json::parse(text).at("tst")), std::regex("Z"), "");
  for (char& c : shape)
    if (c >= '0' && c <= '9') c = '0';
  return shape;
}

/// The client id with which that tool comes, and its process number.
std::pair<std::string, std::string> id_and_process(const std::string& tool, const std::string& arguments) {
  ScriptedBroker broker({.connack_reason = ReasonCode::not_authorized});  // To have an end at once.
  const std::string command = "echo $$; exec " + std::string(HOLDFAST_PROGRAMS) + "/holdfast_" + tool +
                              " -h 127.0.0.1 -p " + std::to_string(broker.port()) + " " + arguments;
  const Outcome outcome = run({"/usr/bin/bash", "-c", command});
  return {broker.received(PacketType::connect).at(0).client_id, lines_of(outcome.output).at(0)};
}

}  // namespace

TEST_CASE("without -i the client id is the tool's own, also where another one has its process number",
          "[integration][tools]") {
  const auto& [tool, arguments] = GENERATE(
      table<std::string, std::string>({{"pub", "-t t -m x"}, {"sub", "-t t"}, {"rr", "-t t -e r -m x"}}));
  std::set<std::string> random_parts;
  for (int i = 0; i < 3; ++i) {
    const auto [id, process] = id_and_process(tool, arguments);
    INFO(id);
    // What every broker takes.
    CHECK(std::regex_match(id, std::regex("[0-9a-zA-Z_-]{10,23}")));
    REQUIRE(id.starts_with("holdfast_" + process + "-"));
    random_parts.insert(id.substr(("holdfast_" + process).size()));
  }
  CHECK(random_parts.size() == 3);
}

TEST_CASE("-I makes the client id of the prefix and the process number, as for mosquitto's",
          "[integration][tools]") {
  const auto [id, process] = id_and_process("pub", "-t t -m x -I pump-");
  CHECK(id == "pump-" + process);
}

TEST_CASE("-F fits its fields as mosquitto_sub does", "[integration][tools]") {
  const SideBySide tools;
  const std::string payloads =
      "%3p|%8p|%-8p|%08p|%-08p|%.2p|%8.2p|%0p|%1x|%2x|%3x|%5x|%6X|%7x|%10x|%-20x|%020X|%.4x|";
  const std::string format =
      payloads +
      "%C|%20C|%-20C|%020C|%.3C|%20.3C|%-20.3C|%10.2t|%-10.2t|%F|%05F|%3F|%-5F|%-05F|%010l|%-010l|%10m|%20p|%"
      "-20p|"
      "%x|%X|%5q|%05r|%R|%10.2R|%D|%P|%5P|%S|%5S|%05S|%A|%5A|%05A|%E|%05E|\\v|\\0|\\a|\\e|%%|@@|";
  const Pair pair = tools.sub({"-t", "r/2", "-q", "1", "-C", "1", "-F", format});
  CHECK(pair.ours.status == 0);
  CHECK(pair.ours.output == pair.theirs.output);
  CHECK(pair.ours.errors == "");
}

TEST_CASE("-F refuses the formats that mosquitto_sub refuses", "[integration][tools]") {
  const SideBySide tools;
  for (const char* format : {"%z", "\\q", "x%", "x\\", "x@", "%5", "%.5"}) {
    const Pair pair = tools.sub({"-t", "r/2", "-C", "1", "-F", format});
    CHECK(pair.ours.status == pair.theirs.status);
    CHECK(pair.ours.output == "");
    CHECK(fault_in(pair.ours.errors, "holdfast_sub", {"-F"}) == "");
  }
}

TEST_CASE("%j and %J are mosquitto_sub's JSON, pretty on request", "[integration][tools]") {
  const SideBySide tools;
  const std::string format = GENERATE("%j", "%J");
  const Pair pair = tools.sub({"-t", "r/2", "-q", "1", "-C", "1", "-F", format});
  CHECK(without_time(pair.ours.output) == without_time(pair.theirs.output));
  CHECK(shape_of_time(pair.ours.output) == shape_of_time(pair.theirs.output));
  CHECK(pair.ours.output.find("Z+") == std::string::npos);
}

TEST_CASE("--pretty indents %j and %J as mosquitto_sub does", "[integration][tools]") {
  SideBySide tools;
  REQUIRE(run(pub(tools.mosquitto().port(),
                  {"-t", "r/3", "-r", "-m", R"({"a":[1,{"b":{}},[]],"c":{"d":"\u0001\"é","e":null}})", "-D",
                   "publish", "user-property", "f", "g"}))
              .status == 0);
  const auto without_time_line = [](const std::string& text) {
    return std::regex_replace(text, std::regex("\"tst\":\t[^\n]*"), "");
  };
  const std::string format = GENERATE("%j", "%J");
  const Pair pair = tools.sub({"-t", "r/3", "-V", "mqttv5", "-C", "1", "--pretty", "-F", format});
  CHECK(without_time_line(pair.ours.output) == without_time_line(pair.theirs.output));
  CHECK(lines_of(pair.ours.output).size() > 10);
}

TEST_CASE("%J writes numbers and names that come twice as mosquitto_sub does", "[integration][tools]") {
  SideBySide tools;
  const std::string payload =
      "[1.0,21.50,1e2,-7,0.30000000000000004,3.14159265358979,123456789.123456789,12345678901234567890,1e+30,"
      R"(1.5E-7,1e-400,true,{"a":1,"b":[],"a":{"a":2.0,"a":null},"":{}}])";
  REQUIRE(run(pub(tools.mosquitto().port(), {"-t", "r/3", "-r", "-m", payload})).status == 0);
  const Arguments pretty = GENERATE(Arguments{}, Arguments{"--pretty"});
  const Pair pair = tools.sub(both({"-t", "r/3", "-C", "1", "-F", "%J"}, pretty));
  const auto payload_in = [](const std::string& text) { return text.substr(text.find("\"payload\"")); };
  CHECK(payload_in(pair.ours.output) == payload_in(pair.theirs.output));
}

namespace {
std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}
}  // namespace

TEST_CASE("%J takes JSON that is nested as deeply as mosquitto_sub takes it", "[integration][tools]") {
  SideBySide tools;
  REQUIRE(run(pub(tools.mosquitto().port(), {"-t", "r/1", "-m", nested(1'000), "-r"})).status == 0);
  const Pair pair = tools.sub({"-t", "r/1", "-C", "1", "-F", "%J"});
  CHECK(without_time(pair.ours.output) == without_time(pair.theirs.output));
  CHECK(pair.ours.output.find(nested(1'000)) != std::string::npos);
}

TEST_CASE("%J of a payload that is no JSON is told on stderr as by mosquitto_sub", "[integration][tools]") {
  SideBySide tools;
  const std::string payload =
      GENERATE(std::string("hello"), std::string("[1,"), nested(1'001), nested(5'000));
  REQUIRE(run(pub(tools.mosquitto().port(), {"-t", "r/1", "-m", payload, "-r"})).status == 0);
  const Pair pair = tools.sub({"-t", "r/1", "-C", "1", "-F", "%J"});
  CHECK(pair.ours.status == pair.theirs.status);
  CHECK(pair.ours.output == pair.theirs.output);
  CHECK(pair.ours.errors == pair.theirs.errors);
}

TEST_CASE("-v next to -F, --pretty without JSON and an option twice mean what they mean to mosquitto_sub",
          "[integration][tools]") {
  const SideBySide tools;
  for (const Arguments& arguments :
       {Arguments{"-v", "-F", "%p"}, Arguments{"--pretty"}, Arguments{"-q", "7", "-q", "0"},
        Arguments{"--nodelay"}, Arguments{"--random-filter", "100"}}) {
    const Pair pair = tools.sub(both({"-t", "r/2", "-C", "1"}, arguments));
    if (arguments.at(0) != "-q") CHECK(pair.ours.status == pair.theirs.status);
    CHECK(pair.ours.output == "{\"a\":1}\n");
    CHECK(pair.ours.errors == "");
  }
}

TEST_CASE("--random-filter has to be a share, as for mosquitto_sub", "[integration][tools]") {
  const SideBySide tools;
  for (const char* percent : {"0", "101", "-1"}) {
    const Pair pair = tools.sub({"-t", "r/2", "-C", "1", "-W", "1", "--random-filter", percent});
    CHECK(pair.ours.status == 1);
    CHECK(fault_in(pair.ours.errors, "holdfast_sub", {"--random-filter"}) == "");
  }
}

TEST_CASE("-C counts what --random-filter does not choose, too, as for mosquitto_sub",
          "[integration][tools]") {
  SideBySide tools;
  for (const char* topic : {"r/3", "r/4", "r/5", "r/6"})
    REQUIRE(run(pub(tools.mosquitto().port(), {"-t", topic, "-m", "x", "-r", "-q", "1"})).status == 0);
  // Five messages are there: with all of them printed this would wait for more.
  const Pair pair = tools.sub(split("-t r/# -q 1 -C 5 -W 20 --random-filter 0.1"));
  CHECK(pair.ours.status == 0);
  CHECK(pair.theirs.status == 0);
}

TEST_CASE("an empty payload is printed as by mosquitto_sub", "[integration][tools]") {
  Mosquitto mosquitto;
  for (const Arguments& format : {Arguments{}, Arguments{"-v"}, Arguments{"-N"}, Arguments{"-v", "-N"},
                                  Arguments{"-F", "[%p]"}, Arguments{"-F", "%l %J", "-N"}}) {
    std::vector<std::string> outputs;
    for (const char* program : {HOLDFAST_SUB, "/usr/bin/mosquitto_sub"}) {
      const std::size_t answered = count_of("Sending SUBACK to ", mosquitto.log());
      const Arguments server{program, "-h", "127.0.0.1", "-p", std::to_string(mosquitto.port())};
      Program subscriber(both(both(server, {"-t", "t", "-C", "2"}), format));
      REQUIRE(eventually([&] { return count_of("Sending SUBACK to ", mosquitto.log()) > answered; }));
      REQUIRE(run(pub(mosquitto.port(), {"-t", "t", "-n", "--repeat", "2"})).status == 0);
      const Outcome outcome = subscriber.wait();
      CHECK(outcome.status == 0);
      outputs.push_back(std::regex_replace(outcome.output, std::regex("\"tst\":\"[^\"]*\""), ""));
    }
    CHECK(outputs.at(0) == outputs.at(1));
  }
}

TEST_CASE("-d prints each packet in the words of mosquitto's tools", "[integration][tools]") {
  Mosquitto mosquitto;
  const auto printed_by = [&](const std::string& program, const std::string& arguments) {
    const Arguments server{program, "-h", "127.0.0.1", "-p", std::to_string(mosquitto.port()), "-i", "me"};
    const Outcome outcome = run(both(server, split("-d " + arguments)));
    CHECK(outcome.status == 0);
    // Each begins to count somewhere else, and mosquitto's count at QoS 0, too.
    return std::regex_replace(outcome.output, std::regex("(m|Mid: |mid: )[0-9]+"), "$1N");
  };
  const std::string version = GENERATE(" -V mqttv5", " -V mqttv311");
  const std::string qos = GENERATE(" -q 0", " -q 1", " -q 2");
  CAPTURE(version, qos);
  const std::string publish = "-t r/e/t -m hello -r" + version + qos;
  const std::string published = printed_by(HOLDFAST_PUB, publish);
  CHECK(published == printed_by("/usr/bin/mosquitto_pub", publish));
  CHECK(count_of("Client me sending PUBLISH (d0, q", published) == 1);
  if (qos == " -q 2") return;  // Ours has a message at its PUBLISH, and may end before its PUBREL.
  const std::string subscribe = "-t r/+/t -t b/# -C 1" + version + qos;
  // An acknowledgement may come before the message is printed, or after.
  const auto sorted = [](std::vector<std::string> lines) {
    std::sort(lines.begin(), lines.end());
    return lines;
  };
  const std::string subscribed = printed_by(HOLDFAST_SUB, subscribe);
  CHECK(sorted(lines_of(subscribed)) == sorted(lines_of(printed_by("/usr/bin/mosquitto_sub", subscribe))));
  CHECK(count_of("\nSubscribed (mid: N): ", subscribed) == 1);
}

TEST_CASE("holdfast_rr -d prints each packet as mosquitto_rr does", "[integration][tools]") {
  ScriptedBroker broker;
  broker.behave({.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type == PacketType::publish) connection.send(publish("answer", "21"));
    return Verdict::proceed;
  }});
  std::vector<std::string> outputs;
  for (const std::string& program :
       {std::string(HOLDFAST_PROGRAMS) + "/holdfast_rr", std::string("/usr/bin/mosquitto_rr")}) {
    const Arguments server{program, "-h", "127.0.0.1", "-p", std::to_string(broker.port())};
    const Outcome outcome = run(both(server, split("-d -i me -V mqttv5 -t ask -e answer -m x -W 20")));
    CHECK(outcome.status == 0);
    outputs.push_back(std::regex_replace(outcome.output, std::regex("(m|Mid: )[0-9]+"), "$1N"));
  }
  CHECK(outputs.at(0) == outputs.at(1) + "Client me sending DISCONNECT\n");  // Which mosquitto_rr leaves out.
  CHECK(count_of("Client me received PUBLISH (d0, q0, r0, mN, 'answer', ... (2 bytes))\n", outputs.at(0)) ==
        1);
}

TEST_CASE("-d shows no message, no password and no control character of a topic", "[integration][tools]") {
  ScriptedBroker broker({.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type == PacketType::subscribe) connection.send(publish("a\x1b[2Jb", "hunter2"));
    return Verdict::proceed;
  }});
  const Outcome outcome =
      run(sub(broker.port(), {"-d", "-t", "#", "-C", "1", "-F", "-", "-u", "me", "-P", "hunter2"}));
  CHECK(outcome.status == 0);
  CHECK(count_of("hunter2", outcome.output + outcome.errors) == 0);
  CHECK(count_of("received PUBLISH", outcome.output) == 1);
  CHECK(count_of("\x1b", outcome.output) == 0);
}

TEST_CASE("-U counts after -t, as for mosquitto_sub", "[integration][tools]") {
  ScriptedBroker broker;
  const std::string program = GENERATE(std::string(HOLDFAST_SUB), std::string("/usr/bin/mosquitto_sub"));
  const Arguments server{program, "-h", "127.0.0.1", "-p", std::to_string(broker.port())};
  const std::string packets = run(both(server, split("-d -V mqttv5 -t a -U a -E"))).output;
  CHECK(packets.find("sending SUBSCRIBE") < packets.find("sending UNSUBSCRIBE"));
  CHECK(packets.find("sending UNSUBSCRIBE") != std::string::npos);
}

TEST_CASE("-U is sent though all of -t are refused, as by mosquitto_sub", "[integration][tools]") {
  ScriptedBroker broker({.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::subscribe) return Verdict::proceed;
    connection.send(answer(PacketType::suback, packet.packet_identifier, {ReasonCode::not_authorized}));
    return Verdict::ignore;
  }});
  for (const char* program : {HOLDFAST_SUB, "/usr/bin/mosquitto_sub"}) {
    const Arguments server{program, "-h", "127.0.0.1", "-p", std::to_string(broker.port())};
    const Outcome outcome = run(both(server, split("-d -V mqttv5 -t a -U b")));
    CHECK(count_of("sending UNSUBSCRIBE", outcome.output) == 1);
    if (program == std::string(HOLDFAST_SUB))
      CHECK(outcome.status == static_cast<int>(ReasonCode::not_authorized));
  }
}

TEST_CASE("-s with nothing on the standard input publishes nothing, as mosquitto_pub",
          "[integration][tools]") {
  ScriptedBroker broker;
  const Outcome outcome = run(pub(broker.port(), {"-t", "t", "-r", "-s"}), "");
  CHECK(outcome.status == 1);
  CHECK(fault_in(outcome.errors, "holdfast_pub", {"-s", "empty", "-n"}) == "");
  CHECK(broker.count(PacketType::publish) == 0);
}

TEST_CASE("what mosquitto_pub accepts though it does little is accepted", "[integration][tools]") {
  Mosquitto mosquitto;
  const Arguments message{"-h", "127.0.0.1", "-p", std::to_string(mosquitto.port()), "-t", "t", "-m", "x"};
  for (const char* more : {"-q 1 -V mqttv5 -D publish topic-alias 1", "-V mqttv31", "-V 31", "-V 311",
                           "-A localhost", "--will-qos 1", "-x ∞", "-M 70000 -q 1", "-r -r -d -d --quiet"}) {
    for (const char* program : {HOLDFAST_PUB, "/usr/bin/mosquitto_pub"}) {
      const Outcome outcome = run(both(both({program}, message), split(more)));
      CAPTURE(program, more, outcome.errors);
      CHECK(outcome.status == 0);
    }
  }
}

TEST_CASE("-V mqttv31 speaks MQTT 3.1.1", "[integration][tools]") {
  ScriptedBroker broker;
  REQUIRE(run(pub(broker.port(), {"-t", "t", "-m", "x", "-V", "mqttv31"})).status == 0);
  CHECK(broker.received(PacketType::connect).at(0).level == 4);
}

TEST_CASE("--random-filter prints a share of the messages, chosen at random", "[integration][tools]") {
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, {"-t", "t", "-q", "1", "--random-filter", "50", "--stats"});
  std::string lines;
  for (int i = 0; i < 400; ++i)
    lines += "x\n";
  REQUIRE(run(pub(mosquitto.port(), {"-t", "t", "-q", "1", "-l"}), lines).status == 0);
  REQUIRE(eventually([&] { return count_of("x\n", subscriber.output()) > 50; }));
  subscriber.signal(15);
  CHECK(count_of("x\n", subscriber.wait().output) < 350);
}

TEST_CASE("--retained-only ends at the first message that is not retained, as mosquitto_sub",
          "[integration][tools]") {
  Mosquitto mosquitto;
  REQUIRE(run(pub(mosquitto.port(), {"-t", "r", "-m", "kept", "-r"})).status == 0);
  Subscriber subscriber(mosquitto, {"-t", "r", "--retained-only"});
  CHECK(subscriber.wait_for_output("kept\n"));
  REQUIRE(run(pub(mosquitto.port(), {"-t", "r", "-m", "live"})).status == 0);
  const Outcome outcome = subscriber.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.output == "kept\n");
}

TEST_CASE("--remove-retained removes what came and -T did not filter out", "[integration][tools]") {
  Mosquitto mosquitto;
  for (const char* topic : {"r/1", "r/2", "r/keep"})
    REQUIRE(run(pub(mosquitto.port(), {"-t", topic, "-m", topic, "-r"})).status == 0);
  const Outcome removing =
      run(sub(mosquitto.port(), {"-t", "r/#", "-T", "r/keep", "--remove-retained", "-C", "2"}));
  CHECK(removing.output == "r/1\nr/2\n");
  CHECK(removing.errors == "");
  CHECK(run(sub(mosquitto.port(), {"-t", "r/#", "-C", "1"})).output == "r/keep\n");
}

TEST_CASE("--quiet leaves the exit status alone to tell", "[integration][tools]") {
  const Outcome outcome = run({HOLDFAST_PUB, "-h", "127.0.0.1", "-p", "1", "-t", "t", "-m", "x", "--quiet"});
  CHECK(outcome.status != 0);
  CHECK(outcome.errors == "");
}

TEST_CASE("-M bounds what is in flight, to twenty where it is not given, as for mosquitto_pub",
          "[integration][tools]") {
  const auto& [program, arguments, most] = GENERATE(table<std::string, std::string, std::size_t>(
      {{HOLDFAST_PUB, "", 20}, {"/usr/bin/mosquitto_pub", "", 20}, {HOLDFAST_PUB, "-M 30", 30}}));
  CAPTURE(program, arguments);
  ScriptedBroker broker;
  broker.behave({.holds_acknowledgements = true});
  Arguments command = pub(broker.port(), split("-t t -q 1 -l " + arguments));
  command.front() = program;
  Program publisher(command);
  for (int line = 0; line < 40; ++line)
    publisher.give(std::to_string(line) + "\n");
  const auto so_many = [&broker, count = most] { return broker.count(PacketType::publish) == count; };
  REQUIRE(broker.wait_until(so_many));
  CHECK(throughout(std::chrono::milliseconds(100), so_many));
  publisher.signal(9);
}

TEST_CASE("-M 2 lets two messages be in flight, and -M 0 is refused", "[integration][tools]") {
  ScriptedBroker broker;
  broker.behave({.on_packet = [](BrokerConnection&, const Packet& packet) {
    return packet.type == PacketType::publish ? Verdict::ignore : Verdict::proceed;
  }});
  Program program(pub(broker.port(), {"-t", "t", "-q", "1", "-M", "2", "-l"}));
  program.give("1\n2\n3\n4\n");
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::publish) == 2; }));
  program.signal(SIGTERM);
  CHECK(program.wait().status == 128 + SIGTERM);
  CHECK(broker.count(PacketType::publish) == 2);
  const Outcome none = run(pub(broker.port(), {"-t", "t", "-m", "x", "-M", "0"}));
  CHECK(none.status == 1);
  CHECK(fault_in(none.errors, "holdfast_pub", {"-M 0"}) == "");
}

TEST_CASE("--pw-env takes the password out of the environment", "[integration][tools]") {
  ScriptedBroker broker;
  const Arguments command =
      pub(broker.port(), {"-t", "t", "-m", "x", "-q", "1", "-u", "alice", "--pw-env", "BROKER_PASSWORD"});
  CHECK(run(both({"/usr/bin/env", "BROKER_PASSWORD=secret"}, command)).status == 0);
  CHECK(broker.received(PacketType::connect).at(0).password == "secret");
  const Outcome missing = run(both({"/usr/bin/env", "-u", "BROKER_PASSWORD"}, command));
  CHECK(missing.status == 1);
  CHECK(fault_in(missing.errors, "holdfast_pub", {"--pw-env BROKER_PASSWORD"}) == "");
}

TEST_CASE("--json --hex has binary payloads in hexadecimal digits", "[integration][tools]") {
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, {"-t", "t", "--json", "--hex", "-C", "1"});
  REQUIRE(run(pub(mosquitto.port(), {"-t", "t", "-s"}), std::string("\0\xff\r\n", 4)).status == 0);
  const auto message = nlohmann::json::parse(subscriber.wait().output);
  CHECK(message.at("payload_hex") == "00ff0d0a");
  CHECK_FALSE(message.contains("payload_base64"));
}

TEST_CASE("-c without -x keeps the session for ever, as for mosquitto_sub", "[integration][tools]") {
  ScriptedBroker broker;
  REQUIRE(run(sub(broker.port(), {"-t", "t", "-i", "one", "-c", "-E"})).status == 0);
  CHECK(broker.received(PacketType::connect).at(0).properties.number(PropertyId::session_expiry_interval) ==
        0xFFFFFFFFu);
}
