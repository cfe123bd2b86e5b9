// What of a numbered stream arrived.
#include "sequence_check.hpp"

#include "support/catch.hpp"

using namespace holdfast::tools;
using Arrival = SequenceCheck::Arrival;

TEST_CASE("a stream that comes whole and in order lacks nothing", "[unit][bench]") {
  SequenceCheck check(0);
  for (std::uint64_t i = 0; i < 5; ++i)
    CHECK(check.take(i) == Arrival::in_order);
  CHECK(check.next() == 5);
  CHECK(check.missing(5, {}) == 0);
}

TEST_CASE("what is missing is counted, within the stream and at its end", "[unit][bench]") {
  SequenceCheck check(0);
  CHECK(check.missing(3, {}) == 3);
  for (const std::uint64_t number : {1, 2, 5, 9})
    CHECK(check.take(number) == Arrival::in_order);
  CHECK(check.missing(10, {}) == 6);
  CHECK(check.missing(12, {}) == 8);
  CHECK(check.missing(4, {}) == 2);
}

TEST_CASE("what was never sent is not missed", "[unit][bench]") {
  SequenceCheck check(0);
  CHECK(check.take(3) == Arrival::in_order);
  CHECK(check.missing(6, {1, 4, 5}) == 2);
  CHECK(check.missing(6, {0, 1, 2, 4, 5}) == 0);
  // That one came though its publisher was not told so.
  CHECK(check.missing(4, {3}) == 3);
}

TEST_CASE("what comes late broke the order, and is not missing any more", "[unit][bench]") {
  SequenceCheck check(0);
  CHECK(check.take(5) == Arrival::in_order);
  for (const std::uint64_t number : {2, 4, 0, 3, 1}) {
    CAPTURE(number);
    CHECK(check.take(number) == Arrival::late);
  }
  CHECK(check.missing(6, {}) == 0);
  CHECK(check.take(6) == Arrival::in_order);
}

TEST_CASE("what comes again is a duplicate, also within a gap that was filled", "[unit][bench]") {
  SequenceCheck check(0);
  for (const std::uint64_t number : {0, 1, 6, 3})
    static_cast<void>(check.take(number));
  for (const std::uint64_t number : {0, 1, 6, 3})
    CHECK(check.take(number) == Arrival::duplicate);
  CHECK(check.missing(7, {}) == 3);
  CHECK(check.take(4) == Arrival::late);
}

TEST_CASE("a stream that is joined in the middle lacks nothing of before", "[unit][bench]") {
  SequenceCheck check(100);
  CHECK(check.take(100) == Arrival::in_order);
  CHECK(check.take(102) == Arrival::in_order);
  CHECK(check.missing(check.next(), {}) == 1);
}
