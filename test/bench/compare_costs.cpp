// What a message costs, counted: allocations, and instructions under callgrind. Each is the difference
// between a run with some messages and one with more, so what the process does besides does not count.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "bench/comparison.hpp"

namespace holdfast::bench {

namespace {

constexpr const char* valgrind = "/usr/bin/valgrind";

struct Counter {
  std::string name;                ///< Of the figure.
  std::vector<std::string> under;  ///< What runs the contestant.
  std::uint32_t messages;          ///< In the smaller run; the larger has three times as many.
  std::function<double()> count;   ///< What the last run came to.
};

Counter allocations(const std::string& file) {
  const std::string library = path_beside("libcount_allocations.so");
  return {"allocations",
          {"/usr/bin/env", "LD_PRELOAD=" + library, "HOLDFAST_ALLOCATIONS=" + file},
          10'000,
          [file] {
            double count = -1;
            std::ifstream(file) >> count;
            return count;
          }};
}

Counter instructions(const std::string& file) {
  return {"instructions",
          {valgrind, "--quiet", "--tool=callgrind", "--callgrind-out-file=" + file},
          2'000,
          [file] {
            std::ifstream lines(file);
            for (std::string line; std::getline(lines, line);) {
              if (line.rfind("totals: ", 0) == 0) return std::stod(line.substr(8));
            }
            return -1.0;
          }};
}

double count(const Contest& contest, const std::string& peer, const Counter& counter,
             std::uint32_t messages) {
  PeerCommand command{peer, contest.measurement, contest.arguments, counter.under};
  command.arguments.push_back("messages=" + std::to_string(messages));
  run_peer(command);
  const double counted = counter.count();
  if (counted < 0) throw std::runtime_error("nothing was counted");
  return counted;
}

void measure(Comparison& comparison, const Counter& counter) {
  for (const char* measurement : {"publish", "receive"}) {
    for (const int qos : {0, 1, 2}) {
      const Contest contest{measurement,
                            {{"server", "sink"}, {"qos", qos}, {"size", 64}, {"under", counter.name}},
                            comparison.all(),
                            {"port=" + std::to_string(comparison.sink_port()), "qos=" + std::to_string(qos),
                             "size=64", "warm_up=0"}};
      for (const std::string& peer : contest.peers) {
        try {
          const double some = count(contest, peer, counter, counter.messages);
          const double more = count(contest, peer, counter, 3 * counter.messages);
          comparison.note(contest, peer, {{counter.name, (more - some) / (2 * counter.messages)}});
        } catch (const std::exception& error) {
          comparison.note_failure(contest, peer, error.what());
        }
      }
    }
  }
}

}  // namespace

void compare_costs(Comparison& comparison) {
  std::cout << "\nallocations" << std::endl;
  measure(comparison, allocations(comparison.file("allocations")));
  if (::access(valgrind, X_OK) != 0) {
    std::cout << "instructions are not counted: valgrind is missing\n";
    return;
  }
  std::cout << "\ninstructions" << std::endl;
  measure(comparison, instructions(comparison.file("callgrind")));
}

}  // namespace holdfast::bench
