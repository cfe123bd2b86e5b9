// What holdfast_pub and holdfast_sub write for programs to read: JSON, formats, statistics, events, the log
// of acknowledgements.
#include <signal.h>

#include <ctime>
#include <set>

#include "support/page_tables.hpp"
#include "support/scripted_broker.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;
using nlohmann::json;

namespace {

const std::string binary("\0\xff\r\n", 4);

/// What holdfast_sub with these arguments prints of one message.
std::string printed(const Arguments& sub_arguments, const Arguments& pub_arguments,
                    std::string_view input = "") {
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, both(split("-t a/b -q 2 -C 1"), sub_arguments));
  const Outcome published = run(pub(mosquitto.port(), both({"-t", "a/b"}, pub_arguments)), input);
  CHECK(published.status == 0);
  CHECK(published.errors == "");
  const Outcome received = subscriber.wait();
  CHECK(received.status == 0);
  CHECK(received.errors == "");
  return received.output;
}

/// A message with every property that -D can give it.
const Arguments every_property = split(
    "-m 21.5 -q 2 -D publish payload-format-indicator 1 -D publish content-type text/plain"
    " -D publish response-topic answer/here -D publish correlation-data c1"
    " -D publish message-expiry-interval 1000"
    " -D publish user-property name value -D publish user-property name ä");

std::set<std::string> keys_of(const json& object) {
  std::set<std::string> keys;
  for (const auto& item : object.items())
    keys.insert(item.key());
  return keys;
}

std::string formatted(const std::string& format) {
  return printed({"-F", format, "-D", "subscribe", "subscription-identifier", "17"}, every_property);
}

/// What that program prints of a message under the topic alias 7.
std::string aliased(const char* program, const Arguments& output) {
  ScriptedBroker broker;
  broker.behave({.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::subscribe) return Verdict::proceed;
    connection.send(answer(PacketType::suback, packet.packet_identifier, {ReasonCode::success}));
    const Properties alias = Properties().add(PropertyId::topic_alias, 7);
    connection.send(publish("a/b", "x", QoS::at_most_once, 0, false, alias));
    return Verdict::ignore;
  }});
  const Arguments server{program, "-V", "mqttv5", "-h", "127.0.0.1", "-p", std::to_string(broker.port())};
  return run(both(both(server, split("-t # -C 1 -D connect topic-alias-maximum 9")), output)).output;
}

}  // namespace

TEST_CASE("holdfast_sub --json prints one object a message, with these keys", "[integration][tools]") {
  const std::string output = printed({"--json"}, {"-m", "two\nlines \"quoted\" ä", "-q", "1"});
  CHECK(count_of("\n", output) == 1);
  const json message = json::parse(output);
  CHECK(keys_of(message) ==
        std::set<std::string>{"topic", "payload", "qos", "retain", "dup", "mid", "properties"});
  CHECK(message.at("topic") == "a/b");
  CHECK(message.at("payload") == "two\nlines \"quoted\" ä");
  CHECK(message.at("qos") == 1);
  CHECK(message.at("retain") == false);
  CHECK(message.at("dup") == false);
  CHECK(message.at("mid") == 1);
  CHECK(message.at("properties") == json::object());
}

TEST_CASE("holdfast_sub --json prints whatever a payload is as JSON", "[integration][tools]") {
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, {"-t", "t", "--json", "-C", "6", "-q", "1"});
  REQUIRE(run(pub(mosquitto.port(), {"-t", "t", "-n", "-q", "1"})).status == 0);
  const std::string nul("a\0b", 3);
  for (const std::string& payload :
       {nul, binary, std::string("\xff"), std::string("a\xff"), std::string("\xed\xa0\x80")}) {
    CHECK(run(pub(mosquitto.port(), {"-t", "t", "-s", "-q", "1"}), payload).status == 0);
  }
  const auto messages = json_lines(subscriber.wait().output);
  REQUIRE(messages.size() == 6);
  CHECK(messages[0].at("payload") == "");
  CHECK(messages[1].at("payload") == nul);
  const std::vector<std::string> base64{"AP8NCg==", "/w==", "Yf8=", "7aCA"};
  for (std::size_t i = 0; i < base64.size(); ++i) {
    CHECK(messages[2 + i].at("payload_base64") == base64[i]);
    CHECK_FALSE(messages[2 + i].contains("payload"));
  }
}

TEST_CASE("properties given with -D arrive and are seen in holdfast_sub --json", "[integration][tools]") {
  const json message = json::parse(printed({"--json"}, every_property));
  CHECK(message.at("qos") == 2);
  const json properties = message.at("properties");
  CHECK(keys_of(properties) == std::set<std::string>{"payload-format-indicator", "content-type",
                                                     "response-topic", "correlation-data",
                                                     "message-expiry-interval", "user-properties"});
  CHECK(properties.at("payload-format-indicator") == 1);
  CHECK(properties.at("content-type") == "text/plain");
  CHECK(properties.at("response-topic") == "answer/here");
  CHECK(properties.at("correlation-data") == "c1");
  const int expiry = properties.at("message-expiry-interval");
  CHECK((expiry > 900 && expiry <= 1000));
  CHECK(properties.at("user-properties") ==
        json::parse(R"([{"name": "name", "value": "value"}, {"name": "name", "value": "ä"}])"));
}

TEST_CASE("correlation data that are no text and subscription identifiers are in holdfast_sub --json",
          "[integration][tools]") {
  const json message = json::parse(printed({"--json", "-D", "subscribe", "subscription-identifier", "17"},
                                           {"-m", "x", "-D", "publish", "correlation-data", "\xff\x01"}));
  CHECK(message.at("properties").at("correlation-data-base64") == "/wE=");
  CHECK(message.at("properties").at("subscription-identifier") == json::array({17}));
}

TEST_CASE("docs/tools.md has every key of holdfast_sub --json, and no other", "[integration][tools][docs]") {
  std::set<std::string> written{"properties"};
  const auto take = [&](const json& message) {
    for (const std::string& key : keys_of(message))
      written.insert(key);
    for (const std::string& key : keys_of(message.at("properties")))
      written.insert("properties." + key);
  };
  take(json::parse(printed({"--json", "-D", "subscribe", "subscription-identifier", "17"}, every_property)));
  const Arguments no_text{"-s", "-D", "publish", "correlation-data", "\xff\x01"};
  take(json::parse(printed({"--json"}, no_text, binary)));
  take(json::parse(printed({"--json", "--hex"}, no_text, binary)));
  take(json::parse(aliased(HOLDFAST_SUB, {"--json"})));
  CHECK(written == names_of_table(HOLDFAST_TOOLS_PAGE, "### A message"));
}

TEST_CASE("-D for the connection and for the goodbye reach the broker", "[integration][tools]") {
  ScriptedBroker broker;
  const Arguments arguments = split(
      "-t t -m x -c -i one -x 5 -D connect receive-maximum 7 -D connect user-property n v"
      " -D disconnect session-expiry-interval 9");
  CHECK(run(pub(broker.port(), arguments)).status == 0);
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::disconnect) == 1; }));
  const Packet connect = broker.received(PacketType::connect).at(0);
  CHECK(connect.properties.number(PropertyId::receive_maximum) == 7u);
  CHECK(connect.properties.user_properties() == UserProperties{{"n", "v"}});
  const Packet disconnect = broker.received(PacketType::disconnect).at(0);
  CHECK(disconnect.properties.number(PropertyId::session_expiry_interval) == 9u);
}

TEST_CASE("holdfast_sub -F prints the fields of a message where its format says", "[integration][tools]") {
  CHECK(formatted("%t|%p|%q|%r|%l|%m") == "a/b|21.5|2|0|4|1\n");
  CHECK(formatted("%C|%D|%F|%R|%S|%P|%A|") == "text/plain|c1|1|answer/here|17|name:value name:ä||\n");
  const int expiry = std::stoi(formatted("%E"));
  CHECK((expiry > 900 && expiry <= 1000));
}

TEST_CASE("holdfast_sub tells the topic alias of a message, as mosquitto_sub does", "[integration][tools]") {
  for (const char* program : {HOLDFAST_SUB, "/usr/bin/mosquitto_sub"})
    CHECK(aliased(program, {"-F", "%t [%A] [%3A] [%-3A] [%03A]"}) == "a/b [7] [  7] [7  ] [007]\n");
  // Where mosquitto_sub 2.0.11 has a 0.
  CHECK(json::parse(aliased(HOLDFAST_SUB, {"-F", "%j"})).at("properties").at("topic-alias") == 7);
}

TEST_CASE("holdfast_sub -F prints payloads in hexadecimal digits", "[integration][tools]") {
  CHECK(printed({"-F", "%x %X"}, {"-s"}, binary) == "00ff0d0a 00FF0D0A\n");
}

TEST_CASE("holdfast_sub -F pads, escapes and copies the rest as it stands", "[integration][tools]") {
  CHECK(formatted("[%6t][%-6t][%06l][%2t]") == "[   a/b][a/b   ][000004][a/b]\n");
  CHECK(formatted(R"(100%% a@@b \\ ä\tb\nc)") == "100% a@b \\ ä\tb\nc\n");
  CHECK(printed({"-N", "-F", "%p"}, {"-m", "x"}) == "x");
}

TEST_CASE("holdfast_sub -F prints times", "[integration][tools]") {
  const std::time_t before = std::time(nullptr);
  const std::string times = formatted("%U %I @Y-@m-@d @H:@M:@S.@N");
  const long long seconds = std::stoll(times);
  CHECK((seconds >= before && seconds <= std::time(nullptr)));
  std::string shape;
  for (const char c : times)
    shape += c >= '0' && c <= '9' ? '0' : c == '+' ? '-' : c;
  CHECK(shape == "0000000000.000000000 0000-00-00T00:00:00-0000 0000-00-00 00:00:00.000000000\n");
}

TEST_CASE("holdfast_sub -F %j and %J print mosquitto_sub's JSON", "[integration][tools]") {
  const json text = json::parse(formatted("%j"));
  CHECK(text.at("topic") == "a/b");
  CHECK(text.at("payload") == "21.5");
  CHECK(text.at("payloadlen") == 4);
  CHECK(text.at("qos") == 2);
  CHECK(text.at("retain") == 0);
  CHECK(text.at("properties").at("content-type") == "text/plain");
  CHECK(json::parse(formatted("%J")).at("payload") == 21.5);
}

TEST_CASE("--stats is one line of JSON on stderr", "[integration][tools]") {
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, {"-t", "t", "-q", "1", "-C", "3", "--stats"});
  const Outcome published = run(pub(mosquitto.port(), {"-t", "t", "-q", "1", "-l", "--stats"}), "1\n2\n3\n");
  REQUIRE(json_lines(published.errors).size() == 1);
  const json sent = json_lines(published.errors)[0];
  CHECK(sent.at("published") == 3);
  CHECK(sent.at("acknowledged") == 3);
  CHECK(sent.at("failed") == 0);
  CHECK(sent.at("connects") == 1);
  const Outcome received = subscriber.wait();
  CHECK(received.output == "1\n2\n3\n");
  REQUIRE(json_lines(received.errors).size() == 1);
  CHECK(json_lines(received.errors)[0].at("received") == 3);
}

TEST_CASE("--stats is also there after a failure", "[integration][tools]") {
  ScriptedBroker broker({.publish_reason = ReasonCode::not_authorized});
  const Outcome outcome = run(pub(broker.port(), {"-t", "t", "-q", "1", "-m", "x", "--stats"}));
  CHECK(outcome.status != 0);
  const auto lines = lines_of(outcome.errors);
  REQUIRE(lines.size() == 2);
  CHECK(json::parse(lines[0]).at("failed") == 1);
  CHECK(fault_in(lines[1] + "\n", "holdfast_pub", {"1 of 1"}) == "");
}

TEST_CASE("--events is a line of JSON on stderr for each change of the connection", "[integration][tools]") {
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto,
                        {"-t", "t", "-i", "one", "--events", "--quiet", "--reconnect-delay-max", "0.05"});
  const auto seen = [&](const char* event) {
    return count_of(std::string("{\"event\":\"") + event + '"', subscriber.errors());
  };
  REQUIRE(eventually([&] { return seen("connected") == 1; }));
  mosquitto.terminate();
  REQUIRE(eventually([&] { return seen("reconnecting") >= 1; }));
  mosquitto.restart();
  REQUIRE(eventually([&] { return seen("connected") == 2; }));
  subscriber.signal(SIGTERM);
  const Outcome outcome = subscriber.wait();
  CHECK(outcome.output == "");
  const auto events = json_lines(outcome.errors);
  CHECK(events.at(0).at("event") == "connected");
  CHECK(events.at(0).at("session_present") == false);
  CHECK(events.at(0).at("client_id") == "one");
  CHECK(events.at(1).at("event") == "subscribed");
  CHECK(events.at(1).at("filter") == "t");
  CHECK(events.at(2).at("event") == "disconnected");
  CHECK(events.at(3).at("event") == "reconnecting");
  CHECK(events.back().at("event") == "disconnected");
}

TEST_CASE("--events tells each acknowledgement and each refusal", "[integration][tools]") {
  ScriptedBroker broker;
  broker.behave({.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::publish || packet.payload != "no") return Verdict::proceed;
    connection.send(
        acknowledgement(PacketType::puback, packet.packet_identifier, ReasonCode::not_authorized));
    return Verdict::ignore;
  }});
  const Outcome outcome =
      run(pub(broker.port(), {"-t", "t", "-q", "1", "-l", "--events", "--quiet"}), "yes\nno\n");
  const auto events = json_lines(outcome.errors);
  REQUIRE(events.size() == 4);
  CHECK(events[0].at("event") == "connected");
  CHECK(events[1].at("event") == "acknowledged");
  CHECK(events[1].at("number") == 1);
  CHECK(events[1].at("qos") == 1);
  CHECK(events[2].at("event") == "not_delivered");
  CHECK(events[2].at("number") == 2);
  CHECK(events[2].at("reason_code") == static_cast<int>(ReasonCode::not_authorized));
  CHECK(events[3].at("event") == "disconnected");
}

TEST_CASE("--events tells what becomes of each topic filter", "[integration][tools]") {
  ScriptedBroker broker;
  broker.behave({.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::subscribe) return Verdict::proceed;
    connection.send(answer(PacketType::suback, packet.packet_identifier,
                           {ReasonCode::granted_qos_1, ReasonCode::not_authorized}));
    return Verdict::ignore;
  }});
  const Outcome outcome =
      run(sub(broker.port(), {"-t", "a", "-t", "b", "-U", "c", "-q", "1", "-E", "--events", "--quiet"}));
  const auto events = json_lines(outcome.errors);
  REQUIRE(events.size() == 5);
  CHECK(events[3].at("event") == "unsubscribed");
  CHECK(events[3].at("filter") == "c");
  CHECK(events[1].at("event") == "subscribed");
  CHECK(events[1].at("filter") == "a");
  CHECK(events[1].at("reason_code") == 1);
  CHECK(events[2].at("event") == "subscribe_refused");
  CHECK(events[2].at("filter") == "b");
  CHECK(events[2].at("reason_code") == static_cast<int>(ReasonCode::not_authorized));
}

TEST_CASE("holdfast_pub -d says that nobody had subscribed, which is no failure", "[integration][tools]") {
  const std::string qos = GENERATE("1", "2");
  ScriptedBroker broker({.publish_reason = ReasonCode::no_matching_subscribers});
  const TemporaryDirectory directory;
  const std::string log = (directory.path() / "log").string();
  const Arguments arguments{"-t", "t", "-m", "x", "-q", qos, "--ack-log", log};
  const Outcome silent = run(pub(broker.port(), arguments));
  CHECK(silent.status == 0);
  CHECK(silent.errors == "");
  CHECK(content_of(log) == "1\n");
  const Outcome outcome = run(pub(broker.port(), both(arguments, {"-d"})));
  CHECK(outcome.status == 0);
  CHECK(count_of("1 of 1 messages arrived, and nobody had subscribed to them: No matching subscribers",
                 outcome.errors) == 1);
}

TEST_CASE("holdfast_pub --ack-log has the number of each acknowledged line and of no other",
          "[integration][tools]") {
  ScriptedBroker broker;
  broker.behave({.on_packet = [](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != PacketType::publish || packet.payload != "two") return Verdict::proceed;
    connection.send(
        acknowledgement(PacketType::puback, packet.packet_identifier, ReasonCode::quota_exceeded));
    return Verdict::ignore;
  }});
  const TemporaryDirectory directory;
  const std::string log = (directory.path() / "log").string();
  Program program(pub(broker.port(), {"-t", "t", "-q", "1", "-l", "--ack-log", log}));
  program.give("one\ntwo\nthree\n");
  // Acknowledged lines are there before the program ends.
  CHECK(eventually([&] { return content_of(log) == "1\n3\n"; }));
  program.end_input();
  const Outcome outcome = program.wait();
  CHECK(outcome.status == static_cast<int>(ReasonCode::quota_exceeded));
  CHECK(fault_in(outcome.errors, "holdfast_pub", {"1 of 3", "Quota exceeded"}) == "");
  CHECK(content_of(log) == "1\n3\n");
}
