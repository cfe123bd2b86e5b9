// Holdfast and its peers in turn, in everything that a client is asked for, against a sink that only
// acknowledges and against a real mosquitto. Prints what was measured, and writes it down.
//
//     compare [--quick | --tiny] [--json FILE] [--only GROUP]...
//
// GROUP: throughput, sizes, broker, latency, replay, memory, connections, durability, costs. Without --only
// all of them: half an hour, or with --quick some eight minutes. With --tiny the figures mean nothing: it
// shows that all work. performance.py makes a page of the file.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bench/comparison.hpp"

namespace {

using namespace holdfast::bench;

const std::vector<std::pair<std::string, void (*)(Comparison&)>> groups{
    {"throughput", compare_throughput},   {"sizes", compare_sizes},           {"broker", compare_broker},
    {"latency", compare_latency},         {"replay", compare_replay},         {"memory", compare_memory},
    {"connections", compare_connections}, {"durability", compare_durability}, {"costs", compare_costs},
};

void require_group(const std::string& name) {
  const bool known =
      std::any_of(groups.begin(), groups.end(), [&](const auto& group) { return group.first == name; });
  if (!known) throw std::invalid_argument("no group is called " + name + ": see the top of compare.cpp");
}

void write(const std::string& path, const nlohmann::json& results) {
  std::ofstream file(path);
  file << results.dump(1) << '\n';
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    ComparisonSettings settings;
    std::string json;
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const bool more = i + 1 < arguments.size();
      if (arguments[i] == "--quick") {
        settings.scale = Scale::quick;
      } else if (arguments[i] == "--tiny") {
        settings.scale = Scale::tiny;
      } else if (arguments[i] == "--json" && more) {
        json = arguments[++i];
      } else if (arguments[i] == "--only" && more) {
        require_group(arguments[++i]);
        settings.only.push_back(arguments[i]);
      } else {
        throw std::invalid_argument(arguments[i] +
                                    " is no option, or lacks its value: see the top of compare.cpp");
      }
    }
    Comparison comparison(settings);
    bool complete = true;
    for (const auto& [name, run] : groups) {
      comparison.results()["groups"][name] = "left out";
      if (!settings.only.empty() && std::count(settings.only.begin(), settings.only.end(), name) == 0)
        continue;
      try {
        run(comparison);
        comparison.results()["groups"][name] = "measured";
      } catch (const std::exception& error) {
        std::cout << name << ": " << error.what() << std::endl;
        comparison.results()["groups"][name] = std::string("failed: ") + error.what();
        complete = false;
      }
      // After each: what has been measured is not lost with what goes wrong later.
      if (!json.empty()) write(json, comparison.results());
    }
    if (!json.empty()) write(json, comparison.results());
    return complete ? EXIT_SUCCESS : EXIT_FAILURE;
  } catch (const std::exception& error) {
    std::cerr << "compare: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
