// What the parts of a day share.
#pragma once

#include "simulation/invariants.hpp"
#include "simulation/random.hpp"
#include "simulation/scenario.hpp"
#include "simulation/trace.hpp"

namespace holdfast::simulation {

/// Who breaks what, when, and who looks on.
struct World {
  World(const Scenario& drawn, Random& chance, bool verbose)
      : scenario(drawn),
        weather(drawn.weather),
        random(chance),
        invariants(drawn.options),
        trace(verbose, clock) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const Scenario& scenario;
  Weather weather;
  Random& random;
  Clock clock;
  Invariants invariants;
  const Trace trace;
};

}  // namespace holdfast::simulation
