// holdfast_pub and holdfast_sub with --store: what a killed tool had taken is not lost.
#include <signal.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>

#include "client_under_test.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

/// How many messages a store holds, whoever has it: asks what a kill at this moment would leave.
int messages_in(const std::string& file) {
  const TemporaryDirectory after;
  const auto copy = after.path() / "session.db";
  std::error_code absent;
  std::filesystem::copy_file(file, copy, absent);
  if (absent) return -1;
  std::filesystem::copy_file(file + "-wal", copy.string() + "-wal", absent);
  try {
    Options options = quick("mqtt://127.0.0.1:1", "counter");
    options.store = sqlite_store(copy);
    return static_cast<int>(Client(options).statistics().outbox_messages);
  } catch (const Error&) {
    return -1;  // Copied while a checkpoint wrote it.
  }
}

std::string numbered_lines(std::size_t first, std::size_t count) {
  std::string text;
  for (const std::string& number : numbers(first, count))
    text += number + "\n";
  return text;
}

// A port where nobody is: no test may listen there, and no system does.
constexpr std::uint16_t deserted_port = 1;

}  // namespace

TEST_CASE("holdfast_pub -l --store keeps each line while the broker is away; --drain sends them",
          "[integration][tools][store]") {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "session.db").string();
  const Arguments identity{"-i", "meter", "--store", file};
  {
    Program victim(pub(deserted_port, both({"-t", "t", "-q", "2", "-l", "--quiet"}, identity)));
    victim.give(numbered_lines(0, 100));
    REQUIRE(eventually([&] { return messages_in(file) == 100; }, program_patience));
    victim.signal(SIGKILL);
    CHECK(victim.wait().status == 128 + SIGKILL);
  }
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, {"-t", "t", "-q", "2"});
  const Outcome drained = run(pub(mosquitto.port(), both({"--drain"}, identity)));
  CHECK(drained.status == 0);
  CHECK(drained.errors == "");
  CHECK(subscriber.wait_for_output(numbered_lines(0, 100)));
  CHECK(messages_in(file) == 0);
  CHECK(run(pub(deserted_port, both({"--drain"}, identity))).status == 0);  // Nothing to send, nobody to ask.
}

TEST_CASE("holdfast_pub -l --store keeps lines of QoS 0 that wait for the broker, too",
          "[integration][tools][store]") {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "session.db").string();
  Program victim(pub(deserted_port, {"-t", "t", "-l", "--quiet", "-i", "meter", "--store", file}));
  victim.give(numbered_lines(0, 10));
  CHECK(eventually([&] { return messages_in(file) == 10; }, program_patience));
}

TEST_CASE("holdfast_pub with the store of a killed one sends its messages first, in order",
          "[integration][tools][store]") {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "session.db").string();
  const Arguments all{"-i", "meter", "--store", file, "-t", "t", "-q", "1", "-l", "--quiet"};
  {
    Program victim(pub(deserted_port, all));
    victim.give(numbered_lines(0, 10));
    REQUIRE(eventually([&] { return messages_in(file) == 10; }, program_patience));
    victim.signal(SIGKILL);
    static_cast<void>(victim.wait());
  }
  Mosquitto mosquitto;
  Subscriber subscriber(mosquitto, {"-t", "t", "-q", "1"});
  CHECK(run(pub(mosquitto.port(), all), numbered_lines(10, 10)).status == 0);
  CHECK(subscriber.wait_for_output(numbered_lines(0, 20)));
}

TEST_CASE("--events tells that messages of an earlier run were acknowledged", "[integration][tools][store]") {
  const TemporaryDirectory directory;
  const Arguments all{"-i", "meter", "--store", (directory.path() / "session.db").string()};
  {
    Program victim(pub(deserted_port, both(all, {"-t", "t", "-q", "1", "-l", "--quiet"})));
    victim.give(numbered_lines(0, 10));
    REQUIRE(eventually([&] { return messages_in(all.back()) == 10; }, program_patience));
    victim.signal(SIGKILL);
    static_cast<void>(victim.wait());
  }
  ScriptedBroker broker;
  const Arguments another = GENERATE(Arguments{"--drain"}, Arguments{"-t", "t", "-q", "1", "-m", "x"});
  const Outcome outcome = run(pub(broker.port(), both(both(all, another), {"--events"})));
  CHECK(outcome.status == 0);
  std::uint64_t messages = 0;
  std::uint64_t own = 0;
  for (const nlohmann::json& line : json_lines(outcome.errors)) {
    if (line["event"] == "acknowledged_of_earlier_runs") messages += line["messages"].get<std::uint64_t>();
    if (line["event"] == "acknowledged") ++own;
  }
  CHECK(messages == 10);
  CHECK(own == (another.size() == 1 ? 0 : 1));
}

TEST_CASE("holdfast_pub that is stopped while the broker is away says that the store keeps what waits",
          "[integration][tools][store]") {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "session.db").string();
  Program program(pub(deserted_port, {"-i", "meter", "--store", file, "-t", "t", "-q", "1", "-l"}));
  program.give("1\n2\n");
  REQUIRE(eventually([&] { return messages_in(file) == 2; }, program_patience));
  program.signal(SIGTERM);
  const Outcome outcome = program.wait();
  CHECK(outcome.status == 128 + SIGTERM);
  CHECK(fault_in(lines_of(outcome.errors).back() + "\n", "holdfast_pub",
                 {"2 messages not acknowledged", "the store keeps them"}) == "");
  CHECK(messages_in(file) == 2);
}

TEST_CASE("holdfast_sub --store goes on with its session", "[integration][tools][store]") {
  Mosquitto mosquitto;
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "session.db").string();
  const Arguments all{"-i", "one", "--store", file, "-t", "t", "-q", "2"};
  {
    Subscriber victim(mosquitto, all);
    victim.signal(SIGKILL);
    static_cast<void>(victim.wait());
  }
  CHECK(run(pub(mosquitto.port(), {"-t", "t", "-q", "2", "-m", "missed"})).status == 0);
  const Outcome outcome = run(sub(mosquitto.port(), both(all, {"-C", "1", "--events"})));
  CHECK(outcome.output == "missed\n");
  CHECK(json_lines(outcome.errors).at(0).at("session_present") == true);
}

TEST_CASE("what is wrong with --store and --drain is said in one line", "[integration][tools][store]") {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "session.db").string();
  const auto fault = [&](const Arguments& arguments, const std::vector<std::string>& words) {
    const Outcome outcome = run(pub(deserted_port, arguments));
    CHECK(outcome.status != 0);
    return fault_in(outcome.errors, "holdfast_pub", words);
  };
  CHECK(fault({"-t", "t", "-m", "x", "--store", file}, {"--store needs -i"}) == "");
  CHECK(fault({"-i", "one", "--drain"}, {"--drain needs --store"}) == "");
  CHECK(fault({"-i", "one", "--store", file, "--drain", "-t", "t"}, {"--drain", "without -t"}) == "");
  CHECK(fault({"-m", "x"}, {"-t is missing"}) == "");
  CHECK(fault({"-i", "one", "--store", "/no/such/place", "-t", "t", "-m", "x"},
              {"/no/such/place", "No such file or directory"}) == "");
  Program owner(pub(deserted_port, {"-i", "one", "--store", file, "-t", "t", "-q", "1", "-l", "--quiet"}));
  REQUIRE(eventually([&] { return messages_in(file) == 0; }, program_patience));
  CHECK(fault({"-i", "one", "--store", file, "-t", "t", "-m", "x"},
              {"process", "(holdfast_pub)", "has it"}) == "");
}
