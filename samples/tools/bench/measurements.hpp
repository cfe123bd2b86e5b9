// What the threads of a run count together.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include <holdfast/error.hpp>

#include "latency_histogram.hpp"

namespace holdfast::tools {

using Counter = std::atomic<std::uint64_t>;

/// What went wrong, and how often. Any thread.
class Mishaps {
 public:
  void add(const std::string& what);
  /// The same; the first one is what the tool's exit status tells of.
  void add(const Error& error);
  [[nodiscard]] std::map<std::string, std::uint64_t> all() const;
  [[nodiscard]] std::optional<Error> first_error() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> counts_;
  std::optional<Error> first_error_;
};

struct Measurements {
  Counter connected{0};  ///< Clients whose first attempt succeeded, subscriptions included.
  Counter not_connected{0};
  Counter connections_lost{0};
  Counter last_connected{0};  ///< When, as StampClock has it.

  Counter published{0};
  Counter published_bytes{0};  ///< Of payloads, as below.
  Counter acknowledged{0};     ///< At QoS 0: written.
  Counter failed{0};
  Counter last_published{0};  ///< As last_connected.

  Counter received{0};
  Counter received_bytes{0};
  Counter duplicates{0};
  Counter out_of_order{0};
  Counter foreign{0};     ///< Not of this run.
  Counter from_ahead{0};  ///< Sent, by the clock of another machine, after they came.
  Counter first_received{0};
  Counter last_received{0};

  LatencyHistogram connecting;
  LatencyHistogram acknowledging;
  LatencyHistogram end_to_end;
  LatencyHistogram lateness;  ///< Of publishing, after it was due: whether this machine keeps up.

  Mishaps mishaps;
};

}  // namespace holdfast::tools
