// How a tool that has more to do than it can is brought to its end.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

#include "support/scripted_broker.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

// More than a tool prints before a signal comes.
constexpr std::size_t flood = 200'000;

/// The subscriber has answered, and gets all these messages at once.
void send_flood(ScriptedBroker& broker) {
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::subscribe) == 1; }, program_patience));
  std::string messages;
  for (std::size_t i = 0; i < flood; ++i)
    messages += std::string_view("\x30\x05\0\1t\0x", 7);
  broker.send(messages);
}

}  // namespace

TEST_CASE("a signal ends holdfast_sub while more comes than it can print", "[integration][tools]") {
  ScriptedBroker broker;
  Program program(sub(broker.port(), {"-t", "t", "--json"}));
  send_flood(broker);
  REQUIRE(eventually([&] { return !program.output().empty(); }, program_patience));
  program.signal(SIGTERM);
  const Outcome outcome = program.wait();
  CHECK(outcome.status == 0);
  CHECK(count_of("\n", outcome.output) < flood);
}

TEST_CASE("holdfast_sub whose output is read slowly writes its last line to the end when a signal comes",
          "[integration][tools]") {
  ScriptedBroker broker;
  auto [reading, writing] = make_pipe();
  const Arguments command =
      both({"/usr/bin/env", "XDG_CONFIG_HOME=/nonexistent"}, sub(broker.port(), {"-t", "t", "--json"}));
  ChildProcess process(command, {.output = writing.get()});
  send_flood(broker);
  const auto is_full = [&output = writing] {
    pollfd writable{output.get(), POLLOUT, 0};
    return ::poll(&writable, 1, 0) == 0;
  };
  REQUIRE(eventually(is_full, program_patience));
  process.signal(SIGTERM);
  writing.close();
  std::string output;
  std::array<char, 65536> bytes{};
  for (ssize_t got = 1; got > 0;) {
    got = ::read(reading.get(), bytes.data(), bytes.size());
    if (got > 0) output.assign(bytes.data(), static_cast<std::size_t>(got));
  }
  CHECK(process.wait(program_patience) == 0);
  CHECK(output.substr(output.size() - 2) == "}\n");
}
