// What the tools read and write is closed, full, or the same file twice.
#include <csignal>
#include <string>

#include "support/scripted_broker.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

/// The command, started by a shell with that `redirection`, such as "<&- >&-".
Arguments redirected(const Arguments& command, const std::string& redirection) {
  return both({"/bin/sh", "-c", R"(exec "$0" "$@" )" + redirection}, command);
}

}  // namespace

TEST_CASE("what comes goes neither to the broker nor into the trace where stdout is closed",
          "[integration][tools]") {
  const TemporaryDirectory directory;
  const std::string trace = (directory.path() / "trace").string();
  const std::string redirection = GENERATE("<&- >&-", ">&-");
  ScriptedBroker broker;
  Program program(redirected(sub(broker.port(), {"-t", "t", "--trace", trace}), redirection));
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::subscribe) == 1; }, program_patience));
  broker.publish({.topic = "t", .payload = "of others"});
  const Outcome outcome = program.wait();
  CHECK(outcome.status == 1);
  CHECK(fault_in(outcome.errors, "holdfast_sub", {"stdout", "Bad file descriptor"}) == "");
  CHECK(content_of(trace).find("of others") == std::string::npos);
}

TEST_CASE("events do not go into the trace where stderr is closed", "[integration][tools]") {
  const TemporaryDirectory directory;
  const std::string trace = (directory.path() / "trace").string();
  ScriptedBroker broker;
  const Arguments command =
      pub(broker.port(), {"-t", "t", "-m", "x", "--events", "--stats", "--trace", trace});
  CHECK(run(redirected(command, "<&- 2>&-")).status == 0);
  CHECK(content_of(trace).find("session_present") == std::string::npos);
  CHECK(broker.count(PacketType::disconnect) == 1);
}

TEST_CASE("a closed input is a failure, and not one that is waited for", "[integration][tools]") {
  ScriptedBroker broker;
  const auto failure_of = [&](const Arguments& source) {
    const Outcome outcome = run(redirected(pub(broker.port(), both({"-t", "t"}, source)), "<&-"));
    CHECK(outcome.status == 1);
    return outcome.errors;
  };
  CHECK(fault_in(failure_of({"-l"}), "holdfast_pub", {"input", "Bad file descriptor"}) == "");
  CHECK(fault_in(failure_of({"-s"}), "holdfast_pub", {"input", "Bad file descriptor"}) == "");
  CHECK(fault_in(failure_of({"-f", "/dev/stdin"}), "holdfast_pub", {"/dev/stdin"}) == "");
  CHECK(broker.count(PacketType::publish) == 0);
}

TEST_CASE("what cannot be written ends a tool with 1", "[integration][tools]") {
  ScriptedBroker broker;
  CHECK(run(redirected({HOLDFAST_PUB, "--help"}, ">/dev/full")).status == 1);
  const Outcome outcome =
      run(pub(broker.port(), {"-t", "t", "-m", "x", "-q", "1", "--ack-log", "/dev/full"}));
  CHECK(outcome.status == 1);
  CHECK(fault_in(outcome.errors, "holdfast_pub", {"--ack-log /dev/full", "No space left"}) == "");
}

TEST_CASE("trace and store are two files", "[integration][tools]") {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "file").string();
  const Outcome outcome = run({HOLDFAST_PUB, "-t", "t", "-m", "x", "-i", "me", "--store", file, "--trace",
                               (directory.path() / "." / "file").string()});
  CHECK(outcome.status == 1);
  CHECK(fault_in(outcome.errors, "holdfast_pub", {"--trace", "--store", "its own"}) == "");
}

TEST_CASE("events and statistics come however a tool ends", "[integration][tools]") {
  const std::string port = std::to_string(free_port());
  for (const Arguments& command : {Arguments{HOLDFAST_PUB, "-m", "x"}, Arguments{HOLDFAST_SUB},
                                   Arguments{HOLDFAST_RR, "-m", "x", "-e", "e"}}) {
    const Outcome outcome =
        run(both(command, {"-t", "t", "-h", "127.0.0.1", "-p", port, "--events", "--stats"}));
    CAPTURE(outcome.errors);
    CHECK(outcome.status == 1);
    CHECK(count_of(R"("event":"disconnected")", outcome.errors) == 1);
    CHECK(count_of(R"("connect_failures":1)", outcome.errors) == 1);
    CHECK(count_of("Connection refused", outcome.errors) >= 1);
  }
}

TEST_CASE("a drain that has nothing to send has statistics", "[integration][tools]") {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "file").string();
  const Outcome outcome = run({HOLDFAST_PUB, "-i", "me", "--store", file, "--drain", "--stats"});
  CHECK(outcome.status == 0);
  CHECK(count_of(R"("published":0)", outcome.errors) == 1);
}

TEST_CASE("a signal amid lines that are all delivered says so", "[integration][tools]") {
  ScriptedBroker broker;
  Program program(pub(broker.port(), {"-t", "t", "-l", "-q", "1", "--events"}));
  program.give("one\n");
  REQUIRE(eventually([&] { return count_of(R"("acknowledged")", program.errors()) == 1; }, program_patience));
  program.signal(SIGTERM);
  CHECK(program.wait().errors.find(
            "holdfast_pub: stopped before all was published: what was is delivered\n") != std::string::npos);
}
