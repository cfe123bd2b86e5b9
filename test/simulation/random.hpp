// The simulation's only source of chance. Not the standard library's: its distributions differ from one
// library to the next, and a seed has to mean the same day on every machine.
#pragma once

#include <cstdint>

namespace holdfast::simulation {

/// SplitMix64 (Steele, Lea and Flood 2014): one addition and three multiplications a number, any seed is
/// good.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  /// 0 to `bound` - 1. The bias of the remainder does not matter for numbers this small.
  std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) noexcept {
    return low + below(high - low + 1);
  }
  bool chance(unsigned per_thousand) noexcept { return below(1000) < per_thousand; }

 private:
  std::uint64_t state_;
};

}  // namespace holdfast::simulation
