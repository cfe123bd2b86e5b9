// The command line of holdfast_bench.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "connection_options.hpp"

namespace holdfast::tools {

struct BenchOptions {
  ConnectionOptions connection;
  std::size_t publishers = 1;
  std::size_t subscribers = 1;
  std::size_t idle = 0;
  double ramp = 100;
  std::string topic;
  std::size_t topics = 1;
  std::string filter;
  std::optional<int> subscribe_qos;
  double rate = 10;
  std::size_t window = 100;
  std::string size = "256";
  std::size_t smallest_payload = 0;  ///< Of `size`, by check().
  std::size_t largest_payload = 0;
  std::optional<double> duration;
  std::uint64_t count = 0;
  double linger = 5;
  bool json = false;
  bool json_lines = false;
  bool histogram = false;

  /// Adds them all to the command line.
  void add_to(CLI::App& app);
  /// Completes what follows from others. Throws Error (Errc::invalid_argument) for what cannot be meant.
  void check();
  [[nodiscard]] std::size_t clients() const noexcept { return publishers + subscribers + idle; }
};

/// For options of seconds.
[[nodiscard]] std::chrono::nanoseconds to_duration(double seconds);

}  // namespace holdfast::tools
