// The exit status, which is all that many scripts look at: side by side with mosquitto's tools.
#include <csignal>

#include "support/loopback.hpp"
#include "support/scripted_broker.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

/// Where the statuses of both tools with these arguments are not `wanted`, what they are.
std::string fault_in_status(const std::string& tool, const std::string& arguments, int wanted) {
  std::string fault;
  for (const std::string& program :
       {HOLDFAST_PROGRAMS + ("/holdfast_" + tool), "/usr/bin/mosquitto_" + tool}) {
    const Outcome outcome = run(both({program}, split(arguments)));
    if (outcome.status == wanted) continue;
    fault +=
        program + " " + arguments + " ends with " + std::to_string(outcome.status) + ": " + outcome.errors;
  }
  return fault;
}

std::string at(std::uint16_t port) {
  return "-h 127.0.0.1 -p " + std::to_string(port) + " ";
}

}  // namespace

TEST_CASE("ways not to reach a broker end both tools with the same status", "[integration][tools]") {
  const std::string nobody = at(free_port());
  const std::string no_name = "-h " + std::string(64, 'x');  // Too long for a label: no name server is asked.
  CHECK(fault_in_status("pub", nobody + "-t t -m x", 1) == "");
  CHECK(fault_in_status("sub", nobody + "-t t", 1) == "");
  CHECK(fault_in_status("rr", nobody + "-t t -e r -m x", 1) == "");
  CHECK(fault_in_status("pub", no_name + " -t t -m x", 1) == "");
  CHECK(fault_in_status("sub", no_name + " -t t", 1) == "");
  CHECK(fault_in_status("pub", "--unix /nosuch/socket -t t -m x", 1) == "");
  CHECK(fault_in_status("pub", "--proxy socks5h://127.0.0.1:" + std::to_string(free_port()) + " -t t -m x",
                        1) == "");
}

TEST_CASE("TLS with a broker that has none ends with status 8, as for mosquitto_pub 2.0.11",
          "[integration][tools][tls]") {
  // Newer ones end with 14 or 1 instead, as it comes.
  Mosquitto mosquitto;
  CHECK(run(pub(mosquitto.port(), {"-t", "t", "-m", "x", "--tls-use-os-certs"})).status == 8);
}

TEST_CASE("a file for TLS that cannot be read ends both tools with status 1", "[integration][tools][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  const std::string there = "-h localhost -p " + std::to_string(mosquitto.port()) + " -t t -m x ";
  CHECK(fault_in_status("pub", there + "--cafile /nosuch/file", 1) == "");
  CHECK(fault_in_status(
            "pub", there + "--cafile " + mosquitto.ca_file() + " --cert /nosuch/c --key /nosuch/k", 1) == "");
}

TEST_CASE("a refused connection ends both tools with the number in CONNACK", "[integration][tools]") {
  Mosquitto mosquitto({.users = {{"alice", "secret"}}});
  const std::string there = at(mosquitto.port()) + "-u alice -P wrong ";
  CHECK(fault_in_status("pub", there + "-V mqttv5 -t t -m x", 135) == "");
  CHECK(fault_in_status("pub", there + "-V mqttv311 -t t -m x", 5) == "");
  CHECK(fault_in_status("sub", there + "-V mqttv5 -t t", 135) == "");
  CHECK(fault_in_status("sub", there + "-V mqttv311 -t t", 5) == "");
  CHECK(fault_in_status("rr", there + "-V mqttv5 -t t -e r -m x", 135) == "");
}

TEST_CASE("every return code of MQTT 3.1.1 is an exit status", "[integration][tools]") {
  const auto& [reason, code] = GENERATE(table<ReasonCode, int>({
      {ReasonCode::client_identifier_not_valid, 2},
      {ReasonCode::bad_user_name_or_password, 4},
      {ReasonCode::not_authorized, 5},
  }));
  ScriptedBroker broker({.connack_reason = reason});
  CHECK(run(pub(broker.port(), {"-t", "t", "-m", "x", "-V", "mqttv311"})).status == code);
}

TEST_CASE("-W that runs out ends both tools with status 27", "[integration][tools]") {
  Mosquitto mosquitto;
  CHECK(fault_in_status("sub", at(mosquitto.port()) + "-t t -W 1", 27) == "");
  CHECK(fault_in_status("rr", at(mosquitto.port()) + "-t t -e r -m x -W 1", 27) == "");
}

TEST_CASE("mistakes on the command line end both tools with status 1", "[integration][tools]") {
  for (const char* mistake : {"-t t",
                              "-m x",
                              "-t t -m x -n",
                              "-t t -m x --nope",
                              "-t t -m x -q 3",
                              "-t t -m x -q",
                              "-t t -m x -p 0",
                              "-t t -m x -c",
                              "-t t -m x -i a -I b",
                              "-t t -m x -V 7",
                              "-t t -m x -x soon",
                              "-t t -m x -k 65536",
                              "-t t -m x --will-payload x",
                              "-t t -m x --will-retain",
                              "-t t -m x --repeat 0",
                              "-t t -m x --psk 1234",
                              "-t t -m x -D publish",
                              "-t t -m x -D publish nope 1",
                              "-t t -f /nosuch/file",
                              "-t a/# -m x"})
    CHECK(fault_in_status("pub", mistake, 1) == "");
  for (const char* mistake :
       {"", "-t a/#/b", "-t t -C -1", "-t t -R --retained-only", "-t t -c", "-t t -F %z"})
    CHECK(fault_in_status("sub", mistake, 1) == "");
}

TEST_CASE("a signal ends a subscriber of both with status 0", "[integration][tools]") {
  const int number = GENERATE(SIGTERM, SIGINT);
  const std::string program = GENERATE(std::string(HOLDFAST_SUB), std::string("/usr/bin/mosquitto_sub"));
  Mosquitto mosquitto;
  Program subscriber({program, "-h", "127.0.0.1", "-p", std::to_string(mosquitto.port()), "-t", "t"});
  REQUIRE(eventually([&] { return count_of("Sending SUBACK to ", mosquitto.log()) == 1; }, program_patience));
  REQUIRE(run(pub(mosquitto.port(), {"-t", "t", "-m", "x"})).status == 0);
  REQUIRE(subscriber.wait_for_output("x\n"));
  // mosquitto_sub disconnects in its signal handler: it waits for itself for ever if that interrupts a write.
  REQUIRE(eventually([&] { return subscriber.asleep(); }));
  subscriber.signal(number);
  CHECK(subscriber.wait().status == 0);
}

TEST_CASE("a refused publish does not end with 0, other than mosquitto's", "[integration][tools]") {
  ScriptedBroker broker({.publish_reason = ReasonCode::not_authorized});
  const std::string refused = at(broker.port()) + "-V mqttv5 -t t -m x -q 1";
  CHECK(run(both({"/usr/bin/mosquitto_pub"}, split(refused))).status == 0);
  CHECK(run(both({HOLDFAST_PUB}, split(refused))).status == static_cast<int>(ReasonCode::not_authorized));
}
