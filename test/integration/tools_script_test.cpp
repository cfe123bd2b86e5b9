// A script that was written for mosquitto's tools, with holdfast_ in the place of mosquitto_.
#include <csignal>
#include <string>

#include "support/scripted_broker.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

/// Runs a tool of ours and mosquitto's at the same broker, which has a retained message for each.
class Script {
 public:
  Script() {
    for (const char* topic : {"r/8", "r/9"})
      REQUIRE(run(pub(mosquitto_.port(), {"-t", topic, "-m", topic, "-r"})).status == 0);
  }

  /// What differs between `holdfast_TOOL` and `mosquitto_TOOL`.
  [[nodiscard]] std::string difference(const std::string& tool, const Arguments& arguments,
                                       std::string_view input = {}) const {
    const Outcome ours = run_one(tool == "pub" ? HOLDFAST_PUB : HOLDFAST_SUB, arguments, input);
    const Outcome theirs = run_one("/usr/bin/mosquitto_" + tool, arguments, input);
    if (ours.status == theirs.status && ours.output == theirs.output) return "";
    return "ours: " + std::to_string(ours.status) + " " + ours.output + ours.errors +
           "theirs: " + std::to_string(theirs.status) + " " + theirs.output + theirs.errors;
  }

  [[nodiscard]] std::string url(const std::string& topic) const {
    return "mqtt://127.0.0.1:" + std::to_string(mosquitto_.port()) + "/" + topic;
  }

 private:
  [[nodiscard]] Outcome run_one(const std::string& program, const Arguments& arguments,
                                std::string_view input) const {
    const Arguments server{program, "-h", "127.0.0.1", "-p", std::to_string(mosquitto_.port())};
    return run(both(server, arguments), input);
  }

  Mosquitto mosquitto_;
};

}  // namespace

TEST_CASE("in MQTT 3.1.1 what it has no properties for is left out, as by mosquitto's tools",
          "[integration][tools][mqtt311]") {
  const Script script;
  for (const char* sub :
       {"-t r/8 -R -W 1", "-t r/8 -C 1 --retain-as-published", "-t r/8 -C 1 -D connect receive-maximum 5",
        "-t r/8 -C 1 -D subscribe subscription-identifier 7 -D disconnect reason-string bye",
        "-t r/8 -C 1 --will-topic w -D will content-type x -U x -D unsubscribe user-property a b"})
    CHECK(script.difference("sub", both({"-V", "mqttv311"}, split(sub))) == "");
  for (const char* pub :
       {"-t t -m x -q 1 -D publish content-type x", "-t t -m x -D connect user-property a b"})
    CHECK(script.difference("pub", both({"-V", "mqttv311"}, split(pub))) == "");
}

TEST_CASE("a broker that knows MQTT 3.1.1 alone is not asked for what it does not have",
          "[integration][tools][mqtt311]") {
  ScriptedBroker broker({.refuses_mqtt_5 = true});
  CHECK(run(sub(broker.port(), split("-t r -R --retain-as-published -D subscribe user-property a b -W 1")))
            .status == 27);
  CHECK(run(pub(broker.port(),
                split("-t t -m x -q 1 -D publish content-type x -D disconnect reason-string bye")))
            .status == 0);
}

TEST_CASE("a number with a zero before it is decimal", "[integration][tools]") {
  ScriptedBroker broker;
  REQUIRE(run(pub(broker.port(), split("-t t -m x -q 01 -k 08 -M 010 --repeat 010"))).status == 0);
  CHECK(broker.accepted_count() == 10);
  CHECK(broker.received(PacketType::connect).at(0).keep_alive == 8);
  for (const char* number : {"0x3", "0b11", "0'3"})
    CHECK(fault_in(run(sub(broker.port(), {"-t", "t", "-C", number})).errors, "holdfast_sub",
                   {"-C", number}) == "");
}

TEST_CASE("a topic for which a broker closes the connection is refused", "[integration][tools]") {
  const Script script;
  for (const char* topic : {"a\x01"
                            "b",
                            "a\x7F", "a\xC2\x85", "a\xEF\xBF\xBF", "a\xEF\xB7\x90", "\xF0\x9F\xBF\xBE"}) {
    CAPTURE(topic);
    CHECK(script.difference("pub", {"-t", topic, "-m", "x"}) == "");
    CHECK(script.difference("sub", {"-t", topic, "-W", "1"}) == "");
  }
  CHECK(script.difference(
            "pub", {"-t", "t", "-m", "x", "-V", "5", "-D", "publish", "response-topic", "a\x01"}) == "");
  CHECK(script.difference("pub", {"-t", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "-m", "x"}) == "");
}

TEST_CASE("an option that has nothing to act upon is left aside", "[integration][tools]") {
  const Script script;
  CHECK(script.difference("pub", split("-t t -l --repeat 2"), "1\n2\n") == "");
  CHECK(script.difference("pub", split("-V 5 -t t -m x -D will content-type text")) == "");
  CHECK(script.difference("pub", split("-V 5 -t t -m x -D disconnect session-expiry-interval 3")) == "");
  CHECK(script.difference("sub", split("-V 5 -t r/8 -C 1 -D disconnect session-expiry-interval 3")) == "");
}

TEST_CASE("-L and -t subscribe in the order in which they stand", "[integration][tools]") {
  const Script script;
  CHECK(script.difference("sub", {"-L", script.url("r/9"), "-t", "r/8", "-C", "1", "-v"}) == "");
  CHECK(script.difference("sub", {"-t", "r/8", "-L", script.url("r/9"), "-C", "1", "-v"}) == "");
}

TEST_CASE("a signal ends holdfast_pub and holdfast_rr as it ends mosquitto's, once they have said goodbye",
          "[integration][tools]") {
  const int number = GENERATE(SIGTERM, SIGINT);
  const bool publishes = GENERATE(false, true);
  ScriptedBroker broker({.holds_acknowledgements = true});
  const std::string port = std::to_string(broker.port());
  Program program(
      publishes ? pub(broker.port(), split("-t t -m x -q 1"))
                : Arguments{HOLDFAST_RR, "-h", "127.0.0.1", "-p", port, "-t", "t", "-e", "e", "-m", "x"});
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::publish) == 1; }, program_patience));
  program.signal(number);
  CHECK(program.wait().status == 128 + number);
  CHECK(broker.wait_until([&] { return broker.count(PacketType::disconnect) == 1; }, program_patience));
}
