// The sample programs do what their pages in docs/samples say, also when they are broken on purpose.
#include <signal.h>

#include "client_under_test.hpp"
#include "sample_page.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

/// A sample that is watched while it runs.
class Watched : public Program {
 public:
  using Program::Program;
  [[nodiscard]] bool shows(const std::string& text) {
    return eventually([&] { return output().find(text) != std::string::npos; }, program_patience);
  }
};

}  // namespace

TEST_CASE("01_publish prints that its reading was delivered", "[integration][samples]") {
  Mosquitto mosquitto;
  const TemporaryDirectory directory;
  const auto trace = directory.path() / "trace";
  const Outcome outcome = run(traced(trace, {HOLDFAST_01_PUBLISH, mosquitto.server()}));
  CHECK(outcome.status == 0);
  CHECK(outcome.output == "delivered\n");
  CHECK(outcome.errors == "");
  CHECK(not_in_trace("01_publish", trace) == nothing);
}

TEST_CASE("02_session finds its session and loses nothing", "[integration][samples]") {
  Mosquitto mosquitto;
  const TemporaryDirectory directory;
  // A second run begins like the first.
  for (int round = 0; round < 2; ++round) {
    const auto trace = directory.path() / std::to_string(round);
    const Outcome outcome = run(traced(trace, {HOLDFAST_02_SESSION, mosquitto.server()}));
    CHECK(outcome.status == 0);
    std::string expected = "connected, session_present: false\n";
    for (int i = 1; i <= 5; ++i)
      expected += "  reading " + std::to_string(i) + "\n";
    expected += "connected, session_present: true\n";
    for (int i = 1; i <= 5; ++i)
      expected += "  reading " + std::to_string(i) + " (DUP)\n";
    CHECK(outcome.output == expected + "nothing was lost\n");
    CHECK(outcome.errors == "");
    CHECK(not_in_trace("02_session", trace) == nothing);
  }
}

TEST_CASE("02_session finds nothing when its session ends with the connection", "[integration][samples]") {
  Mosquitto mosquitto;
  const Outcome outcome = run({HOLDFAST_02_SESSION, mosquitto.server(), "0"});
  CHECK(outcome.status == 1);
  CHECK(count_of("session_present: false", outcome.output) == 2);
  CHECK(outcome.output.ends_with("  nothing comes\nsomething is missing or out of order\n"));
}

TEST_CASE("03_qos receives what it sent at each quality of service", "[integration][samples]") {
  Mosquitto mosquitto;
  const TemporaryDirectory directory;
  const auto trace = directory.path() / "trace";
  const Outcome outcome = run(traced(trace, {HOLDFAST_03_QOS, mosquitto.server()}), "hello\n");
  CHECK(outcome.status == 0);
  CHECK(outcome.output ==
        "type a line\nQoS 0: written\nQoS 1: acknowledged\nQoS 2: acknowledged\n"
        "  came at QoS 0: hello\n  came at QoS 1: hello\n  came at QoS 2: hello\n");
  CHECK(outcome.errors == "");
  CHECK(not_in_trace("03_qos", trace) == nothing);
}

TEST_CASE("03_qos loses only QoS 0 when the broker stops and dies with the messages",
          "[integration][samples]") {
  Mosquitto mosquitto;
  Watched sample({HOLDFAST_03_QOS, mosquitto.server()});
  REQUIRE(sample.shows("type a line\n"));
  mosquitto.stand_still();
  sample.give("gone\n");
  REQUIRE(sample.shows("QoS 0: written\n"));
  mosquitto.kill_hard();
  mosquitto.restart();
  sample.end_input();
  const Outcome outcome = sample.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.output ==
        "type a line\nQoS 0: written\nQoS 1: acknowledged, sent again\nQoS 2: acknowledged, sent again\n"
        "  came at QoS 1: gone\n  came at QoS 2: gone\n");
}

TEST_CASE("04_will says goodbye itself, and when it is killed the broker says that it is gone",
          "[integration][samples]") {
  Mosquitto mosquitto;
  const TemporaryDirectory directory;
  const auto trace = directory.path() / "trace";
  Client client(quick(mosquitto.server()));
  client.connect();
  client.subscribe("plant/17/alive", QoS::at_least_once);
  const auto heard = [&] {
    const auto message = client.receive(program_patience);
    return message ? std::string(message->payload()) : "nothing";
  };
  {
    Watched sample(traced(trace, {HOLDFAST_04_WILL, mosquitto.server()}));
    CHECK(heard() == "yes");
    REQUIRE(sample.shows("alive\n"));
    sample.end_input();
    CHECK(heard() == "stopped");
    CHECK(sample.wait().output == "alive\ngoodbye\n");
    CHECK(not_in_trace("04_will", trace) == nothing);
  }
  // A process that is killed is closed by the system, one that stands still is silent.
  for (const int signal : {SIGKILL, SIGSTOP}) {
    Watched sample({HOLDFAST_04_WILL, mosquitto.server()});
    CHECK(heard() == "yes");
    REQUIRE(sample.shows("alive\n"));
    sample.signal(signal);
    CHECK(heard() == "no");
  }
}

TEST_CASE("05_retained is told the last value when it comes, and each new one after that",
          "[integration][samples]") {
  Mosquitto mosquitto;
  const TemporaryDirectory directory;
  const auto trace = directory.path() / "trace";
  const auto set = [&](const std::string& value) {
    CHECK(run({HOLDFAST_05_RETAINED, "set", value, mosquitto.server()}).status == 0);
  };
  set("22.0");
  {
    Watched early(traced(trace, {HOLDFAST_05_RETAINED, "watch", mosquitto.server()}));
    REQUIRE(early.shows("subscribed\n22.0 (kept)\n"));
    set("22.5");
    REQUIRE(early.shows("22.5 (new)\n"));
    // Broken on purpose: without the flag those who are there see it, those who come do not.
    Client forgetful(quick(mosquitto.server(), "forgetful"));
    forgetful.connect();
    forgetful.publish("plant/17/setpoint", "99", {.qos = QoS::at_least_once});
    REQUIRE(early.shows("99 (new)\n"));
    CHECK(not_in_trace("05_retained", trace) == nothing);
  }
  {
    Watched late({HOLDFAST_05_RETAINED, "watch", mosquitto.server()});
    CHECK(late.shows("22.5 (kept)\n"));
    set("");
    CHECK(late.shows("22.5 (kept)\n (new)\n"));
  }
  Client last(quick(mosquitto.server(), "last"));
  last.connect();
  last.subscribe("plant/#", QoS::at_least_once);
  last.publish("plant/end", "", {.qos = QoS::at_least_once});
  const auto first = last.receive(program_patience);
  REQUIRE(first);
  CHECK(first->topic() == "plant/end");
}

TEST_CASE("06_request_reply asks its service and prints the answer", "[integration][samples][request]") {
  Mosquitto mosquitto;
  const TemporaryDirectory directory;
  const auto trace = directory.path() / "trace";
  Program service({HOLDFAST_06_REQUEST_REPLY, "serve", mosquitto.server()});
  REQUIRE(service.wait_for_output("serving\n"));
  const Outcome asked = run(traced(trace, {HOLDFAST_06_REQUEST_REPLY, "ask", "12", mosquitto.server()}));
  CHECK(asked.output == "144.000000\n");
  CHECK(asked.status == 0);
  CHECK(not_in_trace("06_request_reply", trace) == nothing);
  CHECK(service.output() == "serving\n12 squared\n");
  CHECK(run({HOLDFAST_06_REQUEST_REPLY, "ask"}).status == 1);
}

TEST_CASE("08_tls delivers to a broker of its authority, and shows a certificate where one is asked for",
          "[integration][samples][tls]") {
  Mosquitto mosquitto({.transport = Transport::mutual_tls});
  const TemporaryDirectory directory;
  const auto trace = directory.path() / "trace";
  const Certificate client = mosquitto.authority().issue({.usage = CertificateUsage::client});
  const Arguments trusting{HOLDFAST_08_TLS, mosquitto.ca_file(), mosquitto.server()};
  const Outcome delivered =
      run(both(traced(trace, trusting), {write_file(directory.path() / "client.pem", client.certificate),
                                         write_file(directory.path() / "client.key", client.key)}));
  CHECK(delivered.status == 0);
  CHECK(delivered.output == "delivered\n");
  CHECK(delivered.errors == "");
  CHECK(not_in_trace("08_tls", trace) == nothing);
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

#ifdef HOLDFAST_SCRAM_PLUGIN
TEST_CASE("11_scram authenticates twice and delivers, and says what is wrong with a password",
          "[integration][samples]") {
  Mosquitto mosquitto(
      {.lines = {"plugin " HOLDFAST_SCRAM_PLUGIN, "plugin_opt_user pump-17", "plugin_opt_password secret"}});
  const TemporaryDirectory directory;
  const auto trace = directory.path() / "trace";
  const std::string right = write_file(directory.path() / "right", "secret\n");
  const std::string wrong = write_file(directory.path() / "wrong", "wrong\n");
  const Outcome delivered = run(traced(trace, {HOLDFAST_11_SCRAM, "pump-17", right, mosquitto.server()}));
  CHECK(delivered.status == 0);
  CHECK(delivered.output == "authenticated\nauthenticated again\ndelivered\n");
  CHECK(delivered.errors == "");
  CHECK(not_in_trace("11_scram", trace) == nothing);
  const Outcome refused = run({HOLDFAST_11_SCRAM, "pump-17", wrong, mosquitto.server()});
  CHECK(refused.status == 1);
  CHECK(refused.output == "");
  CHECK(fault_in(refused.errors, "11_scram", {"Not authorized"}) == "");
}
#endif

TEST_CASE("11_scram is refused by a broker that does not know its method", "[integration][samples]") {
  Mosquitto mosquitto;
  const TemporaryDirectory directory;
  const Outcome outcome = run(
      {HOLDFAST_11_SCRAM, "user", write_file(directory.path() / "password", "pencil\n"), mosquitto.server()});
  CHECK(outcome.status == 1);
  CHECK(outcome.output == "");
  CHECK(fault_in(outcome.errors, "11_scram", {"Bad authentication method"}) == "");
}

TEST_CASE("subscribe prints the reading of 01_publish and ends", "[integration][samples]") {
  Mosquitto mosquitto;
  Program subscriber({HOLDFAST_SUBSCRIBE, mosquitto.server(), "1"});
  REQUIRE(subscriber.wait_for_output("subscribed\n"));
  CHECK(run({HOLDFAST_01_PUBLISH, mosquitto.server()}).output == "delivered\n");
  const Outcome outcome = subscriber.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.output == "subscribed\nplant/17/temperature: 21.5\n");
  CHECK(outcome.errors == "");
}

TEST_CASE("two_subscriptions prints alarms though readings pile up", "[integration][samples][subscription]") {
  Mosquitto mosquitto;
  Program sample({HOLDFAST_TWO_SUBSCRIPTIONS, mosquitto.server()});
  REQUIRE(sample.wait_for_output("subscribed\n"));
  Client client(quick(mosquitto.server(), "plant"));
  client.connect();
  publish_all(client, numbers(0, 50), QoS::at_most_once, "plant/1/temperature");
  CHECK(succeeded(publish_all(client, numbers(0, 3), QoS::at_least_once, "plant/1/alarm")) == 3);
  const Outcome outcome = sample.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.output ==
        "subscribed\nplant/1/alarm: 0\nplant/1/alarm: 1\nplant/1/alarm: 2\n10 readings wait, 40 gave way\n");
}

TEST_CASE("a sample without a broker says so in one line", "[integration][samples]") {
  const TemporaryDirectory directory;
  const std::string server = server_at(free_port());
  for (const auto& [command, name] :
       {std::pair(Arguments{HOLDFAST_01_PUBLISH, server}, "01_publish"),
        std::pair(Arguments{HOLDFAST_02_SESSION, server}, "02_session"),
        std::pair(Arguments{HOLDFAST_03_QOS, server}, "03_qos"),
        std::pair(Arguments{HOLDFAST_04_WILL, server}, "04_will"),
        std::pair(Arguments{HOLDFAST_05_RETAINED, "watch", server}, "05_retained"),
        std::pair(Arguments{HOLDFAST_06_REQUEST_REPLY, "serve", server}, "06_request_reply"),
        std::pair(Arguments{HOLDFAST_07_SHARED_WORKERS, "a", server}, "07_shared_workers"),
        std::pair(Arguments{HOLDFAST_10_EXACTLY_ONCE, server, directory.path().string()}, "10_exactly_once"),
        std::pair(Arguments{HOLDFAST_SUBSCRIBE, server}, "subscribe")}) {
    const Outcome outcome = run(command);
    CHECK(outcome.status == 1);
    CHECK(outcome.output == "");
    CHECK(fault_in(outcome.errors, name, {"Connection refused", "is the broker running"}) == "");
  }
}
