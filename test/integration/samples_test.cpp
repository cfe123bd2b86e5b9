// The sample programs do what docs/samples.md says.
#include "support/loopback.hpp"
#include "tool_under_test.hpp"

using namespace holdfast::support;

TEST_CASE("01_publish prints what became of each reading", "[integration][samples]") {
  Mosquitto mosquitto;
  const Outcome outcome = run({HOLDFAST_01_PUBLISH, mosquitto.server()});
  CHECK(outcome.status == 0);
  CHECK(outcome.output ==
        "delivered, nobody subscribed\ndelivered, nobody subscribed\ndelivered, nobody subscribed\n");
  CHECK(outcome.errors == "");
}

TEST_CASE("02_subscribe prints the three readings of 01_publish and ends", "[integration][samples]") {
  Mosquitto mosquitto;
  Program subscriber({HOLDFAST_02_SUBSCRIBE, mosquitto.server(), "3"});
  REQUIRE(subscriber.wait_for_output("subscribed\n"));
  CHECK(run({HOLDFAST_01_PUBLISH, mosquitto.server()}).output == "delivered\ndelivered\ndelivered\n");
  const Outcome outcome = subscriber.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.output ==
        "subscribed\nplant/17/temperature: 21.5\nplant/17/temperature: 21.7\nplant/17/temperature: 22.0\n");
  CHECK(outcome.errors == "");
}

TEST_CASE("03_session_resume finds its session and loses nothing", "[integration][samples]") {
  Mosquitto mosquitto;
  // A second run begins like the first.
  for (int round = 0; round < 2; ++round) {
    const Outcome outcome = run({HOLDFAST_03_SESSION_RESUME, mosquitto.server()});
    CHECK(outcome.status == 0);
    std::string expected = "connected, session_present: false\n";
    for (int i = 1; i <= 5; ++i)
      expected += "  reading " + std::to_string(i) + "\n";
    expected += "connected, session_present: true\n";
    for (int i = 1; i <= 5; ++i)
      expected += "  reading " + std::to_string(i) + " (DUP)\n";
    CHECK(outcome.output == expected + "nothing was lost\n");
    CHECK(outcome.errors == "");
  }
}

TEST_CASE("a sample without a broker says so in one line", "[integration][samples]") {
  const std::string server = server_at(free_port());
  for (const auto& [program, name] :
       {std::pair(HOLDFAST_01_PUBLISH, "01_publish"), std::pair(HOLDFAST_02_SUBSCRIBE, "02_subscribe"),
        std::pair(HOLDFAST_03_SESSION_RESUME, "03_session_resume")}) {
    const Outcome outcome = run({program, server});
    CHECK(outcome.status == 1);
    CHECK(outcome.output == "");
    CHECK(fault_in(outcome.errors, name, {"Connection refused", "is the broker running"}) == "");
  }
}
