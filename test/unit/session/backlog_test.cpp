#include "session/backlog.hpp"

#include <map>

#include "engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

const TimePoint start(1'000h);

/// A backlog over a store that can be looked into.
class BacklogUnderTest {
 public:
  explicit BacklogUnderTest(std::size_t memory, RangeLimits segment = {4, 100'000})
      : backlog(
            {memory, segment}, [this](const WaitingRange& range) { return load(range); },
            [this](const OutboundMessagePtr&) { ++came_to_memory; }) {}

  OutboundMessagePtr make(std::uint64_t sequence, TimePoint expires_at) {
    auto message = make_message(std::to_string(sequence), QoS::at_least_once, expires_at);
    message->sequence = sequence;
    return message;
  }
  /// A message that the store has, and nobody follows.
  void push(std::uint64_t sequence, TimePoint expires_at = never) {
    stored[sequence] = expires_at;
    auto message = make(sequence, expires_at);
    message->set_stored();
    backlog.push_back(std::move(message));
  }
  /// The message in memory, held as its Delivery would hold it.
  OutboundMessagePtr follow(std::uint64_t sequence) {
    OutboundMessagePtr followed;
    backlog.for_each_in_memory([&](const OutboundMessagePtr& message) {
      if (message->sequence == sequence) followed = message;
    });
    return followed;
  }
  std::size_t in_memory() {
    std::size_t messages = 0;
    backlog.for_each_in_memory([&messages](const OutboundMessagePtr&) { ++messages; });
    return messages;
  }
  std::vector<std::uint64_t> drain() {
    std::vector<std::uint64_t> sequences;
    while (backlog.front() != nullptr) {
      sequences.push_back(backlog.pop_front()->sequence);
      most_in_memory = std::max(most_in_memory, in_memory());
    }
    return sequences;
  }

  Backlog backlog;
  std::map<std::uint64_t, TimePoint> stored;
  bool fails = false;  // What is stored cannot be read.
  std::size_t came_to_memory = 0;
  std::size_t most_in_memory = 0;

 private:
  std::vector<OutboundMessagePtr> load(const WaitingRange& range) {
    if (fails) throw Error(Errc::store_failed, "the disk is broken");
    std::vector<OutboundMessagePtr> messages;
    for (auto at = stored.lower_bound(range.first); at != stored.end() && at->first <= range.last; ++at) {
      messages.push_back(make(at->first, at->second));
      messages.back()->set_stored();
    }
    return messages;
  }
};

std::vector<std::uint64_t> sequences(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t sequence = first; sequence <= last; ++sequence)
    all.push_back(sequence);
  return all;
}

}  // namespace

TEST_CASE("a backlog beyond its memory is let go and comes back in order, a segment at a time", "[backlog]") {
  BacklogUnderTest test(10'000);
  const std::size_t most = 10'000 / test.make(1, never)->memory() * 4 / 3;
  for (std::uint64_t sequence = 1; sequence <= 1'000; ++sequence) {
    test.push(sequence);
    test.backlog.spill();
    REQUIRE(test.in_memory() < most);
  }
  CHECK(test.came_to_memory == 0);
  CHECK(test.drain() == sequences(1, 1'000));
  CHECK(test.most_in_memory < most);
  CHECK(test.came_to_memory > 800);
}

TEST_CASE("a message that somebody follows stays the object it is", "[backlog]") {
  BacklogUnderTest test(0, {16, 100'000});
  for (std::uint64_t sequence = 1; sequence <= 64; ++sequence)
    test.push(sequence);
  const OutboundMessagePtr followed = test.follow(50);
  test.backlog.spill();
  CHECK(test.in_memory() == 16 + 1);  // What is next, and what is followed.
  bool seen = false;
  for (std::uint64_t sequence = 1; sequence <= 64; ++sequence) {
    REQUIRE(test.backlog.front()->sequence == sequence);
    if (test.backlog.pop_front() == followed) seen = true;
  }
  CHECK(seen);
}

TEST_CASE("a store that cannot be read costs no message that somebody follows", "[backlog]") {
  BacklogUnderTest test(0, {16, 100'000});
  for (std::uint64_t sequence = 1; sequence <= 64; ++sequence)
    test.push(sequence);
  const OutboundMessagePtr followed = test.follow(64);
  test.backlog.spill();
  test.fails = true;
  CHECK_THROWS_AS(test.backlog.take_back(), Error);
  bool there = false;
  test.backlog.for_each_in_memory(
      [&](const OutboundMessagePtr& message) { there = there || message == followed; });
  CHECK(there);
}

TEST_CASE("a segment spans few sequences of other queues", "[backlog]") {
  BacklogUnderTest test(0, {4, 100'000});
  for (std::uint64_t sequence = 1; sequence <= 1'000; sequence += 20)
    test.push(sequence);
  test.backlog.spill();
  std::size_t before = 0;
  while (test.backlog.front() != nullptr) {
    CHECK(test.came_to_memory - before <= 2);
    before = test.came_to_memory;
    test.backlog.pop_front();
  }
}

TEST_CASE("a message that no store has is never let go", "[backlog]") {
  BacklogUnderTest test(0);
  for (std::uint64_t sequence = 1; sequence <= 100; ++sequence)
    test.backlog.push_back(test.make(sequence, never));
  test.backlog.spill();
  CHECK(test.in_memory() == 100);
  CHECK(test.drain() == sequences(1, 100));
}

TEST_CASE("messages that are let go later, when their Deliveries are gone, are let go then", "[backlog]") {
  BacklogUnderTest test(1'000);
  std::vector<OutboundMessagePtr> deliveries;
  for (std::uint64_t sequence = 1; sequence <= 100; ++sequence) {
    test.push(sequence);
    test.backlog.for_each_in_memory([&deliveries](const OutboundMessagePtr& message) {
      if (deliveries.empty() || deliveries.back()->sequence < message->sequence)
        deliveries.push_back(message);
    });
    test.backlog.spill();
  }
  CHECK(test.in_memory() == 100);
  deliveries.clear();
  for (std::uint64_t sequence = 101; sequence <= 200; ++sequence) {
    test.push(sequence);
    test.backlog.spill();
  }
  CHECK(test.in_memory() < 50);
  CHECK(test.drain() == sequences(1, 200));
}

TEST_CASE("what expires on disk is found, a segment a call, and the rest stays there", "[backlog]") {
  BacklogUnderTest test(0, {10, 100'000});
  for (std::uint64_t sequence = 1; sequence <= 100; ++sequence)
    test.push(sequence, sequence % 2 == 0 ? start + 1s : never);
  test.backlog.spill();
  CHECK(test.backlog.deadline() == start + 1s);
  std::vector<OutboundMessagePtr> expired;
  unsigned calls = 0;
  for (; test.backlog.deadline() <= start + 1s; ++calls)
    test.backlog.take_expired(start + 1s, expired);
  CHECK(calls == 9);  // The first segment is in memory: others watch it.
  CHECK(expired.size() == 45);
  CHECK(test.in_memory() == 10);
  for (const auto& message : expired) {
    test.stored.erase(message->sequence);
    CHECK(message->sequence % 2 == 0);
  }
  CHECK(test.drain().size() == 55);
}

TEST_CASE("a segment whose messages expire one by one is looked through once a second at most", "[backlog]") {
  BacklogUnderTest test(0, {100, 100'000});
  for (std::uint64_t sequence = 1; sequence <= 200; ++sequence)
    test.push(sequence, start + sequence * 1ms);
  test.backlog.spill();
  std::vector<OutboundMessagePtr> expired;
  test.backlog.take_expired(start + 101ms, expired);
  CHECK(test.backlog.deadline() == start + 1101ms);
}

TEST_CASE("the newest message is taken from the end, in memory or not", "[backlog]") {
  BacklogUnderTest test(0);
  for (std::uint64_t sequence = 1; sequence <= 20; ++sequence)
    test.push(sequence);
  test.backlog.spill();
  for (std::uint64_t sequence = 20; sequence >= 1; --sequence)
    REQUIRE(test.backlog.take_back()->sequence == sequence);
  CHECK_FALSE(test.backlog.take_back());
}

TEST_CASE("what an earlier process left comes first", "[backlog]") {
  BacklogUnderTest test(1'000'000);
  for (std::uint64_t sequence = 1; sequence <= 8; ++sequence)
    test.stored[sequence] = never;
  test.backlog.push_back({.first = 1, .last = 4, .messages = 4});
  test.backlog.push_back({.first = 5, .last = 8, .messages = 4});
  test.push(9);
  CHECK(test.drain() == sequences(1, 9));
}
