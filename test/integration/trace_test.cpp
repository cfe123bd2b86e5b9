// Options::trace of a real client, and holdfast_trace on what it wrote.
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>

#include <holdfast/authenticator.hpp>

#include <spdlog/sinks/ostream_sink.h>

#include "forked_process.hpp"
#include "support/mosquitto.hpp"
#include "support/scram_server.hpp"
#include "trace_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;
using nlohmann::json;

TEST_CASE("the trace tells a lost connection: its loss, the way back, and what was sent again",
          "[integration][trace]") {
  const TraceUnderTest trace;
  trace_a_lost_connection(trace, "plant/1");
  CHECK(trace.count(packet("out", "CONNECT")) == 2);
  CHECK(trace.count({{"event", "connecting"}}) == 2);
  CHECK(trace.count({{"event", "connection"}}) == 2);
  const auto publishes = trace.positions(packet("out", "PUBLISH"));
  const auto losses = trace.positions({{"event", "disconnected"}, {"by_request", false}});
  const auto retries = trace.positions(event("timer", "timer", "reconnect"));
  const auto acknowledged = trace.positions(packet("in", "PUBACK"));
  REQUIRE((publishes.size() == 2 && losses.size() == 1 && retries.size() == 1 && acknowledged.size() == 1));
  CHECK(publishes[0] < losses[0]);
  CHECK(losses[0] < trace.positions(event("state", "state", "waiting")).at(0));
  CHECK(losses[0] < retries[0]);
  CHECK(retries[0] < publishes[1]);
  CHECK(publishes[1] < acknowledged[0]);
  const auto lines = trace.lines();
  CHECK(lines[publishes[0]]["dup"] == false);
  CHECK(lines[publishes[1]]["dup"] == true);
  CHECK(lines[publishes[0]]["id"] == lines[publishes[1]]["id"]);
  CHECK(lines[publishes[1]]["id"] == lines[acknowledged[0]]["id"]);
  // The commit that the packet had to wait for.
  CHECK(trace.positions({{"event", "commit"}}).at(0) < publishes[0]);
  CHECK(lines.back()["state"] == "closed");
}

TEST_CASE("the times in a trace never go back, and its connections have those of the wall clock",
          "[integration][trace]") {
  const TraceUnderTest trace;
  trace_a_lost_connection(trace, "plant/1");
  double last = 0;
  for (const json& line : trace.lines()) {
    CAPTURE(line.dump());
    CHECK(line["t"].get<double>() >= last);
    last = line["t"].get<double>();
    const std::string name = line["event"];
    if (name != "trace" && name != "connecting" && name != "connection" && name != "disconnected") continue;
    CHECK(std::regex_match(line["wall"].get<std::string>(),
                           std::regex(R"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)")));
  }
}

TEST_CASE("no secret is in a trace, nor in what is made of it", "[integration][trace]") {
  const TraceUnderTest trace;
  Mosquitto mosquitto({.users = {{"alice", "hunter2"}}});
  const auto server = "mqtt://alice:hunter2@127.0.0.1:" + std::to_string(mosquitto.port());
  {
    Options options = quick(server);
    options.trace = trace.file();
    Client client(options);
    client.connect();
    client.publish("t", "x", {.qos = QoS::at_least_once}).wait();
  }
  REQUIRE(trace.make_page().status == 0);
  const std::string all =
      trace.content() + trace.show({"--hex"}).output + content_of(trace.file("page.html"));
  CHECK_FALSE(has(all, "hunter2"));
  CHECK_FALSE(has(all, "68756e74"));  // Its beginning in hexadecimal.
  CHECK_FALSE(has(all, "alice"));
  CHECK_FALSE(has(all, "616c6963"));
  CHECK(has(trace.show().output, "Password: masked (7 bytes)"));
}

TEST_CASE("the data of enhanced authentication are not in a trace", "[integration][trace][mqtt5]") {
  const TraceUnderTest trace;
  ScriptedBroker broker(asking_for_scram());
  Options options = quick(broker.server());
  options.trace = trace.file();
  options.authenticator = scram_sha_256("user", "pencil");
  {
    Client client(options);
    client.connect();
  }
  CHECK(trace.count(packet("out", "AUTH")) == 1);
  const std::string all = trace.content() + trace.show({"--hex"}).output;
  CHECK(has(all, "Authentication Data: masked ("));
  // "n=user", "r=", "s=" and "v=" begin the data of both sides.
  for (const char* part : {"6e3d75736572", "2c723d", "2c733d", "763d", "user", "pencil"}) {
    CAPTURE(part);
    CHECK_FALSE(has(trace.content(), part));
  }
}

TEST_CASE("as much of each payload is traced as the options say", "[integration][trace]") {
  const TraceUnderTest trace;
  ScriptedBroker broker;
  Options options = quick(broker.server());
  options.trace = trace.file();
  options.trace_payload_max = 3;
  Client client(options);
  client.connect();
  client.publish("t", "abcdefgh", {.qos = QoS::at_least_once}).wait();
  client.disconnect();
  CHECK(has(trace.content(), "616263\"}"));
  CHECK_FALSE(has(trace.content(), "61626364"));
  CHECK(has(trace.show().output, "Payload: \"abc\" (the first 3 of 8 bytes)"));
}

TEST_CASE("a tool traces into the file that --trace names", "[integration][trace]") {
  const TraceUnderTest trace;
  const Mosquitto mosquitto;
  CHECK(run(pub(mosquitto.port(), {"-t", "t", "-m", "x", "-q", "1", "--trace", trace.file()})).status == 0);
  CHECK(trace.count(packet("out", "PUBLISH")) == 1);
}

TEST_CASE("a client whose trace cannot be opened is refused", "[integration][trace]") {
  Options options = quick("mqtt://127.0.0.1");
  options.trace = "/no/such/directory/trace";
  std::string what;
  try {
    const Client client(options);
  } catch (const Error& error) {
    what = error.what();
  }
  CHECK(has(what, "\"/no/such/directory/trace\" cannot be opened"));
}

TEST_CASE("a trace that cannot be written any more is told once, and the client goes on",
          "[integration][trace]") {
  std::ostringstream log;
  ScriptedBroker broker;
  {
    Options options = quick(broker.server());
    options.trace = "/dev/full";
    options.logger =
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log));
    Client client(options);
    client.connect();
    CHECK(succeeded(publish_all(client, numbers(0, 100), QoS::at_least_once)) == 100);
    CHECK(client.flush(patience));
    client.disconnect();
  }
  CHECK(count_of("trace: \"/dev/full\" cannot be written", log.str()) == 1);
  CHECK(broker.accepted_count() == 100);
}

TEST_CASE("holdfast_trace show tells each packet with its fields, and what was sent again",
          "[integration][trace]") {
  const TraceUnderTest trace;
  trace_a_lost_connection(trace, "plant/1\x1b[2J");
  const std::string shown = trace.show().output;
  CHECK(count_of("[sent again]", shown) == 1);
  CHECK(has(shown, "Topic Name: \"plant/1\\x1B[2J\""));
  CHECK_FALSE(has(shown, "\x1b"));
  CHECK(has(shown, "lost: the connection was lost"));
  CHECK_FALSE(has(trace.show({"--brief"}).output, "Topic Name"));
  CHECK(has(trace.show({"--hex"}).output, "0000  10 "));
}

TEST_CASE("holdfast_trace shows a line that was cut short as such", "[integration][trace]") {
  const TraceUnderTest trace;
  trace_a_lost_connection(trace, "plant/1");
  std::ofstream(trace.file(), std::ios::app) << R"({"t":99,"event":"pa)";
  const Outcome shown = trace.show();
  CHECK(shown.status == 0);
  CHECK(has(shown.output, " cannot be read: not a JSON object: cut short, or not of a trace\n"));
  CHECK(trace.make_page().status == 0);
}

TEST_CASE("a will larger than a line of the trace is told by its beginning", "[integration][trace]") {
  const TraceUnderTest trace;
  ScriptedBroker broker;
  {
    Options options = quick(broker.server());
    options.trace = trace.file();
    options.will = Will{.topic = "w", .payload = "begin" + std::string(5000, '.')};
    options.password = "hunter2";
    options.trace_payload_max = 5;
    Client client(options);
    client.connect();
  }
  const std::string shown = trace.show().output;
  CHECK(has(shown, "Will Payload: \"begin\" (the first 5 of 5005 bytes)"));
  CHECK_FALSE(has(shown, "breaks the standard"));
  CHECK_FALSE(has(shown, "hunter2"));
}

TEST_CASE("a trace that goes on in another file can be read alone, and behind the one before it",
          "[integration][trace]") {
  const TraceUnderTest trace;
  ScriptedBroker broker;
  {
    Options options = quick(broker.server());
    options.trace = trace.file();
    options.trace_bytes_max = 128 << 10;
    Client client(options);
    client.connect();
    while (!std::filesystem::exists(trace.file() + ".1"))
      client.publish("t", "x", {.qos = QoS::at_least_once}).wait();
  }
  CHECK(has(trace.show({"--brief"}).output, "goes on from FILE.1"));
  std::ofstream(trace.file("both"), std::ios::binary)
      << content_of(trace.file() + ".1") << content_of(trace.file());
  const Outcome both = run({HOLDFAST_TRACE, "show", "--brief", trace.file("both")});
  CHECK(count_of("cannot be read", both.output) == 0);
  CHECK(count_of("(number 1)", both.output) == 1);
  CHECK(count_of("(number 2)", both.output) == 0);
}

TEST_CASE("a tool whose trace may not become larger goes on without it", "[integration][trace]") {
  const TraceUnderTest trace;
  ScriptedBroker broker;
  const Arguments command =
      pub(broker.port(), {"-t", "t", "-q", "1", "-m", "x", "--repeat", "50", "--trace"});
  std::string script = "ulimit -f 1; exec";
  for (const std::string& word : both(command, {trace.file()}))
    script += " '" + word + "'";
  const Outcome outcome = run({"/usr/bin/bash", "-c", script});
  CHECK(outcome.status == 0);
  CHECK(has(outcome.errors, "cannot be written: File too large"));
  CHECK(broker.accepted_count() == 50);
}

TEST_CASE("a trace that may not become larger ends no program, though that does not ignore SIGXFSZ",
          "[integration][trace]") {
  const TraceUnderTest trace;
  const Mosquitto mosquitto;
  ForkedProcess<int> program([&](int) {
    ::signal(SIGXFSZ, SIG_DFL);
    const rlimit limit{1024, 1024};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    Options options = quick(mosquitto.server());
    options.trace = trace.file();
    Client client(options);
    client.connect();
    if (succeeded(publish_all(client, numbers(0, 50), QoS::at_least_once)) != 50)
      throw std::runtime_error("not delivered");
  });
  CHECK(program.wait());
  CHECK(trace.content().size() == 1024);
}

TEST_CASE("a new page is for its owner's eyes", "[integration][trace]") {
  const TraceUnderTest trace;
  trace_a_lost_connection(trace, "plant/1");
  REQUIRE(trace.make_page().status == 0);
  using std::filesystem::perms;
  CHECK(std::filesystem::status(trace.file("page.html")).permissions() ==
        (perms::owner_read | perms::owner_write));
}

TEST_CASE("holdfast_trace says what is wrong with its arguments and files", "[integration][trace]") {
  const TraceUnderTest trace;
  std::ofstream(trace.file()) << "Hello\n";
  const Outcome shown = trace.show();
  CHECK(shown.status == 1);
  CHECK(fault_in(shown.errors, "holdfast_trace", {trace.file(), "is no trace", "--trace"}) == "");
  const Outcome missing = run({HOLDFAST_TRACE, "html", "/no/such/trace", "-o", trace.file("page")});
  CHECK(fault_in(missing.errors, "holdfast_trace", {"/no/such/trace", "No such file"}) == "");
  const Outcome itself = run({HOLDFAST_TRACE, "html", trace.file(), "-o", trace.file()});
  CHECK(fault_in(itself.errors, "holdfast_trace", {"-o", "is the trace itself"}) == "");
  CHECK(content_of(trace.file()) == "Hello\n");
  trace_a_lost_connection(trace, "t");
  const Outcome unwritable = run({HOLDFAST_TRACE, "html", trace.file(), "-o", "/no/such/directory/page"});
  CHECK(fault_in(unwritable.errors, "holdfast_trace", {"/no/such/directory/page", "cannot be written"}) ==
        "");
}
