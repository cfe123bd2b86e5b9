// What subscribers were to get, and what they got.
#include "audience.hpp"

#include "support/catch.hpp"

using namespace holdfast::tools;
using Arrival = SequenceCheck::Arrival;

namespace {

constexpr std::uint32_t own_run = 1;

const std::vector<PublishedStream> streams{
    {.topic = "bench/0", .messages = 10, .not_delivered = {4}},
    {.topic = "other/0", .messages = 100, .not_delivered = {}},
    {.topic = "bench/1", .messages = 5, .not_delivered = {}},
};

}  // namespace

TEST_CASE("an audience expects what was delivered to topics that its filter matches", "[unit][bench]") {
  Audience audience("bench/+", own_run);
  CHECK(audience.expected_of(streams) == 0);  // Nobody has the subscription.
  CHECK(audience.lost_of(streams) == 0);
  audience.set_subscribed();
  CHECK(audience.expected_of(streams) == 14);
  CHECK(audience.lost_of(streams) == 14);
}

TEST_CASE("what an audience got is not lost, each stream by itself", "[unit][bench]") {
  Audience audience("bench/+", own_run);
  audience.set_subscribed();
  for (const std::uint32_t sequence : {0, 1, 2, 3, 5, 6, 7, 8})
    CHECK(audience.take({.run = own_run, .stream = 0, .sequence = sequence}) == Arrival::in_order);
  CHECK(audience.take({.run = own_run, .stream = 2, .sequence = 4}) == Arrival::in_order);
  CHECK(audience.lost_of(streams) == 1 + 4);
}

TEST_CASE("the members of a shared subscription are one audience, without an order between them",
          "[unit][bench]") {
  Audience audience("$share/group/bench/#", own_run);
  audience.set_subscribed();
  CHECK(audience.expected_of(streams) == 14);
  CHECK(audience.take({.run = own_run, .stream = 0, .sequence = 1}) == Arrival::in_order);
  CHECK(audience.take({.run = own_run, .stream = 0, .sequence = 0}) == Arrival::in_order);
  CHECK(audience.take({.run = own_run, .stream = 0, .sequence = 0}) == Arrival::duplicate);
}

TEST_CASE("of another run what lacks between others is known", "[unit][bench]") {
  Audience audience("bench/+", own_run);
  CHECK(audience.take({.run = 2, .stream = 0, .sequence = 50}) == Arrival::in_order);
  CHECK(audience.take({.run = 2, .stream = 0, .sequence = 53}) == Arrival::in_order);
  CHECK(audience.take({.run = 3, .stream = 0, .sequence = 0}) == Arrival::in_order);
  CHECK(audience.gaps() == 2);
}
