// A run: makes the clients, connects them, lets them publish and receive, and says how it went.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <holdfast/client.hpp>

#include "bench_client.hpp"
#include "bench_options.hpp"
#include "bench_report.hpp"
#include "live_figures.hpp"
#include "measurements.hpp"
#include "publishing.hpp"
#include "receiving.hpp"
#include "stop_signal.hpp"

namespace holdfast::tools {

class BenchRun {
 public:
  /// `options` after check(), which have to stay.
  explicit BenchRun(const BenchOptions& options);
  ~BenchRun();
  BenchRun(const BenchRun&) = delete;
  BenchRun& operator=(const BenchRun&) = delete;

  /// To the end, or to SIGINT or SIGTERM. Throws Error where a kind of client is wanted and none of it takes
  /// part.
  [[nodiscard]] RunOutcome run();
  [[nodiscard]] const Measurements& figures() const noexcept { return figures_; }
  /// What `--stats` asks for.
  void write_statistics() const;

 private:
  using Clock = std::chrono::steady_clock;

  void make_clients(Role role, std::size_t count, const Options& client_options);
  void connect_all();
  void connect(BenchClient& client, Clock::time_point due);
  void subscribe(BenchClient& client);
  void abort_connecting();
  void check_roles() const;
  void publish();
  void publish_until_ended();
  void wait_for_arrivals();
  void disconnect(BenchClient& client);
  void disconnect_all();
  void settle_accounts();
  [[nodiscard]] double publishing_seconds() const;
  [[nodiscard]] double receiving_seconds() const;
  /// Seconds from then to that stamp; 0 where there is none.
  [[nodiscard]] double since(Clock::time_point start, std::uint64_t stamp) const;
  /// Waits so long at most, showing the figures meanwhile; whether to go on: no signal came.
  bool go_on(std::chrono::nanoseconds longest);

  const BenchOptions& options_;
  DisconnectOptions goodbye_;
  const std::uint32_t run_;
  bool keeps_sessions_ = false;
  StopSignal stop_signal_;
  std::atomic<bool> stop_{false};
  StampClock clock_;
  Measurements figures_;
  std::vector<std::unique_ptr<BenchClient>> clients_;
  std::map<std::string, std::shared_ptr<Audience>> shared_audiences_;
  std::vector<std::shared_ptr<Audience>> audiences_;
  PublishingPlan plan_;
  std::vector<std::unique_ptr<Publishing>> publishings_;
  std::vector<PublishedStream> streams_;
  Receiving receiving_;
  LiveFigures live_;
  RunOutcome outcome_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace holdfast::tools
