// What is measured of a contestant, in its own process.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bench/peer.hpp"

namespace holdfast::bench {

using Figures = std::vector<std::pair<std::string, double>>;

/// seconds, cpu_seconds: from the first message to the end of the last.
Figures measure_publish(const Job& job);
Figures measure_receive(const Job& job);
/// p50, p99, p99.9 in microseconds: one message at a time; at Job::rate messages a second.
Figures measure_round_trip(const Job& job);
Figures measure_paced(const Job& job);
/// seconds, cpu_seconds: Job::messages connections, one after the other.
Figures measure_connect(const Job& job);
/// seconds, cpu_seconds: from a new connection to the end of all that was published while nobody answered.
Figures measure_replay(const Job& job);
/// Connects and does nothing while it asks to be looked at.
Figures measure_idle(const Job& job);
/// Asks to be looked at before and after it has published Job::messages that nobody answers.
Figures measure_pending(const Job& job);

/// Asks whoever started this process to do something, and waits until it is done.
void ask(const char* what);

}  // namespace holdfast::bench
