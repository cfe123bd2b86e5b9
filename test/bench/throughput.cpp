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
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/child.hpp"
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

Row measure(Work work, int rounds) {
  std::vector<Sample> holdfast;
  std::vector<Sample> libmosquitto;
  std::vector<Sample> sockets;
  for (int round = 0; round < rounds; ++round) {
    work.messages = many_messages;
    holdfast.push_back(measure_in_child([&] { return run_holdfast(work); }));
    sockets.push_back(measure_in_child([&] { return run_sockets(work); }));
    work.messages = libmosquitto_messages;
    libmosquitto.push_back(measure_in_child([&] { return run_libmosquitto(work); }));
  }
  return {work.direction, work.qos, median(holdfast, many_messages),
          median(libmosquitto, libmosquitto_messages), median(sockets, many_messages)};
}

void run_only(const Settings& settings, std::uint16_t port) {
  const std::string& client = settings.only[0];
  const std::string& scenario = settings.only[1];
  const Work work{scenario.substr(0, 7) == "publish" ? Direction::publish : Direction::receive,
                  std::stoi(scenario.substr(7)), many_messages, port};
  for (int round = 0; round < settings.rounds; ++round) {
    const Sample sample = client == "holdfast"       ? run_holdfast(work)
                          : client == "libmosquitto" ? run_libmosquitto(work)
                                                     : run_sockets(work);
    const Figure figure = median({sample}, work.messages);
    std::cout << figure.messages_per_second << "/s " << figure.cpu_microseconds << " us" << std::endl;
  }
}

std::vector<Row> measure_all(int rounds, std::uint16_t port) {
  std::cout << payload_size << "-byte payloads, " << window << " outstanding, medians of " << rounds
            << " rounds in turn\n";
  print_heading(std::cout);
  std::vector<Row> rows;
  for (const Direction direction : {Direction::publish, Direction::receive}) {
    for (int qos = 0; qos <= 2; ++qos) {
      rows.push_back(measure({direction, qos, 0, port}, rounds));
      print(std::cout, rows.back());
    }
  }
  return rows;
}

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    if (row.speed_ratio() < (row.direction == Direction::publish ? promised_publishing : promised_receiving))
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
