// Latencies in buckets.
#include "latency_histogram.hpp"

#include <algorithm>
#include <latch>
#include <random>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using namespace holdfast::tools;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;

namespace {

/// How far the histogram's answer is from the exact one, as a share of it.
double error_of(nanoseconds answer, nanoseconds exact) {
  return std::abs(static_cast<double>((answer - exact).count())) / static_cast<double>(exact.count());
}

}  // namespace

TEST_CASE("an empty histogram has no latency", "[unit][bench]") {
  const LatencyCounts counts = LatencyHistogram().counts();
  CHECK(counts.count() == 0);
  CHECK(counts.quantile(0.5) == 0ns);
  CHECK(counts.maximum() == 0ns);
  CHECK(counts.mean() == 0ns);
  CHECK(counts.buckets().empty());
}

TEST_CASE("every quantile is known to one per cent, whatever the size of the values", "[unit][bench]") {
  LatencyHistogram histogram;
  std::vector<nanoseconds> all;
  std::mt19937_64 random(7);
  // From nanoseconds to an hour.
  std::uniform_real_distribution<double> exponent(0, 12.5);
  for (int i = 0; i < 20'000; ++i) {
    all.emplace_back(static_cast<std::int64_t>(std::pow(10, exponent(random))));
    histogram.record(all.back());
  }
  std::sort(all.begin(), all.end());
  const LatencyCounts counts = histogram.counts();
  CHECK(counts.count() == all.size());
  for (const double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    const auto place = static_cast<std::size_t>(std::ceil(share * static_cast<double>(all.size()))) - 1;
    CAPTURE(share, all[place].count());
    CHECK(error_of(counts.quantile(share), all[place]) < 0.01);
  }
  CHECK(counts.maximum() == all.back());
}

TEST_CASE("a quantile is the value that the share of all do not exceed", "[unit][bench]") {
  LatencyHistogram histogram;
  for (int i = 1; i <= 100; ++i)
    histogram.record(nanoseconds(i));
  const LatencyCounts counts = histogram.counts();
  CHECK(counts.quantile(0) == 1ns);
  CHECK(counts.quantile(0.5) == 50ns);
  CHECK(counts.quantile(0.99) == 99ns);
  CHECK(counts.quantile(1) == 100ns);
  CHECK(counts.mean() == 50ns);
}

TEST_CASE("what is no latency counts as the nearest one", "[unit][bench]") {
  LatencyHistogram histogram;
  histogram.record(-5ns);
  CHECK(histogram.counts().maximum() == 0ns);
  histogram.record(std::chrono::hours(1000));
  CHECK(histogram.counts().maximum() == std::chrono::hours(1));
  CHECK(histogram.counts().count() == 2);
}

TEST_CASE("what came between two moments is told alone", "[unit][bench]") {
  LatencyHistogram histogram;
  histogram.record(5s);
  const LatencyCounts before = histogram.counts();
  histogram.record(2ms);
  histogram.record(4ms);
  const LatencyCounts between = histogram.counts().since(before);
  CHECK(between.count() == 2);
  CHECK(error_of(between.maximum(), 4ms) < 0.01);
  CHECK(between.mean() == 3ms);
  CHECK(between.buckets().size() == 2);
}

TEST_CASE("buckets do not overlap, and hold all", "[unit][bench]") {
  LatencyHistogram histogram;
  for (std::int64_t value = 1; value < 1'000'000'000; value = value * 5 / 4 + 1)
    histogram.record(nanoseconds(value));
  std::uint64_t count = 0;
  nanoseconds before{-1};
  const LatencyCounts counts = histogram.counts();
  for (const auto& bucket : counts.buckets()) {
    CHECK(bucket.up_to > before);
    before = bucket.up_to;
    count += bucket.count;
  }
  CHECK(count == counts.count());
}

TEST_CASE("several threads record into one histogram and none is forgotten", "[unit][bench]") {
  LatencyHistogram histogram;
  std::vector<std::thread> threads;
  std::latch all_run(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&histogram, &all_run] {
      all_run.arrive_and_wait();
      for (int i = 0; i < 100'000; ++i)
        histogram.record((1 + i % 4) * 1ms);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(histogram.counts().count() == 400'000);
  CHECK(histogram.counts().mean() == 2500us);
  CHECK(histogram.counts().maximum() == 4ms);
}
