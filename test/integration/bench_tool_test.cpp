// holdfast_bench as those run it who size a broker.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "support/loopback.hpp"
#include "support/page_tables.hpp"
#include "support/raw_client.hpp"
#include "support/scripted_broker.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

Arguments bench(std::uint16_t port, const std::string& arguments) {
  return both({HOLDFAST_BENCH, "-h", "127.0.0.1", "-p", std::to_string(port)}, split(arguments));
}

/// The result of a run that has to end with that status.
json result(std::uint16_t port, const std::string& arguments, int status = 0) {
  const Outcome outcome = run(bench(port, "--json --ramp 0 --linger 20 " + arguments));
  INFO(outcome.errors);
  REQUIRE(outcome.status == status);
  return json::parse(outcome.output);
}

/// A broker that does something else with the publications, counted from 0, that it is about to send.
Behaviour sending(const std::function<Verdict(BrokerConnection&, const Packet&, int)>& what) {
  Behaviour behaviour;
  behaviour.before_send = [what, count = std::make_shared<int>(0)](BrokerConnection& connection,
                                                                   const Packet& packet) {
    if (packet.type != PacketType::publish) return Verdict::proceed;
    return what(connection, packet, (*count)++);
  };
  return behaviour;
}

}  // namespace

TEST_CASE("holdfast_bench has its whole window in flight, and -t after -L counts", "[integration][bench]") {
  ScriptedBroker broker({.holds_acknowledgements = true});
  const Outcome outcome = run(
      bench(broker.port(), "-L mqtt://127.0.0.1:" + std::to_string(broker.port()) +
                               "/a -t b --subscribers 0 -q 1 --rate 0 --window 30 --duration 1 --linger 0"));
  INFO(outcome.errors);
  const auto published = broker.received(PacketType::publish);
  CHECK(published.size() == 30);
  CHECK(std::all_of(published.begin(), published.end(),
                    [](const Packet& packet) { return packet.topic == "b"; }));
}

TEST_CASE("every message of many publishers is followed to every subscriber", "[integration][bench]") {
  Mosquitto mosquitto;
  const int qos = GENERATE(0, 1, 2);
  const json figures =
      result(mosquitto.port(),
             "--publishers 5 --subscribers 3 --idle 2 --count 20 --rate 200 -q " + std::to_string(qos));
  CHECK(figures["connections"]["connected"] == 10);
  CHECK(figures["connections"]["latency_ms"]["count"] == 10);
  CHECK(figures["published"]["messages"] == 100);
  CHECK(figures["published"]["bytes"] == 100 * 256);
  CHECK(figures["published"]["acknowledged"] == 100);
  CHECK(figures["published"]["unfinished"] == 0);
  CHECK(figures["published"]["latency_ms"].is_null() == (qos == 0));
  const json& received = figures["received"];
  CHECK(received["messages"] == 300);
  CHECK(received["expected"] == 300);
  CHECK(received["bytes"] == 300 * 256);
  for (const char* fault : {"lost", "duplicates", "out_of_order", "of_others"})
    CHECK(received[fault] == 0);
  const json& latency = received["latency_ms"];
  CHECK(latency["count"] == 300);
  CHECK(latency["p50"] > 0);
  CHECK(latency["p50"] <= latency["p99.9"]);
  CHECK(latency["p99.9"] <= latency["max"]);
  CHECK(figures["holdfast_bench"]["memory_peak_bytes"] > 1'000'000);
}

TEST_CASE("each subscriber of its own topic, and the members of a shared subscription, get their share",
          "[integration][bench]") {
  Mosquitto mosquitto;
  const auto& [filter, expected] = GENERATE(table<std::string, int>({
      {"bench/%i/#", 40},  // The third subscriber's topics have no publisher.
      {"$share/group/bench/#", 40},
      {"bench/+/1", 30},
  }));
  const json figures = result(mosquitto.port(),
                              "--publishers 2 --subscribers 3 --count 20 --rate 0 -q 1 --topics 4 "
                              "--size 24-2000 --filter " +
                                  filter);
  CHECK(figures["received"]["expected"] == expected);
  CHECK(figures["received"]["messages"] == expected);
  CHECK(figures["published"]["bytes"] > 40 * 24);
  CHECK(figures["published"]["bytes"] < 40 * 2000);
}

TEST_CASE("what the broker loses, doubles and shuffles is told, and the exit status says so",
          "[integration][bench]") {
  ScriptedBroker broker;
  const std::string arguments = "--count 9 --rate 0 --size 24 --linger 1";
  SECTION("lost") {
    broker.behave(
        sending([](auto&, auto&, int count) { return count % 3 == 2 ? Verdict::ignore : Verdict::proceed; }));
    const json figures = result(broker.port(), arguments, 1);
    CHECK(figures["received"]["lost"] == 3);
    CHECK(figures["received"]["messages"] == 6);
  }
  SECTION("doubled") {
    broker.behave(sending([](BrokerConnection& connection, const Packet& packet, int count) {
      if (count < 2) connection.send(packet.bytes);
      return Verdict::proceed;
    }));
    const json figures = result(broker.port(), arguments, 1);
    CHECK(figures["received"]["duplicates"] == 2);
    CHECK(figures["received"]["lost"] == 0);
  }
  SECTION("out of order") {
    const auto first = std::make_shared<std::string>();
    broker.behave(sending([first](BrokerConnection& connection, const Packet& packet, int count) {
      if (count == 0) *first = packet.bytes;
      if (count == 1) connection.send(packet.bytes + *first);
      return count < 2 ? Verdict::ignore : Verdict::proceed;
    }));
    const json figures = result(broker.port(), arguments, 1);
    CHECK(figures["received"]["out_of_order"] == 1);
    CHECK(figures["received"]["lost"] == 0);
  }
}

TEST_CASE("a broker that falls behind is charged with all the time that messages waited",
          "[integration][bench]") {
  // It takes one message in 30 ms and ten are due in that time: the last one waits for all others.
  Behaviour slow;
  slow.connack.add(PropertyId::receive_maximum, 1);
  slow.acknowledgement_delay = 30ms;
  ScriptedBroker broker(slow);
  const json figures = result(broker.port(), "--subscribers 0 --count 20 --rate 333 -q 1 --size 24");
  CHECK(figures["published"]["latency_ms"]["max"] >= 20 * 30 - 60);
  CHECK(figures["published"]["latency_ms"]["p50"] >= 10 * 30 - 60);
  CHECK(broker.violations().empty());
}

TEST_CASE("a client that is refused is told, and the others go on", "[integration][bench]") {
  ScriptedBroker broker;
  Behaviour refusing;
  refusing.connack_reason = ReasonCode::not_authorized;
  broker.behave_on(1, refusing);
  const Outcome outcome =
      run(bench(broker.port(), "--json --ramp 0 --publishers 2 --subscribers 2 --count 3 --rate 0"));
  CHECK(outcome.status == 135);
  CHECK(fault_in(outcome.errors, "holdfast_bench", {"refused", "Not authorized"}) == "");
  const json figures = json::parse(outcome.output);
  CHECK(figures["connections"]["connected"] == 3);
  CHECK(figures["connections"]["failed"] == 1);
  CHECK(figures["mishaps"].size() == 1);
}

TEST_CASE("where no client of a kind is let in, the tool says why and has no figures",
          "[integration][bench]") {
  const Outcome nobody = run(bench(free_port(), "--ramp 0 --publishers 3"));
  CHECK(nobody.status == 1);
  CHECK(fault_in(nobody.errors, "holdfast_bench", {"refused", "is the broker running"}) == "");
  CHECK(nobody.output == "");
  Mosquitto mosquitto({.users = {{"alice", "secret"}}});
  const Outcome wrong = run(bench(mosquitto.port(), "-u alice -P wrong"));
  CHECK(wrong.status == 135);
  CHECK(run(bench(mosquitto.port(), "-u alice -P secret --count 1 --rate 0")).status == 0);
}

TEST_CASE("packets do not go to where JSON goes", "[integration][bench]") {
  ScriptedBroker broker;
  const Outcome refused = run(bench(broker.port(), std::string("-d ") + GENERATE("--json", "--json-lines")));
  CHECK(fault_in(refused.errors, "holdfast_bench", {"-d", "--json", "stdout"}) == "");
  CHECK(broker.connections() == 0);
  const Outcome told = run(bench(broker.port(), "-d --count 1"));
  CHECK(told.status == 0);
  CHECK(count_of(" sending CONNECT\n", told.output) == 2);
}

TEST_CASE("a signal ends the run with the figures so far", "[integration][bench]") {
  ScriptedBroker broker;
  Program program(bench(broker.port(), "--json --duration 1000 --rate 100 -q 1"));
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::publish) > 5; }, program_patience));
  program.signal(GENERATE(SIGINT, SIGTERM));
  const Outcome outcome = program.wait();
  CHECK(outcome.status == 0);
  const json figures = json::parse(outcome.output);
  CHECK(figures["run"]["interrupted"] == true);
  CHECK(figures["published"]["messages"] == broker.count(PacketType::publish));
  CHECK(figures["received"]["messages"] == figures["published"]["messages"]);
  CHECK(broker.count(PacketType::disconnect) == 2);
}

TEST_CASE("a signal ends the wait for what others publish, with the figures so far", "[integration][bench]") {
  std::function<void()> send_more;
  std::atomic<int> sent{0};
  ScriptedBroker broker;
  send_more = [&] {
    ++sent;
    broker.publish({.topic = "bench/0", .payload = std::string(24, 'x')});
    broker.schedule(10ms, send_more);
  };
  // Before publishing would have ended, or after.
  const std::string duration = GENERATE("1000", "0.1");
  Program program(bench(broker.port(), "--json --publishers 0 --linger 1000 --duration " + duration));
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::subscribe) == 1; }, program_patience));
  broker.schedule(0ms, send_more);
  REQUIRE(eventually([&] { return sent >= 50; }, program_patience));
  program.signal(SIGINT);
  CHECK(json::parse(program.wait().output)["run"]["interrupted"] == true);
}

TEST_CASE("a rate may be a fraction", "[integration][bench]") {
  ScriptedBroker broker;
  CHECK(result(broker.port(), "--count 1 --rate 0.5")["published"]["messages"] == 1);
}

TEST_CASE("a signal ends a run that does not come to be connected", "[integration][bench]") {
  ScriptedBroker broker({.never_reads = true});
  Program program(bench(broker.port(), "--json --idle 3 --ramp 0"));
  REQUIRE(broker.wait_until([&] { return broker.connections() == 5; }, program_patience));
  const auto begin = std::chrono::steady_clock::now();
  program.signal(SIGINT);
  const Outcome outcome = program.wait();
  CHECK(std::chrono::steady_clock::now() - begin < 8s);  // Of ten for the answer.
  CHECK(json::parse(outcome.output)["connections"]["connected"] == 0);
  CHECK(outcome.status == 1);
}

TEST_CASE("a run ends though its broker has gone and the outbox is full", "[integration][bench]") {
  ScriptedBroker broker;
  broker.behave({.on_packet = [&](auto&, const Packet& packet) {
    if (packet.type == PacketType::publish) broker.schedule(0ms, [&] { broker.go_down(); });
    return Verdict::proceed;
  }});
  const json published =
      result(broker.port(), "--duration 0.2 --rate 1000000 --size 24 -q 1 --subscribers 0 --linger 0.2",
             1)["published"];
  CHECK(published["unfinished"] == 10'000);
  CHECK(published["messages"] < 200'000);
}

TEST_CASE("a rate is that of all the time that publishing took, and latencies count from when it was due",
          "[integration][bench]") {
  // Half of what is due finds the outbox full until the broker acknowledges, long after the end.
  ScriptedBroker broker;
  broker.behave({.holds_acknowledgements = true,
                 .on_packet = [&, first = std::make_shared<bool>(true)](auto&, const Packet& packet) {
                   if (packet.type != PacketType::publish || !std::exchange(*first, false))
                     return Verdict::proceed;
                   broker.schedule(1s, [&] {
                     broker.change_behaviour([](Behaviour& now) { now.holds_acknowledgements = false; });
                     broker.release_acknowledgements();
                   });
                   return Verdict::proceed;
                 }});
  const json published =
      result(broker.port(), "--subscribers 0 --duration 0.2 --rate 100000 --size 24 -q 1")["published"];
  CHECK(published["messages"] == 20'000);
  const double seconds = published["seconds"];
  CHECK(seconds > 0.7);
  const double counted = static_cast<double>(published["rate"]) * seconds;
  CHECK(counted > 19'800);
  CHECK(counted < 20'200);
  CHECK(published["latency_ms"]["mean"] > 700);
}

TEST_CASE("clients begin to connect at the pace of --ramp", "[integration][bench]") {
  ScriptedBroker broker;
  REQUIRE(
      run(bench(broker.port(), "--ramp 20 --publishers 0 --subscribers 0 --idle 10 --duration 0")).status ==
      0);
  const auto connects = broker.received(PacketType::connect);
  REQUIRE(connects.size() == 10);
  // Nine intervals of 50 ms; how late the first one is, a busy machine says.
  CHECK(connects.back().time - connects.front().time > 300ms);
}

TEST_CASE("no session outlives its run", "[integration][bench]") {
  Mosquitto mosquitto;
  const Outcome outcome =
      run(bench(mosquitto.port(), "--ramp 0 --count 1 --rate 0 -q 1 -x 3600 --idle 1 --stats"));
  REQUIRE(outcome.status == 0);
  const auto statistics = json_lines(outcome.errors);
  CHECK(statistics.size() == 3);
  for (const json& line : statistics) {
    CAPTURE(line["client"]);
    CHECK_FALSE(RawClient(mosquitto.port()).connect(line["client"], false).session_present);
  }
}

TEST_CASE("runs with the same process number, as on two machines, have client ids of their own",
          "[integration][bench]") {
  ScriptedBroker broker;
  std::set<std::string> ids;
  for (int i = 0; i < 2; ++i) {
    std::string command = "echo $$; exec";
    for (const std::string& word :
         bench(broker.port(), "-I load --publishers 0 --subscribers 0 --idle 1 --duration 0 --stats"))
      command += " '" + word + "'";
    const Outcome outcome = run({"/usr/bin/bash", "-c", command});
    REQUIRE(outcome.status == 0);
    const std::string process = lines_of(outcome.output).at(0);
    const std::string id = json_lines(outcome.errors).at(0)["client"];
    INFO(id);
    REQUIRE(id.starts_with("load" + process + "-"));
    ids.insert(id.substr(("load" + process).size()));
  }
  CHECK(ids.size() == 2);
}

TEST_CASE("a connection that is lost is counted, and what it held back arrives", "[integration][bench]") {
  ScriptedBroker broker;
  Program program(bench(broker.port(),
                        "--json --duration 1000 --rate 100 -q 1 --subscribers 0 "
                        "--reconnect-delay-max 0.01"));
  REQUIRE(broker.wait_until([&] { return broker.count(PacketType::publish) > 5; }, program_patience));
  broker.go_down();  // Attempts that fail meanwhile are no losses.
  broker.schedule(100ms, [&] { broker.come_up(); });
  REQUIRE(broker.wait_until([&] { return broker.received(1, PacketType::publish).size() > 5; },
                            program_patience));
  program.signal(SIGINT);
  const json figures = json::parse(program.wait().output);
  CHECK(figures["connections"]["lost"] == 1);
  CHECK(figures["mishaps"].size() == 1);
  CHECK(figures["published"]["unfinished"] == 0);
  CHECK(figures["published"]["failed"] == 0);
}

TEST_CASE("a broker that ends and comes back loses nothing where sessions live on", "[integration][bench]") {
  Mosquitto mosquitto({.persistence = Persistence::on_demand, .lines = {"max_queued_messages 0"}});
  Program program(bench(mosquitto.port(),
                        "--json --duration 1000 --rate 50 -q 2 -x 3600 --publishers 2 --ramp 0 "
                        "--reconnect-delay-max 0.05"));
  const auto received = [&] { return count_of("Received PUBLISH from ", mosquitto.log()); };
  REQUIRE(eventually([&] { return received() > 5; }, program_patience));
  mosquitto.terminate();
  const std::size_t before = received();
  mosquitto.restart();
  REQUIRE(eventually([&] { return received() > before + 20; }, program_patience));
  program.signal(SIGINT);
  const Outcome outcome = program.wait();
  INFO(outcome.errors << outcome.output);
  CHECK(outcome.status == 0);
  const json figures = json::parse(outcome.output);
  CHECK(figures["connections"]["lost"] == 3);
  CHECK(figures["received"]["lost"] == 0);
  CHECK(figures["received"]["messages"] == figures["published"]["messages"]);
}

TEST_CASE("publishers and subscribers may be two processes", "[integration][bench]") {
  Mosquitto mosquitto;
  const auto count = [&](const char* what) { return count_of(what, mosquitto.log()); };
  Program subscriber(bench(mosquitto.port(), "--json --publishers 0 --duration 1000 -t there"));
  REQUIRE(eventually([&] { return count("Sending SUBACK to ") == 1; }, program_patience));
  // Beside publishers of its own a run counts nobody else's.
  Program both_kinds(bench(mosquitto.port(), "--json --duration 1000 --rate 100 -q 1 -t there"));
  REQUIRE(eventually([&] { return count("Sending SUBACK to ") == 2; }, program_patience));
  CHECK(run(pub(mosquitto.port(), {"-t", "there", "-m", "x"})).status == 0);
  CHECK(result(mosquitto.port(),
               "--subscribers 0 --count 10 --rate 0 -q 1 -t there")["received"]["messages"] == 0);
  // What it publishes from now on comes behind these.
  const std::size_t before = count("Received PUBACK from ");
  REQUIRE(eventually([&] { return count("Received PUBACK from ") > before + 12; }, program_patience));
  both_kinds.signal(SIGTERM);
  const json own = json::parse(both_kinds.wait().output);
  CHECK(own["received"]["messages"] == own["published"]["messages"]);
  CHECK(own["received"]["of_others"] == 11);
  const std::size_t all = own["published"]["messages"].get<std::size_t>() + 10;
  REQUIRE(eventually([&] { return count("Sending PUBLISH to ") == 2 * (all + 1); }, program_patience));
  subscriber.signal(SIGTERM);
  const json figures = json::parse(subscriber.wait().output)["received"];
  CHECK(figures["messages"] == all);
  CHECK(figures["expected"].is_null());
  CHECK(figures["lost"] == 0);
  CHECK(figures["of_others"] == 1);
  CHECK(figures["latency_ms"]["count"] == all);
}

TEST_CASE("--json-lines shows each second, then the result", "[integration][bench]") {
  ScriptedBroker broker;
  const Outcome outcome =
      run(bench(broker.port(), "--json-lines --duration 1.3 --rate 100 -q 1 --ramp 0 --stats --events"));
  CHECK(outcome.status == 0);
  const auto lines = json_lines(outcome.output);
  REQUIRE(lines.size() >= 2);
  CHECK(lines[0]["second"] == 1);
  CHECK(lines[0]["connected"] == 2);
  CHECK(lines[0]["published"] > 30);
  CHECK(lines[0]["received"] > 30);
  CHECK(lines[0]["end_to_end_ms"]["p99"] > 0);
  CHECK(lines.back()["published"]["messages"] == 130);
  std::set<std::string> keys;
  for (const auto& item : lines[0].items())
    keys.insert(item.key());
  CHECK(keys == names_of_table(HOLDFAST_TOOLS_PAGE, "#### A second"));
  // Events and statistics say whose they are.
  for (const json& line : json_lines(outcome.errors)) {
    const std::string client = line["client"];
    CHECK((client.ends_with("-p0") || client.ends_with("-s0")));
  }
  CHECK(count_of("\"event\":\"connected\"", outcome.errors) == 2);
  CHECK(count_of("\"published\":130", outcome.errors) == 1);
}

TEST_CASE("the result for people has all that counts", "[integration][bench]") {
  ScriptedBroker broker;
  const std::string text = run(bench(broker.port(), "--count 10 --rate 0 -q 1 --histogram")).output;
  for (const char* part :
       {"connected       2 of 2 clients", "published       10 in ", "10 acknowledged, 0 failed, 0 unfinished",
        "received        10 of 10 (", "0 lost, 0 duplicates, 0 out of order", "processor time", "p99.9",
        "\nend to end  ", "\nacknowledged  ", "\nend to end\n", " ms  "}) {
    CAPTURE(text, part);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("the limit of open files is raised, or named where it cannot be", "[integration][bench]") {
  ScriptedBroker broker;
  const auto limited = [&](const std::string& limit, const std::string& arguments) {
    std::string command = "ulimit " + limit + "; exec";
    for (const std::string& word : bench(broker.port(), arguments))
      command += " '" + word + "'";
    return run({"/usr/bin/bash", "-c", command});
  };
  const std::string many = "--publishers 0 --subscribers 0 --idle 40 --ramp 0 --duration 0";
  const Outcome soft = limited("-Sn 60", many);
  CHECK(soft.errors == "");
  CHECK(soft.status == 0);
  const Outcome hard = limited("-n 160", many);
  CHECK(hard.status == 1);
  CHECK(fault_in(hard.errors, "holdfast_bench",
                 {"40 clients", "260 open files", "160", "ulimit", "at most 15"}) == "");
}

TEST_CASE("the load goes over TLS and WebSocket as over TCP", "[integration][bench][tls]") {
  const Transport transport = GENERATE(Transport::tls, Transport::websocket, Transport::secure_websocket);
  Mosquitto mosquitto({.transport = transport});
  Arguments way = bench(mosquitto.port(), "--json --ramp 0 --count 5 --rate 0 -q 1 --publishers 2");
  way[2] = "localhost";
  if (transport != Transport::websocket) way = both(way, {"--cafile", mosquitto.ca_file()});
  if (transport != Transport::tls) way = both(way, {"--ws"});
  const Outcome outcome = run(way);
  INFO(outcome.errors);
  REQUIRE(outcome.status == 0);
  CHECK(json::parse(outcome.output)["received"]["messages"] == 10);
}

TEST_CASE("holdfast_bench says what is wrong with its command line", "[integration][bench]") {
  ScriptedBroker broker;
  const auto& [arguments, words] = GENERATE(table<std::string, Arguments>({
      {"--size 10", {"--size 10", "24"}},
      {"--size 50-40", {"--size 50-40", "SMALLEST-LARGEST"}},
      {"--size many", {"--size many", "BYTES"}},
      {"--publishers -1", {"--publishers", "-1: must be 0 or more"}},
      {"--count -1", {"--count", "-1: must be 0 or more"}},
      {"--publishers 0 --subscribers 0", {"no client", "--idle"}},
      {"--publishers 0 --count 3", {"--count", "--publishers"}},
      {"--rate -1", {"--rate"}},
      {"--rate 1e9", {"--rate", "10000000"}},
      {"--window 0", {"--window 0", "from 1"}},
      {"--duration -1", {"--duration", "seconds"}},
      {"--topics 2 -t bench/%i", {"--topics", "%n"}},
      {"-t a/+", {"-t", "a/+", "topic name"}},
      {"--filter a/#/b", {"--filter", "a/#/b", "topic filter"}},
      {"-q 3", {"-q 3", "0, 1 or 2"}},
      {"--subscribe-qos 3", {"--subscribe-qos 3"}},
      {"--json --json-lines", {"--json-lines", "exclude"}},
      {"-i me", {"-i", "-I", "each client"}},
      {"-c", {"-c", "next run"}},
      {"--store file", {"--store", "next run"}},
      {"--trace file", {"--trace", "one client"}},
  }));
  const Outcome outcome = run(bench(broker.port(), arguments));
  CAPTURE(arguments);
  CHECK(outcome.status == 1);
  CHECK(fault_in(outcome.errors, "holdfast_bench", words) == "");
  CHECK(outcome.output == "");
  CHECK(broker.connections() == 0);
}
