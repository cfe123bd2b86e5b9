// holdfast_pub and holdfast_sub as a user runs them: what is published, and what is received of it.
#include <signal.h>

#include <fstream>

#include "support/scripted_broker.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

const std::string binary("\0\x01\xff\r\n\n\0", 7);

std::vector<std::string> payloads(ScriptedBroker& broker, std::size_t count) {
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() >= count; }));
  std::vector<std::string> payloads;
  for (const AcceptedMessage& message : broker.accepted())
    payloads.push_back(message.payload);
  CHECK(broker.violations() == std::vector<std::string>{});
  return payloads;
}

/// What one run of holdfast_pub makes arrive at a broker.
std::vector<std::string> published(const Arguments& arguments, std::string_view input, std::size_t count) {
  ScriptedBroker broker;
  const Outcome outcome = run(pub(broker.port(), both(split("-t t -q 1"), arguments)), input);
  CHECK(outcome.status == 0);
  CHECK(outcome.output == "");
  CHECK(outcome.errors == "");
  return payloads(broker, count);
}

std::vector<std::string> one(std::string payload) {
  return {std::move(payload)};
}

/// Publishes for a subscriber to receive.
void publish(const Mosquitto& mosquitto, const Arguments& arguments) {
  const Outcome outcome = run(pub(mosquitto.port(), arguments));
  CHECK(outcome.status == 0);
  CHECK(outcome.errors == "");
}

}  // namespace

TEST_CASE("holdfast_pub -m publishes its argument as it stands", "[integration][tools]") {
  const std::string text =
      GENERATE(as<std::string>{}, "21.5", "", " two  words ", "-m", "--help", "\xff\xfe", "ä\n");
  CHECK(published({"-m", text}, "", 1) == one(text));
}

TEST_CASE("holdfast_pub -f publishes a file byte for byte", "[integration][tools]") {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "payload").string();
  const std::string content = GENERATE(std::string(), binary, std::string(200'000, '\n'));
  std::ofstream(file, std::ios::binary) << content;
  CHECK(published({"-f", file}, "", 1) == one(content));
}

TEST_CASE("holdfast_pub -s publishes all of stdin as one message, byte for byte", "[integration][tools]") {
  const std::string content = GENERATE(std::string(binary), "no newline", std::string(200'000, '\n'));
  CHECK(published({"-s"}, content, 1) == one(content));
}

TEST_CASE("holdfast_pub -n publishes an empty message", "[integration][tools]") {
  CHECK(published({"-n"}, "", 1) == one(""));
}

TEST_CASE("holdfast_pub -l publishes each line of stdin, empty ones and an unfinished last one too",
          "[integration][tools]") {
  using Lines = std::vector<std::string>;
  CHECK(published({"-l"}, "one\n\n three \r\nlast", 4) == Lines{"one", "", " three \r", "last"});
  CHECK(published({"-l"}, "one\n\n", 2) == Lines{"one", ""});
  CHECK(published({"-l"}, "\n", 1) == Lines{""});
  CHECK(published({"-l"}, "", 0).empty());
  CHECK(published({"-l"}, binary, 3) == Lines{std::string("\0\x01\xff\r", 4), "", std::string("\0", 1)});
}

TEST_CASE("holdfast_pub -l takes lines of any length", "[integration][tools]") {
  std::string input;
  std::vector<std::string> lines;
  for (const std::size_t length : {1u, 65'535u, 65'536u, 65'537u, 0u, 150'000u, 2u}) {
    lines.emplace_back(length, static_cast<char>('a' + lines.size()));
    input += lines.back() + "\n";
  }
  CHECK((published({"-l"}, input, lines.size()) == lines));
}

TEST_CASE("holdfast_pub -l publishes a line as soon as it is there", "[integration][tools]") {
  ScriptedBroker broker;
  Program program(pub(broker.port(), {"-t", "t", "-q", "1", "-l"}));
  program.give("one\ntw");
  CHECK(payloads(broker, 1) == one("one"));
  program.give("o\n");
  CHECK(payloads(broker, 2).at(1) == "two");
  program.end_input();
  CHECK(program.wait().status == 0);
}

TEST_CASE("holdfast_pub publishes at the QoS asked for", "[integration][tools]") {
  const int qos = GENERATE(0, 1, 2);
  ScriptedBroker broker;
  CHECK(run(pub(broker.port(), {"-t", "a/b", "-m", "x", "-q", std::to_string(qos)})).status == 0);
  CHECK(payloads(broker, 1) == one("x"));
  CHECK(broker.accepted().at(0).topic == "a/b");
  CHECK(broker.accepted().at(0).qos == static_cast<QoS>(qos));
}

TEST_CASE("holdfast_pub --repeat publishes the message as often", "[integration][tools]") {
  CHECK(published({"-m", "x", "--repeat", "3", "--repeat-delay", "0.01"}, "", 3) ==
        std::vector<std::string>{"x", "x", "x"});
}

TEST_CASE("what holdfast_pub publishes, holdfast_sub prints, at every QoS", "[integration][tools]") {
  const std::string qos = GENERATE("0", "1", "2");
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, {"-t", "t", "-q", qos, "-C", "4", "-F", "%q %p"});
  CHECK(run(pub(mosquitto.port(), {"-t", "t", "-q", qos, "-l"}), "one\n\nthree\nlast").status == 0);
  const Outcome outcome = subscriber.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.output == qos + " one\n" + qos + " \n" + qos + " three\n" + qos + " last\n");
  CHECK(outcome.errors == "");
}

TEST_CASE("a binary message comes out of holdfast_sub -N byte for byte", "[integration][tools]") {
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, {"-t", "t", "-N", "-C", "2"});
  CHECK(run(pub(mosquitto.port(), {"-t", "t", "-s"}), binary).status == 0);
  CHECK(run(pub(mosquitto.port(), {"-t", "t", "-s"}), "end").status == 0);
  CHECK((subscriber.wait().output == binary + "end"));
}

TEST_CASE("holdfast_sub -v prints the topic before the payload", "[integration][tools]") {
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, {"-t", "a/+", "-t", "b", "-v", "-C", "2", "-q", "1"});
  publish(mosquitto, {"-t", "a/ä", "-m", "one two"});
  publish(mosquitto, {"-t", "b", "-n"});
  CHECK(subscriber.wait().output == "a/ä one two\nb (null)\n");
}

TEST_CASE("holdfast_sub -T leaves out what matches", "[integration][tools]") {
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, {"-t", "#", "-T", "a/skip/#", "-T", "+/no", "-v", "-C", "2"});
  for (const char* topic : {"a/skip", "a/yes", "a/skip/b", "b/no", "b/no/yes"}) {
    publish(mosquitto, {"-t", topic, "-m", "x"});
  }
  CHECK(subscriber.wait().output == "a/yes x\nb/no/yes x\n");
}

TEST_CASE("holdfast_sub -C ends with status 0 after so many messages and prints no more",
          "[integration][tools]") {
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, {"-t", "t", "-q", "1", "-C", "2"});
  CHECK(run(pub(mosquitto.port(), {"-t", "t", "-q", "1", "-l"}), "1\n2\n3\n4\n").status == 0);
  const Outcome outcome = subscriber.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.output == "1\n2\n");
}

TEST_CASE("holdfast_sub -W ends with status 27 and says so", "[integration][tools]") {
  Mosquitto mosquitto;
  const Outcome outcome = run(sub(mosquitto.port(), {"-t", "t", "-W", "0.2"}));
  CHECK(outcome.status == 27);
  CHECK(outcome.output == "");
  CHECK(fault_in(outcome.errors, "holdfast_sub", {"-W"}) == "");
}

TEST_CASE("holdfast_sub -W is over in time also where the broker says nothing", "[integration][tools]") {
  ScriptedBroker broker;
  SECTION("to the CONNECT") {
    broker.behave({.never_reads = true});
  }
  SECTION("to the SUBSCRIBE") {
    broker.behave({.on_packet = [](BrokerConnection&, const Packet& packet) {
      return packet.type == PacketType::subscribe ? Verdict::ignore : Verdict::proceed;
    }});
  }
  const auto begin = std::chrono::steady_clock::now();
  const Outcome outcome = run(sub(broker.port(), {"-t", "t", "-W", "0.2"}));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(8));
  CHECK(outcome.status == 27);
  CHECK(fault_in(outcome.errors, "holdfast_sub", {}) == "");
}

TEST_CASE("a retained message comes to those who subscribe later", "[integration][tools]") {
  Mosquitto mosquitto;
  publish(mosquitto, {"-t", "r/1", "-m", "kept", "-r"});
  publish(mosquitto, {"-t", "r/2", "-m", "not kept"});
  Subscriber subscriber(mosquitto, {"-t", "r/#", "-C", "2", "-F", "%t %p %r"});
  publish(mosquitto, {"-t", "r/2", "-m", "live"});
  CHECK(subscriber.wait().output == "r/1 kept 1\nr/2 live 0\n");
}

TEST_CASE("holdfast_pub -n -r removes the retained message", "[integration][tools]") {
  Mosquitto mosquitto;
  publish(mosquitto, {"-t", "r", "-m", "kept", "-r", "-q", "1"});
  publish(mosquitto, {"-t", "r", "-n", "-r", "-q", "1"});
  Subscriber subscriber(mosquitto, {"-t", "r", "-C", "1"});
  publish(mosquitto, {"-t", "r", "-m", "live"});
  CHECK(subscriber.wait().output == "live\n");
}

TEST_CASE("holdfast_sub -R prints no retained message", "[integration][tools]") {
  Mosquitto mosquitto;
  publish(mosquitto, {"-t", "r", "-m", "kept", "-r"});
  Subscriber subscriber(mosquitto, {"-t", "r", "-R", "-C", "1"});
  publish(mosquitto, {"-t", "r", "-m", "live"});
  CHECK(subscriber.wait().output == "live\n");
}

TEST_CASE("holdfast_sub --retain-as-published keeps the publisher's flag", "[integration][tools]") {
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, {"-t", "r", "--retain-as-published", "-C", "1", "-F", "%r"});
  publish(mosquitto, {"-t", "r", "-m", "live", "-r"});
  CHECK(subscriber.wait().output == "1\n");
}

TEST_CASE("holdfast_sub -E ends with status 0 once subscribed", "[integration][tools]") {
  Mosquitto mosquitto;
  const Outcome outcome = run(sub(mosquitto.port(), {"-t", "t", "-E"}));
  CHECK(outcome.status == 0);
  CHECK(outcome.errors == "");
  CHECK(count_of("Sending SUBACK to ", mosquitto.log()) == 1);
}
