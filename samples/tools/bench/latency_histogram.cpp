#include "latency_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace holdfast::tools {

namespace {

// Between a power of two and the next there are so many buckets; below twice as many each value has its own.
constexpr std::uint64_t per_power = 128;
constexpr int exact_bits = 8;
constexpr std::uint64_t longest_counted = 3'600'000'000'000;

constexpr std::size_t bucket_of(std::uint64_t value) {
  if (value < 2 * per_power) return static_cast<std::size_t>(value);
  const int shift = static_cast<int>(std::bit_width(value)) - exact_bits;
  return static_cast<std::size_t>(per_power * static_cast<std::uint64_t>(shift) + (value >> shift));
}

constexpr std::uint64_t highest_in(std::size_t bucket) {
  if (bucket < 2 * per_power) return bucket;
  const std::uint64_t shift = bucket / per_power - 1;
  return ((per_power + bucket % per_power + 1) << shift) - 1;
}

constexpr std::size_t bucket_count = bucket_of(longest_counted) + 1;

std::chrono::nanoseconds to_time(std::uint64_t value) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(value));
}

}  // namespace

LatencyCounts::LatencyCounts() : counts_(bucket_count) {}

std::chrono::nanoseconds LatencyCounts::quantile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen != 0 && seen >= wanted) return to_time(std::min(highest_in(i), longest_));
  }
  return to_time(0);
}

std::chrono::nanoseconds LatencyCounts::mean() const {
  return to_time(count_ == 0 ? 0 : sum_ / count_);
}

std::vector<LatencyCounts::Bucket> LatencyCounts::buckets() const {
  std::vector<Bucket> filled;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] != 0) filled.push_back({to_time(highest_in(i)), counts_[i]});
  }
  return filled;
}

LatencyCounts LatencyCounts::since(const LatencyCounts& earlier) const {
  LatencyCounts between = *this;
  for (std::size_t i = 0; i < counts_.size(); ++i)
    between.counts_[i] -= earlier.counts_[i];
  between.count_ -= earlier.count_;
  between.sum_ -= earlier.sum_;
  return between;
}

LatencyHistogram::LatencyHistogram() : counts_(bucket_count) {}

void LatencyHistogram::record(std::chrono::nanoseconds time) noexcept {
  const auto value = static_cast<std::uint64_t>(
      std::clamp<std::int64_t>(time.count(), 0, static_cast<std::int64_t>(longest_counted)));
  counts_[bucket_of(value)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
  std::uint64_t longest = longest_.load(std::memory_order_relaxed);
  while (value > longest && !longest_.compare_exchange_weak(longest, value, std::memory_order_relaxed)) {
  }
}

LatencyCounts LatencyHistogram::counts() const {
  LatencyCounts now;
  for (std::size_t i = 0; i < counts_.size(); ++i)
    now.counts_[i] = counts_[i].load(std::memory_order_relaxed);
  now.count_ = std::accumulate(now.counts_.begin(), now.counts_.end(), std::uint64_t{0});
  now.sum_ = sum_.load(std::memory_order_relaxed);
  now.longest_ = longest_.load(std::memory_order_relaxed);
  return now;
}

}  // namespace holdfast::tools
