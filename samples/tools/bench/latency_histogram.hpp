// How long things took, counted in buckets that are the wider the longer it took, as HdrHistogram has them:
// any number of values in little memory, each known to less than one per cent.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace holdfast::tools {

/// What a histogram has counted, at one moment or between two.
class LatencyCounts {
 public:
  struct Bucket {
    std::chrono::nanoseconds up_to;  ///< The longest that belongs here.
    std::uint64_t count;
  };

  LatencyCounts();

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// The time that this share (0 to 1) of all took at most; 0 where nothing was counted.
  [[nodiscard]] std::chrono::nanoseconds quantile(double share) const;
  [[nodiscard]] std::chrono::nanoseconds maximum() const { return quantile(1); }
  [[nodiscard]] std::chrono::nanoseconds mean() const;
  /// Those that are not empty, in ascending order.
  [[nodiscard]] std::vector<Bucket> buckets() const;
  /// What came since `earlier`, a state of the same histogram.
  [[nodiscard]] LatencyCounts since(const LatencyCounts& earlier) const;

 private:
  friend class LatencyHistogram;

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;  // Nanoseconds.
  std::uint64_t longest_ = 0;
};

/// Any thread may call anything at any time.
class LatencyHistogram {
 public:
  LatencyHistogram();

  /// Less than 0 counts as 0, more than an hour as an hour.
  void record(std::chrono::nanoseconds time) noexcept;
  [[nodiscard]] LatencyCounts counts() const;

 private:
  std::vector<std::atomic<std::uint64_t>> counts_;
  std::atomic<std::uint64_t> sum_{0};
  std::atomic<std::uint64_t> longest_{0};
};

}  // namespace holdfast::tools
