// One seed: a client, a broker, a network and a disk, some hundred steps of bad weather, and a calm evening
// in which everything has to arrive.
#pragma once

#include <cstdint>
#include <memory>

#include "simulation/crashable_store.hpp"
#include "simulation/model_broker.hpp"
#include "simulation/scenario.hpp"
#include "simulation/simulated_process.hpp"
#include "simulation/world.hpp"

namespace holdfast::simulation {

class SimulatedDay {
 public:
  SimulatedDay(std::uint64_t seed, bool verbose);

  /// Throws a Violation when a promise is broken.
  void run();
  /// Taken so far.
  [[nodiscard]] unsigned steps() const noexcept { return steps_; }
  [[nodiscard]] std::size_t messages() const noexcept { return world_.invariants.outgoing.created(); }

 private:
  void step();
  void break_network();
  void break_broker();
  void break_machine();
  void use_application();
  void publish();
  void start_process();
  void stop_process();
  void take_turn();
  void pass_time();
  void pass_to_next_event();
  [[nodiscard]] Kill draw_kill();
  void drain();
  [[nodiscard]] bool quiet();
  [[nodiscard]] bool chance(unsigned per_thousand) noexcept { return random_.chance(per_thousand); }

  Random random_;
  Scenario scenario_;
  CrashableStore store_;
  World world_;
  ModelBroker broker_;
  std::unique_ptr<SimulatedProcess> process_;
  session::TimePoint start_at_{};
  session::TimePoint disk_free_at_{};
  unsigned steps_ = 0;
};

}  // namespace holdfast::simulation
