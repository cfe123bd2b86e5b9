// The sample programs do what docs/samples.md says.
#include <signal.h>

#include "client_under_test.hpp"
#include "store/sqlite_database.hpp"
#include "support/loopback.hpp"
#include "support/scram_server.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
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

TEST_CASE("04_exactly_once stores each reading once and in order, though it is killed on the way",
          "[integration][samples]") {
  Mosquitto mosquitto({.lines = {"max_queued_messages 0"}});
  const TemporaryDirectory directory;
  Client publisher(quick(mosquitto.server(), "publisher"));
  publisher.connect();
  // Each run is killed amid its messages, but the last.
  for (const auto& [first, count] :
       {std::pair(0U, 50U), std::pair(50U, 50U), std::pair(100U, 50U), std::pair(150U, 1U)}) {
    Program sample({HOLDFAST_04_EXACTLY_ONCE, mosquitto.server(), directory.path().string()});
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
}

TEST_CASE("08_tls delivers to a broker of its authority, and shows a certificate where one is asked for",
          "[integration][samples][tls]") {
  Mosquitto mosquitto({.transport = Transport::mutual_tls});
  const TemporaryDirectory directory;
  const Certificate client = mosquitto.authority().issue({.usage = CertificateUsage::client});
  const Arguments trusting{HOLDFAST_08_TLS, mosquitto.ca_file(), mosquitto.server()};
  const Outcome delivered =
      run(both(trusting, {write_file(directory.path() / "client.pem", client.certificate),
                          write_file(directory.path() / "client.key", client.key)}));
  CHECK(delivered.status == 0);
  CHECK(delivered.output == "delivered\n");
  CHECK(delivered.errors == "");
  const Outcome unknown = run(trusting);
  CHECK(unknown.status == 1);
  CHECK(count_of("agree on certificates", unknown.errors) == 1);
}

TEST_CASE("08_tls says whose turn it is when the broker's certificate is not to be trusted",
          "[integration][samples][tls]") {
  Mosquitto mosquitto({.transport = Transport::tls});
  const TemporaryDirectory directory;
  const std::string other = write_file(directory.path() / "other.pem", CertificateAuthority("Other").pem());
  const Outcome outcome = run({HOLDFAST_08_TLS, other, mosquitto.server()});
  CHECK(outcome.status == 1);
  CHECK(outcome.output == "");
  CHECK(count_of("\n", outcome.errors) == 2);
  CHECK(count_of("do not trust whoever answered", outcome.errors) == 1);
}

TEST_CASE("a sample without a broker says so in one line", "[integration][samples]") {
  const TemporaryDirectory directory;
  const std::string server = server_at(free_port());
  for (const auto& [command, name] :
       {std::pair(Arguments{HOLDFAST_01_PUBLISH, server}, "01_publish"),
        std::pair(Arguments{HOLDFAST_02_SUBSCRIBE, server}, "02_subscribe"),
        std::pair(Arguments{HOLDFAST_03_SESSION_RESUME, server}, "03_session_resume"),
        std::pair(Arguments{HOLDFAST_04_EXACTLY_ONCE, server, directory.path().string()},
                  "04_exactly_once")}) {
    const Outcome outcome = run(command);
    CHECK(outcome.status == 1);
    CHECK(outcome.output == "");
    CHECK(fault_in(outcome.errors, name, {"Connection refused", "is the broker running"}) == "");
  }
}

TEST_CASE("09_scram authenticates twice and delivers, and says what is wrong with a password",
          "[integration][samples]") {
  ScriptedBroker broker(asking_for_scram());
  const TemporaryDirectory directory;
  const std::string right = write_file(directory.path() / "right", "pencil\n");
  const std::string wrong = write_file(directory.path() / "wrong", "crayon\n");
  const Outcome delivered = run({HOLDFAST_09_SCRAM, "user", right, broker.server()});
  CHECK(delivered.status == 0);
  CHECK(delivered.output == "authenticated\nauthenticated again\ndelivered\n");
  CHECK(delivered.errors == "");
  const Outcome refused = run({HOLDFAST_09_SCRAM, "user", wrong, broker.server()});
  CHECK(refused.status == 1);
  CHECK(refused.output == "");
  CHECK(count_of("Not authorized", refused.errors) == 1);
  CHECK(broker.violations() == nothing);
}
