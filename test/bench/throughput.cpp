// Holdfast, libmosquitto and bare sockets in turn against a sink on loopback: messages a second, and CPU a
// message of the client's process alone. Medians of several rounds.
//
//     throughput [--rounds N] [--json FILE] [--check] [--only holdfast|libmosquitto|sockets SCENARIO]
//
// --check fails if Holdfast is not as far ahead of libmosquitto as we promise. SCENARIO is publish0 ...
// receive2; with
// --only one client does one scenario over and over, for a profiler.
#include <cstdlib>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/child.hpp"
#include "bench/peer_process.hpp"
#include "bench/report.hpp"
#include "bench/settings.hpp"
#include "bench/sink.hpp"
#include "support/loopback.hpp"

namespace {

using namespace holdfast::bench;

// How many times faster than libmosquitto Holdfast has to be.
constexpr int promised_publishing = 10;
constexpr int promised_receiving = 8;

// So many that a round takes about a second.
constexpr std::uint32_t many_messages = 3'000'000;
constexpr std::uint32_t libmosquitto_messages = 50'000;

struct Scenario {
  std::string measurement;
  int qos = 0;
};

PeerCommand command_for(const std::string& peer, const Scenario& scenario, std::uint16_t port) {
  const std::uint32_t messages = peer == "libmosquitto" ? libmosquitto_messages : many_messages;
  return {peer,
          scenario.measurement,
          {"port=" + std::to_string(port), "qos=" + std::to_string(scenario.qos),
           "messages=" + std::to_string(messages)},
          {}};
}

Row measure(const Scenario& scenario, int rounds, std::uint16_t port) {
  std::map<std::string, std::vector<Sample>> samples;
  for (int round = 0; round < rounds; ++round) {
    for (const char* peer : {"holdfast", "sockets", "libmosquitto"}) {
      const auto figures = run_peer(command_for(peer, scenario, port));
      samples[peer].push_back({figures.at("seconds"), figures.at("cpu_seconds"), 0, 0});
    }
  }
  return {scenario.measurement, scenario.qos, median(samples["holdfast"], many_messages),
          median(samples["libmosquitto"], libmosquitto_messages), median(samples["sockets"], many_messages)};
}

void run_only(const Settings& settings, std::uint16_t port) {
  const std::string& scenario = settings.only[1];
  const PeerCommand command =
      command_for(settings.only[0], {scenario.substr(0, 7), std::stoi(scenario.substr(7))}, port);
  for (int round = 0; round < settings.rounds; ++round) {
    for (const auto& [name, value] : run_peer(command))
      std::cout << name << ' ' << value << ' ';
    std::cout << std::endl;
  }
}

std::vector<Row> measure_all(int rounds, std::uint16_t port) {
  std::cout << "64-byte payloads, " << window << " outstanding, medians of " << rounds << " rounds in turn\n";
  print_heading(std::cout);
  std::vector<Row> rows;
  for (const char* measurement : {"publish", "receive"}) {
    for (int qos = 0; qos <= 2; ++qos) {
      rows.push_back(measure({measurement, qos}, rounds, port));
      print(std::cout, rows.back());
    }
  }
  return rows;
}

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    if (row.speed_ratio() < (row.measurement == "publish" ? promised_publishing : promised_receiving))
      throw std::runtime_error("Holdfast is not " + std::to_string(promised_publishing) +
                               " times faster publishing and " + std::to_string(promised_receiving) +
                               " receiving");
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Settings settings = parse({argv + 1, argv + argc}, 2);
    const std::uint16_t port = holdfast::support::free_port();
    const auto listener = holdfast::support::listen_on(port);
    const Server sink([&] { run_sink(listener); });
    if (settings.only.empty()) {
      const std::vector<Row> rows = measure_all(settings.rounds, port);
      if (!settings.json.empty())
        write_json(settings.json, [&](std::ostream& out) { print_json(out, rows); });
      if (settings.check) check(rows);
    } else {
      run_only(settings, port);
    }
  } catch (const std::exception& error) {
    std::cerr << "throughput: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
