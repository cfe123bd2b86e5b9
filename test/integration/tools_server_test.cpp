// Where holdfast_pub and holdfast_sub look for the broker: hosts, ports, URLs and lists of servers, as a user
// writes them.
#include "support/loopback.hpp"
#include "support/scripted_broker.hpp"
#include "tool_mistakes.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

std::string on_loopback(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

std::string url_of(std::uint16_t port, const std::string& topic) {
  return "mqtt://" + on_loopback(port) + "/" + topic;
}

/// Empty if holdfast_pub with these arguments brings that message to the broker; else what went wrong.
std::string fault_in_publishing(ScriptedBroker& broker, const Arguments& arguments,
                                const std::string& topic) {
  const std::size_t before = broker.accepted_count();
  const Outcome outcome = run(both({HOLDFAST_PUB, "-m", "x", "-q", "1"}, arguments));
  if (outcome.status != 0) return outcome.errors;
  if (broker.accepted_count() != before + 1) return "nothing arrived";
  return broker.accepted().back().topic == topic ? "" : "topic " + broker.accepted().back().topic;
}

}  // namespace

TEST_CASE("-h takes a host and its port, or a whole URL", "[integration][tools]") {
  ScriptedBroker broker;
  const std::string port = std::to_string(broker.port());
  CHECK(fault_in_publishing(broker, {"-t", "a", "-h", "127.0.0.1", "-p", port}, "a") == "");
  CHECK(fault_in_publishing(broker, {"-t", "b", "-h", on_loopback(broker.port())}, "b") == "");
  CHECK(fault_in_publishing(broker, {"-t", "c", "-h", "mqtt://" + on_loopback(broker.port())}, "c") == "");
}

TEST_CASE("-L says host, port and topic at once", "[integration][tools]") {
  ScriptedBroker broker;
  CHECK(fault_in_publishing(broker, {"-L", url_of(broker.port(), "plant/17/temp")}, "plant/17/temp") == "");
  CHECK(fault_in_publishing(broker, {"-L", url_of(broker.port(), "a//b/"), "-t", "a//b/"}, "a//b/") == "");
}

TEST_CASE("-L's user and password are the broker's", "[integration][tools]") {
  Mosquitto mosquitto({.users = {{"alice", "se:cr@t"}}});
  const std::string right = "mqtt://alice:se%3Acr%40t@" + on_loopback(mosquitto.port()) + "/t";
  CHECK(run({HOLDFAST_PUB, "-m", "x", "-q", "1", "-L", right}).status == 0);
  const std::string wrong = "mqtt://alice:other@" + on_loopback(mosquitto.port()) + "/t";
  const Outcome outcome = run({HOLDFAST_PUB, "-m", "x", "-L", wrong});
  CHECK(fault_of_pub(outcome, {"Not authorized"}) == "");
  CHECK(outcome.errors.find("other") == std::string::npos);
}

TEST_CASE("holdfast_sub -L subscribes to the URL's topic, and to those of -t", "[integration][tools]") {
  Mosquitto mosquitto;
  for (const char* topic : {"a/1", "b/1"}) {
    CHECK(run(pub(mosquitto.port(), {"-t", topic, "-m", topic, "-r", "-q", "1"})).status == 0);
  }
  const Outcome outcome = run({HOLDFAST_SUB, "-L", url_of(mosquitto.port(), "a/#"), "-t", "b/#", "-C", "2"});
  CHECK(outcome.status == 0);
  CHECK(count_of("a/1\n", outcome.output) == 1);
  CHECK(count_of("b/1\n", outcome.output) == 1);
}

TEST_CASE("port, scheme and TLS are assumed where mosquitto assumes them", "[integration][tools]") {
  // Nobody listens at this address of the loopback, so each command says where it went in vain.
  const TemporaryDirectory directory;
  const std::string ca = write_file(directory.path() / "ca.pem", CertificateAuthority().pem());
  const std::vector<std::pair<Arguments, std::string>> meant{
      {{"-h", "127.0.0.9"}, "mqtt://127.0.0.9:1883: "},
      {{"-h", "127.0.0.9", "--cafile", ca}, "mqtts://127.0.0.9:8883: "},
      {{"-h", "127.0.0.9", "-p", "8883"}, "mqtts://127.0.0.9:8883: "},
      {{"-h", "127.0.0.9:8883"}, "mqtts://127.0.0.9:8883: "},
      {{"-h", "127.0.0.9", "--tls-use-os-certs"}, "mqtts://127.0.0.9:8883: "},
      {{"-h", "127.0.0.9", "--psk", "00", "--psk-identity", "i"}, "mqtts://127.0.0.9:8883: "},
      {{"-h", "127.0.0.9", "-p", "1", "--cafile", ca}, "mqtts://127.0.0.9:1: "},
      {{"-h", "127.0.0.9", "--ws"}, "ws://127.0.0.9:1883: "},
      {{"-h", "127.0.0.9", "--ws", "--cafile", ca, "--ws-path", "/m"}, "wss://127.0.0.9:8883/m: "},
      {{"-h", "::1", "-p", "1"}, "mqtt://[::1]:1: "},
      {{"-h", "[::1]:1"}, "mqtt://[::1]:1: "},
      {{"-L", "mqtt://127.0.0.9/t"}, "mqtt://127.0.0.9: "},
      {{"-L", "mqtts://127.0.0.9/t"}, "mqtts://127.0.0.9: "},
      {{"-L", "mqtt://u:p@127.0.0.9:8883/t"}, "mqtts://127.0.0.9:8883: "},
      {{"-L", "mqtt://127.0.0.9/t", "--cafile", ca}, "mqtts://127.0.0.9:1883: "},
      {{"-L", "mqtts://127.0.0.9/t", "--ws"}, "wss://127.0.0.9:8883: "},
  };
  for (const auto& [arguments, server] : meant) {
    const Outcome outcome = run(both({HOLDFAST_PUB, "-t", "t", "-m", "x"}, arguments));
    CHECK(outcome.status == 1);
    CHECK(fault_of_pub(outcome, {"connect to " + server}) == "");
  }
}

TEST_CASE("of several servers the next is taken where the first is down", "[integration][tools]") {
  ScriptedBroker broker;
  const std::uint16_t down = free_port();
  CHECK(fault_in_publishing(broker, {"-t", "a", "-h", on_loopback(down), "-h", on_loopback(broker.port())},
                            "a") == "");
  CHECK(fault_in_publishing(broker, {"-L", url_of(down, "b"), "-L", url_of(broker.port(), "b")}, "b") == "");
  CHECK(fault_in_publishing(broker, {"-L", url_of(down, "c"), "-L", url_of(broker.port(), "c"), "--cluster"},
                            "c") == "");
}

TEST_CASE("several servers that are all down are said in one line", "[integration][tools]") {
  const std::string first = on_loopback(free_port());
  const std::string second = on_loopback(free_port());
  const Outcome outcome = run({HOLDFAST_PUB, "-t", "t", "-m", "x", "-h", first, "-h", second});
  CHECK(outcome.status == 1);
  CHECK(fault_of_pub(outcome, {"Connection refused"}) == "");
}

TEST_CASE("--shuffle begins with any of several servers", "[integration][tools]") {
  ScriptedBroker first;
  ScriptedBroker second;
  const Arguments command{
      HOLDFAST_PUB, "-t", "t", "-m", "x", "-h", on_loopback(first.port()), "-h", on_loopback(second.port())};
  CHECK(run(command).status == 0);
  CHECK(first.connections() == 1);
  // Each run takes the second with a chance of one half.
  for (int i = 0; i < 40 && second.connections() == 0; ++i)
    REQUIRE(run(both(command, {"--shuffle"})).status == 0);
  CHECK(second.connections() == 1);
}

TEST_CASE("servers and ways to them that exclude each other are refused in one line, without passwords",
          "[integration][tools]") {
  const char* program = GENERATE(HOLDFAST_PUB, HOLDFAST_SUB);
  const std::string url = "mqtt://user:secret@localhost";
  Arguments what{"-t", "t"};
  if (std::string(program) == HOLDFAST_PUB) what = {"-t", "t", "-m", "x"};
  std::vector<Mistake> mistakes{
      {{"-h", "a", "-L", url + "/t"}, {"-h and -L exclude", "give one"}},
      {{"-p", "1", "-L", url + "/t"}, {"-p", "-L", "into the URL"}},
      {{"-p", "0"}, {"-p 0", "1 to 65535"}},
      {{"-p", "65536"}, {"-p 65536", "1 to 65535"}},
      {{"-h", ""}, {"-h", "empty"}},
      {{"-p", "1", "-h", url}, {"-p", "-h mqtt://...", "into the URL"}},
      {{"-p", "1", "-h", "a:2"}, {"-p", "-h a:2", "once"}},
      {{"-L", url}, {"-L mqtt://...", "topic is missing"}},
      {{"-L", url + "/"}, {"-L mqtt://...", "topic is missing"}},
      {{"-L", "http://secret@a/t"}, {"-L", "mqtt://"}},
      {{"-L", "localhost/t"}, {"-L", "mqtt://"}},
      {{"-L", url + "/t", "-L", url + "/u"}, {"topics t and u", "the same"}},
      {{"-h", "http://secret@a"}, {"http://", "not supported", "mqtts"}},
      {{"-h", "a", "--cluster"}, {"--cluster", "more than one -h"}},
      {{"--shuffle"}, {"--shuffle", "more than one -h"}},
      {{"--unix", "/s", "-h", "a"}, {"-h", "--unix"}},
      {{"--unix", "/s", "-h", "a", "-h", "b"}, {"-h", "--unix"}},
      {{"--unix", "/s", "-p", "1"}, {"-p", "--unix"}},
      {{"--unix", "/s", "-L", url + "/t"}, {"-L", "--unix"}},
      {{"--unix", "/s", "--ws"}, {"--ws", "--unix"}},
      {{"--unix", "/s", "-A", "127.0.0.1"}, {"-A", "--unix"}},
      {{"--unix", "/s", "--proxy", "socks5h://u:secret@a"}, {"--proxy", "--unix"}},
      {{"--unix", "/s", "--cafile", "f"}, {"--cafile", "--unix"}},
      {{"--unix", "/s", "--insecure"}, {"--insecure", "--unix"}},
      {{"--proxy", "socks5h://u:secret@a", "--proxy-env"}, {"--proxy and --proxy-env exclude"}},
      {{"-A", "nosuch.invalid"}, {"-A nosuch.invalid", "address or a name"}},
      {{"--ws-path", "/mqtt"}, {"--ws-path needs", "--ws"}},
      {{"--ws-header", "Authorization: secret"}, {"--ws-header needs", "--ws"}},
      {{"--ws-path", "mqtt", "--ws"}, {"--ws-path mqtt", "slash"}},
      {{"--ws-path", "/m", "-h", "ws://a"}, {"--ws-path", "into the URL"}},
      {{"--ws", "-h", url}, {"--ws", "write ws://"}},
      {{"-S"}, {"-S", "SRV", "-h"}},
  };
  for (Mistake& mistake : mistakes)
    mistake.arguments = both(what, mistake.arguments);
  CHECK(fault_with_whole(program, mistakes) == "");
}

TEST_CASE("a topic that is given twice has to be the same for holdfast_pub", "[integration][tools]") {
  CHECK(fault_with_whole(HOLDFAST_PUB, {{{"-L", "mqtt://localhost/t", "-t", "u", "-m", "x"},
                                         {"-t", "-L", "different topics"}}}) == "");
}
