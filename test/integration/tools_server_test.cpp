// Where holdfast_pub and holdfast_sub look for the broker: hosts, ports, URLs and lists of servers, as a user
// writes them.
#include <cstdlib>
#include <regex>

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

/// Where a message of that program came to, of two brokers, and as whose: "second, topic t, alice:pw".
std::string arrival(const std::string& program, const std::string& arguments) {
  ScriptedBroker first;
  ScriptedBroker second;
  std::string command = std::regex_replace(arguments, std::regex("ONE"), std::to_string(first.port()));
  command = std::regex_replace(command, std::regex("TWO"), std::to_string(second.port()));
  const Outcome outcome = run(both({program, "-q", "1", "-m", "x"}, split(command)));
  if (outcome.status != 0) return "status " + std::to_string(outcome.status) + ": " + outcome.errors;
  ScriptedBroker& taken = first.accepted_count() != 0 ? first : second;
  const Packet connect = taken.received(PacketType::connect).at(0);
  return std::string(&taken == &first ? "first" : "second") + ", topic " + taken.accepted().at(0).topic +
         ", " + connect.user_name.value_or("nobody") + ":" + connect.password.value_or("nothing");
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
  CHECK(fault_in_publishing(broker, {"-L", url_of(broker.port(), "a//b/")}, "a//b/") == "");
}

TEST_CASE("of options that say the same the last counts, as for mosquitto_pub", "[integration][tools]") {
  const auto& [arguments, where] = GENERATE(table<std::string, std::string>({
      {"-L mqtt://127.0.0.1:ONE/t -t u", "first, topic u, nobody:nothing"},
      {"-t u -L mqtt://127.0.0.1:ONE/t", "first, topic t, nobody:nothing"},
      {"-L mqtt://127.0.0.1:ONE/t -L mqtt://127.0.0.1:TWO/u", "second, topic u, nobody:nothing"},
      {"-t t -h 127.0.0.9 -p TWO -h 127.0.0.1 -p ONE", "first, topic t, nobody:nothing"},
      {"-L mqtt://127.0.0.1:ONE/t -p TWO", "second, topic t, nobody:nothing"},
      {"-p TWO -L mqtt://127.0.0.1:ONE/t", "first, topic t, nobody:nothing"},
      {"-h 127.0.0.9 -L mqtt://127.0.0.1:ONE/t", "first, topic t, nobody:nothing"},
      {"-L mqtt://127.0.0.9:ONE/t -h 127.0.0.1", "first, topic t, nobody:nothing"},
      {"-L mqtt://127.0.0.9:ONE/t -h 127.0.0.1 -p TWO", "second, topic t, nobody:nothing"},
      {"-L mqtt://alice:pw@127.0.0.9:ONE/t -h 127.0.0.1", "first, topic t, alice:pw"},
      {"-L mqtt://alice:pw@127.0.0.1:ONE/t -u bob", "first, topic t, bob:pw"},
      {"-L mqtt://alice:pw@127.0.0.1:ONE/t -P other", "first, topic t, alice:other"},
      {"-u bob -P other -L mqtt://alice:pw@127.0.0.1:ONE/t", "first, topic t, alice:pw"},
      {"-u bob -P other -L mqtt://127.0.0.1:ONE/t", "first, topic t, bob:other"},
      {"-L mqtt://alice:pw@127.0.0.1:ONE/t -L mqtt://127.0.0.1:TWO/u", "second, topic u, alice:pw"},
      {"-L mqtt://alice:pw@127.0.0.1:ONE/t -L mqtt://bob@127.0.0.1:TWO/u", "second, topic u, bob:pw"},
      {"-L mqtt://alice:pw@127.0.0.1:ONE/t -u bob -L mqtt://127.0.0.1:TWO/u", "second, topic u, bob:pw"},
      {"-u bob -L mqtt://:pw@127.0.0.1:ONE/t", "first, topic t, :pw"},
      {"-L mqtt://al%40ce:p%25:w@127.0.0.1:ONE/t%41", "first, topic t%41, al%40ce:p%25:w"},
      {"-L mqtt://127.0.0.9:TWO/t -p ONE -h 127.0.0.1", "first, topic t, nobody:nothing"},
      {"--unix /nowhere -h 127.0.0.1 -p ONE -t t", "first, topic t, nobody:nothing"},
      {"--unix /nowhere -L mqtt://127.0.0.1:ONE/t", "first, topic t, nobody:nothing"},
  }));
  CAPTURE(arguments);
  CHECK(arrival(HOLDFAST_PUB, arguments) == where);
  CHECK(arrival("/usr/bin/mosquitto_pub", arguments) == where);
}

TEST_CASE("a port or a user that a later option has, other than mosquitto's knows it, counts, too",
          "[integration][tools]") {
  CHECK(arrival(HOLDFAST_PUB, "-t t -p TWO -h 127.0.0.1:ONE") == "first, topic t, nobody:nothing");
  CHECK(arrival(HOLDFAST_PUB, "-t t -p TWO -h mqtt://127.0.0.1:ONE") == "first, topic t, nobody:nothing");
  CHECK(arrival(HOLDFAST_PUB, "-L mqtt://127.0.0.1:TWO/t -p TWO -h 127.0.0.1:ONE") ==
        "first, topic t, nobody:nothing");
  ::setenv("HOLDFAST_TEST_SECRET", "secret", 1);
  CHECK(arrival(HOLDFAST_PUB, "-P x -L mqtt://alice:pw@127.0.0.1:ONE/t --pw-env HOLDFAST_TEST_SECRET") ==
        "first, topic t, alice:secret");
  CHECK(arrival(HOLDFAST_PUB, "--pw-env HOLDFAST_TEST_SECRET -L mqtt://alice:pw@127.0.0.1:ONE/t -P x") ==
        "first, topic t, alice:x");
  CHECK(arrival(HOLDFAST_PUB, "--pw-env HOLDFAST_TEST_SECRET -L mqtt://alice:pw@127.0.0.1:ONE/t") ==
        "first, topic t, alice:pw");
  CHECK(arrival(HOLDFAST_PUB, "-L mqtt://alice:pw@127.0.0.1:ONE/t --pw-env HOLDFAST_TEST_SECRET") ==
        "first, topic t, alice:secret");
}

TEST_CASE("-L before --unix says topic and user, as for mosquitto_pub", "[integration][tools]") {
  const std::string program = GENERATE(std::string(HOLDFAST_PUB), std::string("/usr/bin/mosquitto_pub"));
  Mosquitto mosquitto({.users = {{"alice", "pw"}}, .transport = Transport::unix_socket});
  const std::string socket = mosquitto.server().substr(std::string("unix://").size());
  CHECK(
      run({program, "-m", "x", "-r", "-q", "1", "-L", "mqtt://alice:pw@127.0.0.9:1/by/url", "--unix", socket})
          .status == 0);
  CHECK(run({HOLDFAST_SUB, "--unix", socket, "-u", "alice", "-P", "pw", "-t", "#", "-C", "1", "-F", "%t",
             "-W", "10"})
            .output == "by/url\n");
}

TEST_CASE("a user name that replaces -L's may have any character", "[integration][tools]") {
  CHECK(arrival(HOLDFAST_PUB, "-L mqtt://alice:pw@127.0.0.1:ONE/t -u b@b:%/ü") ==
        "first, topic t, b@b:%/ü:pw");
}

TEST_CASE("a whole URL of -h takes the place of -L's but for the topic", "[integration][tools]") {
  CHECK(arrival(HOLDFAST_PUB, "-L mqtt://alice:pw@127.0.0.1:ONE/t -h mqtt://bob@127.0.0.1:TWO") ==
        "second, topic t, bob:nothing");
}

TEST_CASE("-L's user and password are the broker's", "[integration][tools]") {
  Mosquitto mosquitto({.users = {{"alice", "se:cr@t"}}});
  const std::string right = "mqtt://alice:se:cr@t@" + on_loopback(mosquitto.port()) + "/t";
  CHECK(run({HOLDFAST_PUB, "-m", "x", "-q", "1", "-L", right}).status == 0);
  const std::string wrong = "mqtt://alice:other@" + on_loopback(mosquitto.port()) + "/t";
  const Outcome outcome = run({HOLDFAST_PUB, "-m", "x", "-L", wrong});
  CHECK(fault_of_pub(outcome, {"Not authorized"}) == "");
  CHECK(outcome.errors.find("other") == std::string::npos);
}

TEST_CASE("holdfast_sub subscribes to the topic of each -L, and to those of -t", "[integration][tools]") {
  Mosquitto mosquitto;
  for (const char* topic : {"a/1", "b/1"}) {
    CHECK(run(pub(mosquitto.port(), {"-t", topic, "-m", topic, "-r", "-q", "1"})).status == 0);
  }
  const Outcome outcome = run({HOLDFAST_SUB, "-L", url_of(free_port(), "a/#"), "-t", "b/#", "-L",
                               url_of(mosquitto.port(), "c"), "-C", "2"});
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
  const std::string list = on_loopback(down) + "," + on_loopback(broker.port());
  const std::string urls =
      "mqtt://a:p,w@" + on_loopback(down) + ",mqtt://a:p,w@" + on_loopback(broker.port());
  CHECK(fault_in_publishing(broker, {"-t", "a", "-h", list}, "a") == "");
  CHECK(fault_in_publishing(broker, {"-t", "b", "-h", urls}, "b") == "");
  CHECK(broker.received(PacketType::connect).back().password == "p,w");
  CHECK(fault_in_publishing(broker, {"-L", "mqtt://" + list + "/c"}, "c") == "");
  CHECK(fault_in_publishing(broker, {"-L", "mqtt://a:p,w@" + list + "/d", "--cluster"}, "d") == "");
  CHECK(broker.received(PacketType::connect).back().password == "p,w");
}

TEST_CASE("several servers that are all down are said in one line", "[integration][tools]") {
  const std::string first = on_loopback(free_port());
  const std::string second = on_loopback(free_port());
  const Outcome outcome = run({HOLDFAST_PUB, "-t", "t", "-m", "x", "-h", first + "," + second});
  CHECK(outcome.status == 1);
  CHECK(fault_of_pub(outcome, {"Connection refused"}) == "");
}

TEST_CASE("--shuffle begins with any of several servers", "[integration][tools]") {
  ScriptedBroker first;
  ScriptedBroker second;
  const Arguments command{
      HOLDFAST_PUB, "-t", "t", "-m", "x", "-h", on_loopback(first.port()) + "," + on_loopback(second.port())};
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
      {{"-p", "0"}, {"-p 0", "1 to 65535"}},
      {{"-p", "65536"}, {"-p 65536", "1 to 65535"}},
      {{"-h", ""}, {"-h", "empty"}},
      {{"-h", "a,,b"}, {"-h", "empty"}},
      {{"-L", url + "/t", "-h", ""}, {"-h", "empty"}},
      {{"-L", url + "/t", "-p", "0"}, {"-p 0", "1 to 65535"}},
      {{"-h", url, "-p", "1"}, {"-p", "-h mqtt://...", "into the URL"}},
      {{"-h", "a:2", "-p", "1"}, {"-p", "-h a:2", "once"}},
      {{"-h", "user:secret@a"}, {"-h", "no @", "mqtt://USER@HOST"}},
      {{"-h", "a/b"}, {"-h", "no /", "URL"}},
      {{"-L", url + "/t", "-h", "user:secret@a"}, {"-h", "no @", "mqtt://USER@HOST"}},
      {{"-L", ""}, {"-L", "mqtt://"}},
      {{"-L", url}, {"-L mqtt://...", "topic is missing"}},
      {{"-L", url + "/"}, {"-L mqtt://...", "topic is missing"}},
      {{"-L", "mqtt://alice:sec/secret@a/t"}, {"-L", "port", "-u and -P"}},
      {{"-L", "http://secret@a/t"}, {"-L", "mqtt://"}},
      {{"-L", "localhost/t"}, {"-L", "mqtt://"}},
      {{"-h", "http://secret@a"}, {"http://", "not supported", "mqtts"}},
      {{"-h", "a", "--cluster"}, {"--cluster", "node1,node2"}},
      {{"--shuffle"}, {"--shuffle", "node1,node2"}},
      {{"--unix", "/s", "-p", "1"}, {"-p", "--unix"}},
      {{"--unix", "/s", "--ws"}, {"--ws", "--unix"}},
      {{"--unix", "/s", "-A", "127.0.0.1"}, {"-A", "--unix"}},
      {{"--unix", "/s", "--proxy", "socks5h://u:secret@a"}, {"--proxy", "--unix"}},
      {{"--unix", "/s", "--cafile", "f"}, {"--cafile", "--unix"}},
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
