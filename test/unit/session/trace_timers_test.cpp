// Under which names the trace tells the engine's deadlines.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/authenticator.hpp>

#include "engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

/// So that there is no deadline but those a test sets.
Options without_keep_alive() {
  Options options = hour_long_session();
  options.keep_alive = 0s;
  return options;
}

using Names = std::vector<std::string_view>;

/// The names of what is due in `time` from now, and was not before.
Names due_in(const EngineUnderTest& test, std::chrono::nanoseconds time) {
  CHECK(test.engine.due_timers(test.now + time - 1ns).empty());
  return test.engine.due_timers(test.now + time);
}

struct Greeting final : Authenticator {
  [[nodiscard]] std::string method() const override { return "TEST"; }
  [[nodiscard]] std::optional<std::string> start() override { return "hello"; }
  [[nodiscard]] std::string respond(std::string_view) override { return "yes"; }
  void finish(std::string_view) override {}
};

}  // namespace

TEST_CASE("the trace's timer connack is the deadline of a CONNACK", "[trace]") {
  Options options = without_keep_alive();
  options.connack_timeout = 3s;
  EngineUnderTest test(options);
  test.open();
  CHECK(due_in(test, 3s) == Names{"connack"});
}

TEST_CASE("the trace's timer keep_alive is that of a PINGREQ, and ping_response that of its answer",
          "[trace]") {
  Options options = hour_long_session();
  options.keep_alive = 5s;
  options.ping_timeout = 2s;
  EngineUnderTest test(options);
  test.connect();
  CHECK(due_in(test, 4'500ms) == Names{"keep_alive"});
  test.pass(4'500ms);
  REQUIRE(described(test.write()) == std::vector<std::string>{"PINGREQ"});
  CHECK(due_in(test, 2s) == Names{"ping_response"});
}

TEST_CASE("the trace's timer acknowledgement is the deadline of an acknowledgement", "[trace]") {
  Options options = without_keep_alive();
  options.acknowledgement_timeout = 6s;
  EngineUnderTest test(options);
  test.connect();
  test.publish("x", QoS::at_least_once);
  test.write();
  CHECK(due_in(test, 6s) == Names{"acknowledgement"});
}

TEST_CASE("the trace's timer replay is the turn of the next message that replay_rate lets go", "[trace]") {
  Options options = without_keep_alive();
  options.replay_rate = 10;
  EngineUnderTest test(options);
  test.publish_numbers(1, 2, QoS::at_least_once);
  test.engine.set_backlog_end(2);
  test.connect();
  test.feed();
  REQUIRE(test.engine.deadline() <= test.now + 100ms);
  CHECK(due_in(test, test.engine.deadline() - test.now) == Names{"replay"});
}

TEST_CASE("the trace's timer authentication is the deadline of the broker's AUTH", "[trace]") {
  Options options = without_keep_alive();
  options.connack_timeout = 7s;
  options.authenticator = std::make_shared<Greeting>();
  EngineUnderTest test(options);
  test.connect(false, Properties().add(PropertyId::authentication_method, "TEST"));
  test.engine.reauthenticate(test.now);
  REQUIRE(described(test.write()) == std::vector<std::string>{"AUTH"});
  CHECK(due_in(test, 7s) == Names{"authentication"});
}
