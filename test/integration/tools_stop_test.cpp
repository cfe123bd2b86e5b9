// How a tool that has more to do than it can is brought to its end.
#include <csignal>
#include <functional>
#include <string>
#include <string_view>

#include "support/scripted_broker.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

// More than a tool prints before a signal comes.
constexpr std::size_t flood = 50'000;

std::string flood_of(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i)
    bytes += std::string_view("\x30\x05\0\1t\0x", 7);
  return bytes;
}

void wait_for_subscription(ScriptedBroker& broker) {
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::subscribe) == 1; }, program_patience));
}

}  // namespace

TEST_CASE("a signal ends holdfast_sub while more comes than it can print", "[integration][tools]") {
  ScriptedBroker broker;
  Program program(sub(broker.port(), {"-t", "t", "--json"}));
  wait_for_subscription(broker);
  broker.send(flood_of(flood));
  REQUIRE(eventually([&] { return !program.output().empty(); }, program_patience));
  program.signal(SIGTERM);
  const Outcome outcome = program.wait();
  CHECK(outcome.status == 0);
  CHECK(count_of("\n", outcome.output) < flood);
}

TEST_CASE("-W ends holdfast_sub in time while more comes than it can print", "[integration][tools]") {
  std::function<void()> send_more;
  ScriptedBroker broker;
  send_more = [&, some = flood_of(flood / 10)] {
    broker.send(some);
    broker.schedule(10ms, send_more);
  };
  const auto begin = std::chrono::steady_clock::now();
  Program program(sub(broker.port(), {"-t", "t", "--json", "-W", "5"}));
  wait_for_subscription(broker);
  broker.schedule(0ms, send_more);
  const Outcome outcome = program.wait();
  CHECK(std::chrono::steady_clock::now() - begin < 20s);
  CHECK(outcome.status == 27);
  CHECK(fault_in(outcome.errors, "holdfast_sub", {"timed out", "-W"}) == "");
  CHECK_FALSE(outcome.output.empty());
}
