// How a tool that has more to do than it can is brought to its end.
#include <csignal>
#include <string>

#include "support/scripted_broker.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

// More than a tool prints before a signal comes.
constexpr std::size_t flood = 50'000;

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
