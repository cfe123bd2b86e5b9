#include <algorithm>
#include <chrono>
#include <vector>

#include "bench/measurements.hpp"

namespace holdfast::bench {

namespace {

using Clock = std::chrono::steady_clock;

Figures percentiles_of(std::vector<double> microseconds) {
  std::sort(microseconds.begin(), microseconds.end());
  const auto at = [&](double part) {
    return microseconds[static_cast<std::size_t>(part * static_cast<double>(microseconds.size() - 1))];
  };
  return {{"p50", at(0.5)}, {"p99", at(0.99)}, {"p99.9", at(0.999)}};
}

double microseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

}  // namespace

Figures measure_round_trip(const Job& job) {
  const auto peer = make_peer(job);
  peer->connect();
  std::vector<double> took;
  for (std::uint32_t i = 0; i < job.messages; ++i) {
    const Clock::time_point begun = Clock::now();
    peer->round_trip();
    took.push_back(microseconds(Clock::now() - begun));
  }
  peer->disconnect();
  return percentiles_of(std::move(took));
}

Figures measure_paced(const Job& job) {
  const auto peer = make_peer(job);
  peer->connect();
  const std::chrono::duration<double> interval(1 / job.rate);
  std::vector<TimePoint> begun;
  const Clock::time_point start = Clock::now();
  for (std::uint32_t i = 0; i < job.messages; ++i)
    begun.push_back(start + std::chrono::duration_cast<Clock::duration>(i * interval));
  std::vector<TimePoint> ended(begun.size());
  peer->publish_at(begun, ended);
  peer->disconnect();
  std::vector<double> took;
  for (std::size_t i = 0; i < begun.size(); ++i)
    took.push_back(microseconds(ended[i] - begun[i]));
  return percentiles_of(std::move(took));
}

}  // namespace holdfast::bench
