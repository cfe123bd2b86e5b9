// The result of a run, for people and for programs.
#pragma once

#include <cstdint>
#include <string>

#include "bench_options.hpp"
#include "json_output.hpp"
#include "measurements.hpp"

namespace holdfast::tools {

/// What is known of a run besides what its threads counted.
struct RunOutcome {
  bool interrupted = false;
  double connecting_seconds = 0;
  double publishing_seconds = 0;
  double receiving_seconds = 0;
  std::uint64_t expected = 0;     ///< Messages that were to be received.
  std::uint64_t lost = 0;         ///< And were not.
  double processor_seconds = 0;   ///< Of this process, from the first connection to the last message.
  double run_seconds = 0;         ///< As long as that took.
  std::uint64_t memory_peak = 0;  ///< Bytes.
};

[[nodiscard]] std::string to_text(const RunOutcome& outcome, const BenchOptions& options,
                                  const Measurements& figures);
[[nodiscard]] Json to_json(const RunOutcome& outcome, const BenchOptions& options,
                           const Measurements& figures);
/// The quantiles, in milliseconds.
[[nodiscard]] Json to_json(const LatencyCounts& counts, bool with_histogram);
/// Published, and neither acknowledged nor failed.
[[nodiscard]] std::uint64_t unfinished(const Measurements& figures);
/// A line of JSON with the client's id as its first entry.
[[nodiscard]] std::string with_client(const std::string& line, const std::string& client_id);

}  // namespace holdfast::tools
