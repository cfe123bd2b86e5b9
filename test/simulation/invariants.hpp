// Everything that is promised, checked at each step. Each part throws a Violation.
#pragma once

#include "simulation/incoming_check.hpp"
#include "simulation/outgoing_check.hpp"
#include "simulation/session_check.hpp"
#include "simulation/store_check.hpp"

namespace holdfast::simulation {

struct Invariants {
  explicit Invariants(const Options& options) : outgoing(options), incoming(options), session(options) {}

  OutgoingCheck outgoing;
  IncomingCheck incoming;
  SessionCheck session;
  StoreCheck store;
};

}  // namespace holdfast::simulation
