// When messages are due.
#include "schedule.hpp"

#include "support/catch.hpp"

using namespace holdfast::tools;
using namespace std::chrono_literals;

namespace {

const Schedule::Clock::time_point start{1000s};

}  // namespace

TEST_CASE("what has a rate is due at even times from the start", "[unit][bench]") {
  const Schedule schedule(start, 4);
  CHECK(schedule.at(0) == start);
  CHECK(schedule.at(1) == start + 250ms);
  CHECK(schedule.at(10) == start + 2500ms);
}

TEST_CASE("no rounding adds up over a day", "[unit][bench]") {
  const Schedule schedule(start, 3000);
  CHECK(schedule.at(std::uint64_t{3000} * 86'400) == start + 24h);
}

TEST_CASE("a phase moves all by a part of the interval", "[unit][bench]") {
  const Schedule schedule(start, 10, 0.25);
  CHECK(schedule.at(0) == start + 25ms);
  CHECK(schedule.at(1) == start + 125ms);
}

TEST_CASE("without a rate all are due at once", "[unit][bench]") {
  CHECK(Schedule(start, 0).at(1'000'000) == start);
}
