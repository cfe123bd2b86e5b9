// The samples that are killed and lose nothing do what their pages in docs/samples say.
#include <signal.h>

#include <holdfast/store_file.hpp>

#include "client_under_test.hpp"
#include "sample_page.hpp"
#include "store/sqlite_database.hpp"
#include "support/loopback.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

TEST_CASE("09_store keeps its lines without a broker and through a kill, and delivers them later",
          "[integration][samples]") {
  Mosquitto mosquitto;
  const TemporaryDirectory directory;
  const auto trace = directory.path() / "trace";
  const std::string file = (directory.path() / "readings.store").string();
  const Arguments sample{HOLDFAST_09_STORE, mosquitto.server(), file};
  mosquitto.kill_hard();
  {
    Program killed(sample);
    killed.give("20.1\n20.2\n20.3\n");
    REQUIRE(killed.wait_for_output("stored: 20.1\nstored: 20.2\nstored: 20.3\n"));
    killed.signal(SIGKILL);
    CHECK(killed.wait().errors.find("error") == std::string::npos);
  }
  CHECK(StoreFile(file).summary().messages() == 3);
  mosquitto.restart();
  Client client(quick(mosquitto.server()));
  client.connect();
  client.subscribe("plant/17/reading", QoS::at_least_once);
  const Outcome outcome = run(traced(trace, sample), "20.4\n");
  CHECK(outcome.status == 0);
  CHECK(outcome.output == "stored: 20.4\nall delivered\n");
  std::vector<std::string> arrived;
  while (arrived.size() < 4) {
    const auto message = client.receive(program_patience);
    REQUIRE(message);
    arrived.emplace_back(message->payload());
  }
  CHECK(arrived == std::vector<std::string>{"20.1", "20.2", "20.3", "20.4"});
  CHECK(StoreFile(file).summary().messages() == 0);
  CHECK(not_in_trace("09_store", trace) == nothing);
}

TEST_CASE("the program of getting started delivers what an earlier run of it was killed with",
          "[integration][samples]") {
  Mosquitto mosquitto;
  const TemporaryDirectory directory;
  const std::string enter = "cd '" + directory.path().string() + "' && exec " HOLDFAST_GETTING_STARTED " ";
  Client client(quick(mosquitto.server()));
  client.connect();
  client.subscribe("plant/17/temp", QoS::at_least_once);
  {
    Program killed({"/bin/sh", "-c", enter + "22.0 " + server_at(free_port())});
    REQUIRE(killed.wait_for_output("safe\n"));
    killed.signal(SIGKILL);
    CHECK(killed.wait().status == 128 + SIGKILL);
  }
  const Outcome outcome = run({"/bin/sh", "-c", enter + "22.5 " + mosquitto.server()});
  CHECK(outcome.status == 0);
  CHECK(outcome.output == "safe\ndelivered\n");
  for (const char* reading : {"22.0", "22.5"}) {
    const auto message = client.receive(program_patience);
    REQUIRE(message);
    CHECK(message->payload() == reading);
  }
}

TEST_CASE("10_exactly_once stores each reading once and in order, though it is killed on the way",
          "[integration][samples]") {
  Mosquitto mosquitto({.lines = {"max_queued_messages 0"}});
  const TemporaryDirectory directory;
  const auto trace = directory.path() / "trace";
  Client publisher(quick(mosquitto.server(), "publisher"));
  publisher.connect();
  // Each run is killed amid its messages, but the last.
  for (const auto& [first, count] :
       {std::pair(0U, 50U), std::pair(50U, 50U), std::pair(100U, 50U), std::pair(150U, 1U)}) {
    Program sample(traced(trace, {HOLDFAST_10_EXACTLY_ONCE, mosquitto.server(), directory.path().string()}));
    const auto has_written = [&](const std::string& line) {
      return eventually([&] { return count_of(line, sample.output()) == 1; }, program_patience);
    };
    REQUIRE(has_written("subscribed\n"));
    publish_all(publisher, numbers(first, count), QoS::exactly_once, "plant/17/temperature");
    REQUIRE(has_written("plant/17/temperature: " + std::to_string(first) + "\n"));
    sample.signal(SIGKILL);
    CHECK(sample.wait().errors == "");
  }
  store::Database readings(directory.path() / "readings.db");
  store::Statement all(readings, "SELECT value FROM reading ORDER BY rowid");
  std::vector<std::string> stored;
  while (all.step())
    stored.emplace_back(all.text(0));
  CHECK(stored == numbers(0, 151));
  CHECK(not_in_trace("10_exactly_once", trace) == nothing);
}
