// Random days of broken networks, brokers, disks and processes, each made by a seed, each checked against
// everything that is promised.
//
//   simulation                       the normal test: seeds 1 to 2000
//   simulation --first N --seeds N   so many seeds from there on
//   simulation --seed N --verbose    one day, with all that happens in it
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "simulation/simulated_day.hpp"

namespace {

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t seeds = 2000;
  bool verbose = false;
};

std::optional<Arguments> parse(int count, char** values) {
  Arguments arguments;
  for (int index = 1; index < count; ++index) {
    const std::string_view name = values[index];
    if (name == "--verbose") {
      arguments.verbose = true;
      continue;
    }
    if (++index == count) return std::nullopt;
    std::uint64_t number = 0;
    const char* end = values[index] + std::strlen(values[index]);
    const auto [rest, error] = std::from_chars(values[index], end, number);
    if (error != std::errc() || rest != end) return std::nullopt;
    if (name == "--seed") {
      arguments.first = number;
      arguments.seeds = 1;
    } else if (name == "--first") {
      arguments.first = number;
    } else if (name == "--seeds") {
      arguments.seeds = number;
    } else {
      return std::nullopt;
    }
  }
  return arguments;
}

struct Totals {
  std::uint64_t steps = 0;
  std::uint64_t messages = 0;
};

/// The day that goes on, for an assertion of the library's, which ends the program.
volatile std::uint64_t current_seed = 0;

void print_failure(std::uint64_t seed, const char* what) {
  std::printf("FAILED: seed %llu, %s\nreplay: simulation --seed %llu --verbose\n",
              static_cast<unsigned long long>(seed), what, static_cast<unsigned long long>(seed));
  std::fflush(stdout);
}

extern "C" void on_abort(int) {
  print_failure(current_seed, "an assertion failed");
}

bool run(std::uint64_t seed, bool verbose, Totals& totals) {
  current_seed = seed;
  holdfast::simulation::SimulatedDay day(seed, verbose);
  try {
    day.run();
  } catch (const std::exception& broken) {
    print_failure(seed, ("step " + std::to_string(day.steps()) + ": " + broken.what()).c_str());
    return false;
  }
  totals.steps += day.steps();
  totals.messages += day.messages();
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = parse(argc, argv);
  if (!arguments) {
    std::fprintf(stderr, "usage: simulation [--seed N] [--first N] [--seeds N] [--verbose]\n");
    return 2;
  }
  std::signal(SIGABRT, on_abort);
  const auto begin = std::chrono::steady_clock::now();
  Totals totals;
  const std::uint64_t end = arguments->first + arguments->seeds;
  for (std::uint64_t seed = arguments->first; seed != end; ++seed) {
    if (!run(seed, arguments->verbose, totals)) return 1;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%llu seeds from %llu: %llu steps, %llu messages published, %.1f s, every promise kept\n",
              static_cast<unsigned long long>(arguments->seeds),
              static_cast<unsigned long long>(arguments->first),
              static_cast<unsigned long long>(totals.steps), static_cast<unsigned long long>(totals.messages),
              took.count());
  return 0;
}
