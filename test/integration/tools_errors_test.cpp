// What holdfast_pub and holdfast_sub say when something is wrong: one line on stderr that names it and says
// what to do, and an exit status that is not 0.
#include <fstream>
#include <set>

#include "client_under_test.hpp"
#include "support/loopback.hpp"
#include "support/scripted_broker.hpp"
#include "tool_mistakes.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

/// Answers every SUBSCRIBE with these codes.
Behaviour answering_subscribe(const std::vector<ReasonCode>& codes) {
  return {.on_packet = [codes](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::subscribe) return Verdict::proceed;
    connection.send(answer(PacketType::suback, packet.packet_identifier, codes));
    return Verdict::ignore;
  }};
}

}  // namespace

TEST_CASE("--help names every flag", "[integration][tools]") {
  const auto missing = [](const char* program, const Words& wanted) {
    const std::set<std::string> flags = flags_of(program);
    Words absent;
    for (const std::string& flag : wanted) {
      if (flags.count(flag) == 0) absent.push_back(flag);
    }
    return absent;
  };
  const std::string common =
      "-h -p -i -t -q -u -P -V -k -c -x -d -D --will-topic --will-payload --will-qos --will-retain --help"
      " --pw-file --stats --events ";
  CHECK(missing(HOLDFAST_PUB, split(common + "-m -f -l -n -s -r --ack-log")) == Words{});
  CHECK(missing(HOLDFAST_SUB, split(common + "-C -W -v -N -T -R -U -F --json --retained-only")) == Words{});
}

TEST_CASE("--help and --version end with mosquitto's status, and with 0 where mosquitto has no such tool",
          "[integration][tools]") {
  const std::string tool = GENERATE(as<std::string>{}, "pub", "sub", "rr", "bench", "store", "trace");
  for (const char* option : {"--help", "--version"}) {
    CAPTURE(tool, option);
    const Outcome ours = run({HOLDFAST_PROGRAMS + ("/holdfast_" + tool), option});
    const bool has_model = tool == "pub" || tool == "sub" || tool == "rr";
    CHECK(ours.status == (has_model ? run({"/usr/bin/mosquitto_" + tool, option}).status : 0));
    CHECK(ours.errors == "");
    CHECK(ours.output != "");
  }
}

TEST_CASE("--version says which, and nothing else", "[integration][tools]") {
  const char* program = GENERATE(HOLDFAST_PUB, HOLDFAST_SUB);
  const Outcome outcome = run({program, "--version"});
  CHECK(outcome.output.rfind("holdfast ", 0) == 0);
  CHECK(count_of("\n", outcome.output) == 1);
}

TEST_CASE("flags that contradict each other are named, and nothing is sent", "[integration][tools]") {
  CHECK(fault_with_pub({
            {{"-t", "t", "-m", "x", "-l"}, {"-m", "-l", "one of"}},
            {{"-t", "t", "-n", "-s"}, {"-n", "-s", "one of"}},
            {{"-t", "t"}, {"-m", "-f", "-l", "-s", "-n", "one of"}},
            {{"-m", "x"}, {"-t is missing", "topic"}},
            {{"-t", "t", "-m", "x", "-c"}, {"-c", "needs -i"}},
            {{"-t", "t", "-m", "x", "-i", "a", "-I", "b"}, {"-i", "-I", "give one"}},
            {{"-t", "t", "-m", "x", "-P", "secret", "--pw-file", "file"}, {"-P", "--pw-file", "give one"}},
            {{"-t", "t", "-m", "x", "--will-payload", "x"}, {"--will-payload", "--will-topic"}},
        }) == "");
  CHECK(fault_with_sub({
            {{"-t", "t", "-c"}, {"-c", "needs -i"}},
            {{"-t", "t", "--json", "-F", "%p"}, {"--json", "-F", "give one"}},
            {{"-t", "t", "--json", "-v"}, {"--json", "-v"}},
            {{"-t", "t", "-i", "a", "-I", "b"}, {"-i", "-I", "give one"}},
            {{"-t", "t", "-R", "--retained-only"}, {"-R", "--retained-only", "give one"}},
            {{}, {"-t"}},
        }) == "");
}

TEST_CASE("numbers that cannot be are named with what they may be, and nothing is sent",
          "[integration][tools]") {
  const Arguments message{"-t", "t", "-m", "x"};
  std::vector<Mistake> mistakes{
      {{"-q", "3"}, {"-q", "3", "0, 1 or 2"}},
      {{"-q", "-1"}, {"-q", "-1", "0, 1 or 2"}},
      {{"-q", "x"}, {"--qos", "x", "--help"}},
      {{"--will-topic", "w", "--will-qos", "3"}, {"--will-qos", "3", "0, 1 or 2"}},
      {{"-k", "65536"}, {"-k", "65536", "0", "65535"}},
      {{"-k", "-1"}, {"-k", "-1", "0", "65535"}},
      {{"-k", "x"}, {"--keepalive", "x", "--help"}},
      {{"-x", "abc"}, {"-x", "abc", "number of seconds", "-1"}},
      {{"-x", "-2"}, {"-x", "-2", "number of seconds"}},
      {{"-x", "4294967296"}, {"-x", "4294967296", "4294967295"}},
      {{"-V", "mqttv311", "-P", "x"}, {"password", "MQTT 3.1.1", "user_name"}},
      {{"-V", "x"}, {"-V", "x", "mqttv5"}},
      {{"--repeat", "x"}, {"--repeat", "x"}},
      {{"--repeat", "0"}, {"--repeat", "1"}},
      {{"--repeat", "-1"}, {"--repeat", "-1"}},
      {{"--repeat-delay", "-1"}, {"--repeat-delay", "0 or more"}},
      {{"--repeat-delay", "nan"}, {"--repeat-delay", "0 or more"}},
      {{"-k", ""}, {"--keepalive", "nothing is given"}},
      {{"-q", ""}, {"--qos", "nothing is given"}},
      {{"--trace-bytes-max", "-1"}, {"--trace-bytes-max", "0 or more"}},
      {{"--trace-bytes-max", "99999999999999999999"}, {"--trace-bytes-max", "too large"}},
      {{"--reconnect-delay-max", "0"}, {"--reconnect-delay-max", "seconds"}},
  };
  for (Mistake& mistake : mistakes)
    mistake.arguments = both(message, mistake.arguments);
  CHECK(fault_with_pub(mistakes) == "");
  CHECK(fault_with_sub({
            {{"-t", "t", "-q", "3"}, {"-q", "3", "0, 1 or 2"}},
            {{"-t", "t", "-W", "-1"}, {"-W", "0 or more"}},
            {{"-t", "t", "-W", "soon"}, {"-W", "soon"}},
            {{"-t", "t", "-W", "nan"}, {"-W", "0 or more"}},
            {{"-t", "t", "-W", ""}, {"-W", "nothing is given"}},
            {{"-t", "t", "-C", "-1"}, {"-C", "-1", "0 or more"}},
            {{"-t", "t", "-C", "many"}, {"-C", "many"}},
        }) == "");
}

TEST_CASE("a port that cannot be is named with what it may be", "[integration][tools]") {
  for (const char* port : {"0", "99999", "-1"}) {
    CHECK(fault_of_pub(run({HOLDFAST_PUB, "-t", "t", "-m", "x", "-p", port}), {"-p", port, "1 to 65535"}) ==
          "");
    CHECK(fault_of_sub(run({HOLDFAST_SUB, "-t", "t", "-p", port}), {"-p", port, "1 to 65535"}) == "");
  }
  CHECK(fault_of_pub(run({HOLDFAST_PUB, "-t", "t", "-m", "x", "-p", "abc"}), {"--port", "abc", "--help"}) ==
        "");
}

TEST_CASE("options that do not exist are named, with where to look", "[integration][tools]") {
  CHECK(fault_with_pub({
            {{"-t", "t", "-m", "x", "--nope"}, {"--nope", "--help"}},
            {{"-t", "t", "-m", "x", "more"}, {"more", "--help"}},
            {{"-t", "t", "-m"}, {"--message", "missing", "--help"}},
            {{"-t", "t", "-m", "x", "-C", "1"}, {"-C", "--help"}},
        }) == "");
  CHECK(fault_with_sub({
            {{"-t", "t", "--nope"}, {"--nope", "--help"}},
            {{"-t", "t", "more"}, {"more", "--help"}},
            {{"-t", "t", "-m", "x"}, {"-m", "--help"}},
        }) == "");
}

TEST_CASE("properties that do not exist or cannot be are named, and nothing is sent",
          "[integration][tools]") {
  const auto with = [](const Arguments& property) { return both(split("-t t -m x -D"), property); };
  CHECK(fault_with_pub({
            {with({"publish", "nope", "x"}), {"-D publish nope"}},
            {with({"nope", "content-type", "x"}), {"-D nope", "publish", "connect"}},
            {with({"publish", "content-type"}), {"-D needs", "VALUE"}},
            {with({"publish", "message-expiry-interval", "soon"}),
             {"message-expiry-interval", "soon", "number"}},
            {with({"connect", "receive-maximum", "65536"}), {"receive-maximum 65536", "65535"}},
            {with({"disconnect", "nope", "x"}), {"-D disconnect nope"}},
            {with({"publish", "topic-alias", "0"}), {"topic-alias 0", "1 to 65535"}},
            {with({"publish", "topic-alias", "65536"}), {"topic-alias 65536", "65535"}},
        }) == "");
  CHECK(fault_with_sub({
            {{"-t", "t", "-D", "connect", "nope", "x"}, {"-D connect nope"}},
            {{"-t", "t", "-D", "subscribe", "nope", "x"}, {"-D subscribe nope"}},
            {{"-t", "t", "-D", "unsubscribe", "nope", "x"}, {"-D unsubscribe nope"}},
            {{"-t", "t", "-D", "disconnect", "nope", "x"}, {"-D disconnect nope"}},
        }) == "");
}

TEST_CASE("formats that cannot be are named, and nothing is sent", "[integration][tools]") {
  CHECK(fault_with_sub({
            {{"-t", "t", "-F", "%Q"}, {"-F", "%Q"}},
            {{"-t", "t", "-F", "100%"}, {"-F", "specifier"}},
            {{"-t", "t", "-F", "\\q"}, {"-F", "\\q"}},
        }) == "");
}

TEST_CASE("files that cannot be read or written are named, and nothing is sent", "[integration][tools]") {
  const TemporaryDirectory directory;
  const std::string here = directory.path().string();
  const std::string absent = (directory.path() / "absent" / "file").string();
  CHECK(fault_with_pub({
            {{"-t", "t", "-f", absent}, {"-f " + absent, "No such file"}},
            {{"-t", "t", "-f", here}, {"-f " + here, "Is a directory"}},
            {{"-t", "t", "-m", "x", "--pw-file", absent}, {"--pw-file " + absent, "cannot be read"}},
            {{"-t", "t", "-m", "x", "--ack-log", absent}, {"--ack-log " + absent, "No such file"}},
        }) == "");
}

TEST_CASE("a host that nobody knows is named", "[integration][tools]") {
  const Words words{"nosuch.invalid", "check the name"};
  const Outcome published = run({HOLDFAST_PUB, "-h", "nosuch.invalid", "-t", "t", "-m", "x"});
  CHECK(published.status == 1);
  CHECK(fault_of_pub(published, words) == "");
  CHECK(fault_of_sub(run({HOLDFAST_SUB, "-h", "nosuch.invalid", "-t", "t"}), words) == "");
}

TEST_CASE("a port where nobody listens is named", "[integration][tools]") {
  const std::uint16_t port = free_port();
  const Words words{"127.0.0.1:" + std::to_string(port), "Connection refused", "is the broker running"};
  const Outcome published = run(pub(port, {"-t", "t", "-m", "x"}));
  CHECK(published.status == 1);
  CHECK(fault_of_pub(published, words) == "");
  CHECK(fault_of_sub(run(sub(port, {"-t", "t"})), words) == "");
}

TEST_CASE("a wrong password is said in one line, with the broker's code as the status",
          "[integration][tools]") {
  Mosquitto mosquitto({.users = {{"alice", "secret"}}});
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "password").string();
  std::ofstream(file) << "wrong\n";
  const Words words{"Not authorized", "check user name, password"};
  for (const Arguments& credentials : std::vector<Arguments>{{},
                                                             {"-u", "alice", "-P", "wrong"},
                                                             {"-u", "alice", "--pw-file", file},
                                                             {"-u", "bob", "-P", "secret"}}) {
    const Arguments all = both({"-t", "t"}, credentials);
    const Outcome subscribed = run(sub(mosquitto.port(), all));
    CHECK(subscribed.status == static_cast<int>(ReasonCode::not_authorized));
    CHECK(fault_of_sub(subscribed, words) == "");
    const Outcome published = run(pub(mosquitto.port(), both(all, {"-m", "x"})));
    CHECK(published.status == static_cast<int>(ReasonCode::not_authorized));
    CHECK(fault_of_pub(published, words) == "");
  }
}

TEST_CASE("a topic that cannot be published to is named with the rule", "[integration][tools]") {
  ScriptedBroker broker;
  for (const char* topic : {"a/#", "+/b", "#"}) {
    CHECK(fault_of_pub(run(pub(broker.port(), {"-t", topic, "-m", "x"})),
                       {std::string("\"") + topic + "\"", "without +"}) == "");
  }
  CHECK(fault_of_pub(run(pub(broker.port(), {"-t", "", "-m", "x"})), {"not empty"}) == "");
  CHECK(fault_of_pub(run(pub(broker.port(), {"-t", "a\xff", "-m", "x"})), {"\\xFF", "UTF-8"}) == "");
  CHECK(fault_of_pub(run(pub(broker.port(), {"-t", "t", "-m", "x", "--will-topic", "w/#"})),
                     {"w/#", "without +"}) == "");
  CHECK(broker.count(PacketType::publish) == 0);
}

TEST_CASE("a filter that cannot be is named with the rule", "[integration][tools]") {
  ScriptedBroker broker;
  for (const char* filter : {"a/#/b", "a#", "a+/b", "$share/g/"}) {
    const Words words{std::string("\"") + filter + "\"", "# must be the last level"};
    CHECK(fault_of_sub(run(sub(broker.port(), {"-t", filter})), words) == "");
    CHECK(fault_of_sub(run(sub(broker.port(), {"-t", "t", "-U", filter})), words) == "");
  }
  CHECK(fault_of_sub(run(sub(broker.port(), {"-t", "a\xff"})), {"\\xFF", "UTF-8"}) == "");
  CHECK(fault_of_sub(run(sub(broker.port(), {"-t", "t", "-T", "a/#/b"})),
                     {"-T", "a/#/b", "# must be the last level"}) == "");
  CHECK(broker.count(PacketType::subscribe) == 0);
}

TEST_CASE("a message above the broker's maximum is refused with both sizes", "[integration][tools]") {
  Mosquitto mosquitto({.lines = {"max_packet_size 1000"}});
  const std::string qos = GENERATE("0", "1");
  const Outcome outcome = run(pub(mosquitto.port(), {"-t", "t", "-q", qos, "-m", std::string(2'000, 'x')}));
  CHECK(fault_of_pub(outcome, {"\"t\"", "200", "1000", "send less"}) == "");
}

TEST_CASE("a line above the broker's maximum is named, and the lines before it arrive",
          "[integration][tools]") {
  Mosquitto mosquitto({.lines = {"max_packet_size 1000"}});
  const std::string qos = GENERATE("0", "1");
  std::string before;
  for (const std::string& number : numbers(0, 500))
    before += number + '\n';
  Subscriber subscriber(mosquitto, {"-t", "t", "-q", qos, "-C", "500"});
  // One in flight: at the line that is too long most of those before it still wait.
  const Outcome outcome = run(pub(mosquitto.port(), {"-t", "t", "-q", qos, "-M", "1", "-l"}),
                              before + std::string(2'000, 'x') + "\nafter\n");
  CHECK(fault_of_pub(outcome, {"line 501", "200", "1000"}) == "");
  CHECK(subscriber.wait().output == before);
}

TEST_CASE("holdfast_pub says how many messages the broker refused, and why", "[integration][tools]") {
  ScriptedBroker broker({.publish_reason = ReasonCode::not_authorized});
  const std::string qos = GENERATE("1", "2");
  const Outcome outcome = run(pub(broker.port(), {"-t", "t", "-q", qos, "-l"}), "1\n2\n3\n");
  CHECK(outcome.status == static_cast<int>(ReasonCode::not_authorized));
  CHECK(fault_of_pub(outcome, {"3 of 3 messages", "Not authorized"}) == "");
}

TEST_CASE("holdfast_sub says which filter the broker refused, and why", "[integration][tools]") {
  ScriptedBroker broker(answering_subscribe({ReasonCode::not_authorized, ReasonCode::not_authorized}));
  const Outcome outcome = run(sub(broker.port(), {"-t", "secret/#", "-t", "secret/2"}));
  CHECK(outcome.status == static_cast<int>(ReasonCode::not_authorized));
  CHECK(fault_of_sub(outcome, {"\"secret/#\"", "refused", "Not authorized"}) == "");
}

TEST_CASE(
    "where the broker refused one of several filters, holdfast_sub goes on, and its status tells at the end",
    "[integration][tools]") {
  ScriptedBroker broker(answering_subscribe({ReasonCode::success, ReasonCode::not_authorized}));
  Program subscriber(sub(broker.port(), {"-i", "one", "-t", "allowed", "-t", "secret/#", "-C", "1"}));
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::subscribe) == 1; }));
  broker.deliver("one", {.topic = "allowed", .payload = "x"});
  const Outcome outcome = subscriber.wait();
  CHECK(outcome.output == "x\n");
  CHECK(outcome.status == static_cast<int>(ReasonCode::not_authorized));
  CHECK(fault_in(outcome.errors, "holdfast_sub", {"\"secret/#\"", "refused", "Not authorized"}) == "");
  CHECK(run(sub(broker.port(), {"-t", "allowed", "-t", "secret/#", "-E"})).status ==
        static_cast<int>(ReasonCode::not_authorized));
}

TEST_CASE("what a broker gives as its reason is part of the one line", "[integration][tools]") {
  ScriptedBroker broker;
  SECTION("to the CONNECT") {
    Behaviour refusing;
    refusing.connack_reason = ReasonCode::banned;
    refusing.connack.add(PropertyId::reason_string, "two\nlines");
    broker.behave(refusing);
    CHECK(fault_of_sub(run(sub(broker.port(), {"-t", "t"})), {"Banned", "two", "lines"}) == "");
  }
  SECTION("to the PUBLISH") {
    broker.behave({.on_packet = [](BrokerConnection& connection, const Packet& packet) {
      if (packet.type != PacketType::publish) return Verdict::proceed;
      connection.send(acknowledgement(PacketType::puback, packet.packet_identifier,
                                      ReasonCode::quota_exceeded,
                                      Properties().add(PropertyId::reason_string, "two\nlines")));
      return Verdict::ignore;
    }});
    const Outcome outcome = run(pub(broker.port(), split("-t t -m x -q 1")));
    CHECK(fault_of_pub(outcome, {"1 of 1", "Quota exceeded", "two\\x0Alines"}) == "");
  }
}

TEST_CASE("-d says on stderr what happens besides packets", "[integration][tools]") {
  ScriptedBroker broker;
  const Outcome outcome = run(pub(broker.port(), split("-t t -m x -i one -d")));
  CHECK(outcome.status == 0);
  CHECK(count_of("Client one sending PUBLISH", outcome.output) == 1);
  CHECK(count_of("connected to " + server_at(broker.port()) + " as \"one\"", outcome.errors) == 1);
}
