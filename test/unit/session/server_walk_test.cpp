// The reconnect policy with several servers: which one is next, and when.
#include <algorithm>
#include <chrono>
#include <set>
#include <vector>

#include "support/catch.hpp"

#include "policy_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;
using namespace std::chrono_literals;
using Decision = ReconnectPolicy::Decision;
using Verdict = ReconnectPolicy::Verdict;

namespace {

/// A policy, and the time that passes until each of its attempts.
struct Walk {
  explicit Walk(std::size_t servers, ReconnectOptions given = policy_options(), std::uint32_t seed = 1)
      : policy(given, servers, seed) {}

  Decision fail(End end = End::lost) {
    const Decision decision = policy.on_end(end, now);
    now += decision.delay;
    return decision;
  }
  /// Connects, and stays up for a while.
  Decision lose_after(std::chrono::milliseconds up, End end = End::lost) {
    policy.on_connected(now);
    now += up;
    return fail(end);
  }

  ReconnectPolicy policy;
  TimePoint now = start;
};

}  // namespace

TEST_CASE("an attempt that fails hands over to the next server at once", "[servers]") {
  Walk walk(3);
  for (const std::size_t next : {1U, 2U}) {
    const Decision decision = walk.fail();
    CHECK(decision.server == next);
    CHECK(decision.delay == 0ms);
  }
}

TEST_CASE("the list is walked for ever, and no server is left out", "[servers]") {
  Walk walk(3);
  std::vector<int> attempts(3);
  for (int i = 0; i < 3'000; ++i)
    ++attempts[walk.fail().server];
  CHECK(*std::min_element(attempts.begin(), attempts.end()) > 700);
}

TEST_CASE("each server has a back-off of its own: nobody is tried before his is over", "[servers]") {
  const std::uint32_t seed = GENERATE(range(0U, 20U));
  Walk walk(3, policy_options(), seed);
  std::vector<TimePoint> tried(3, TimePoint{});
  std::chrono::nanoseconds longest{0};
  std::size_t current = 0;
  for (int i = 0; i < 60; ++i) {
    tried[current] = walk.now;
    const Decision decision = walk.fail();
    if (tried[decision.server] != TimePoint{}) longest = std::max(longest, walk.now - tried[decision.server]);
    CHECK(decision.delay <= 10s);
    current = decision.server;
  }
  // With delays up to 10 s each a round of all takes seconds, not the time of 60 quick attempts.
  CHECK(longest > 2s);
  CHECK(walk.now - start > 20s);
}

TEST_CASE("a server that is in its own back-off is passed over for one that is not", "[servers]") {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    Walk walk(2, policy_options(), seed);
    REQUIRE(walk.fail().server == 1);
    const Decision back = walk.fail();  // Both wait now, and the first to come out of it is next.
    CHECK(back.delay <= 100ms);
  }
}

TEST_CASE("after a connection that was up the same server comes first, after its delay", "[servers]") {
  std::chrono::milliseconds largest{0};
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    Walk walk(3, policy_options(), seed);
    CHECK(walk.fail().server == 1);
    const Decision decision = walk.lose_after(20s);
    CHECK(decision.server == 1);
    largest = std::max(largest, decision.delay);
    CHECK(walk.fail().server == 2);
  }
  CHECK(largest > 80ms);
  CHECK(largest <= 100ms);
}

TEST_CASE("a server that takes us and drops us again and again is left for another one", "[servers]") {
  Walk walk(2);
  int stayed = 0;
  while (walk.lose_after(1s).server == 0)
    REQUIRE(++stayed < 10);
  CHECK(stayed == 3);
}

TEST_CASE("a broker that sends us away is left for the next one, but not by all clients at once",
          "[servers]") {
  std::chrono::milliseconds largest{0};
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    Walk walk(2, policy_options(), seed);
    const Decision decision = walk.lose_after(1h, End::sent_away);
    CHECK(decision.server == 1);
    largest = std::max(largest, decision.delay);
  }
  CHECK(largest > 80ms);
  CHECK(largest <= 100ms);
  Walk alone(1);
  CHECK(alone.lose_after(1h, End::sent_away).server == 0);
}

TEST_CASE("a refusal for good counts for its server: it is final when all have refused in a row",
          "[servers]") {
  auto strict = policy_options();
  strict.give_up_when_refused = true;
  Walk walk(3, strict);
  CHECK(walk.fail(End::refused_for_good).verdict == Verdict::retry);
  CHECK(walk.policy.current() == 1);
  CHECK(walk.fail(End::refused_for_good).verdict == Verdict::retry);
  SECTION("all do") {
    CHECK(walk.fail(End::refused_for_good).verdict == Verdict::refused);
  }
  SECTION("one is only away") {
    CHECK(walk.fail().verdict == Verdict::retry);
    CHECK(walk.policy.current() == 2);  // The others have not changed their mind in so short a time.
  }
  SECTION("one takes us") {
    CHECK(walk.lose_after(20s).verdict == Verdict::retry);
    CHECK(walk.fail(End::refused_for_good).verdict == Verdict::retry);
  }
}

TEST_CASE("after a first success all servers refusing is final only by option", "[servers]") {
  auto strict = policy_options();
  strict.give_up_when_refused = GENERATE(false, true);
  Walk walk(2, strict);
  static_cast<void>(walk.lose_after(20s));
  CHECK(walk.fail(End::refused_for_good).verdict == Verdict::retry);
  const Decision last = walk.fail(End::refused_for_good);
  CHECK(last.verdict == (strict.give_up_when_refused ? Verdict::refused : Verdict::retry));
  if (last.verdict == Verdict::retry) CHECK(last.delay == 10s);
}

TEST_CASE("a session taken over is waited for on the same server, and counted over all", "[servers]") {
  auto patient = policy_options();
  patient.max_delay = 60s;
  patient.take_overs_max = 3;
  Walk walk(2, patient);
  const Decision first = walk.lose_after(1s, End::taken_over);
  CHECK(first.delay >= 5s);
  CHECK(first.server == 0);
  CHECK(walk.fail().server == 1);
  const Decision second = walk.lose_after(1s, End::taken_over);
  CHECK(second.server == 1);
  CHECK(second.delay >= 5s);
  CHECK(walk.lose_after(1s, End::taken_over).verdict == Verdict::taken_over);
}

TEST_CASE("a clean start mends a mismatch: on the same server", "[servers]") {
  Walk walk(2);
  CHECK(walk.fail(End::session_mismatch).server == 0);
}

TEST_CASE("the guest is tried again while it had us, and left when an attempt at it fails", "[servers]") {
  Walk walk(2);
  walk.policy.go_to(walk.policy.guest());
  CHECK(walk.lose_after(20s).server == walk.policy.guest());
  CHECK(walk.fail().server == 1);
  walk.policy.go_to(walk.policy.guest());
  const Decision back = walk.fail(End::refused_for_good);
  CHECK(back.server == 0);
  CHECK(back.verdict == Verdict::retry);
}

TEST_CASE("all are tried when each was, the guest left out", "[servers]") {
  Walk walk(2);
  walk.policy.go_to(walk.policy.guest());
  static_cast<void>(walk.policy.on_end(End::lost, walk.now));
  CHECK_FALSE(walk.policy.all_tried());
  static_cast<void>(walk.policy.on_end(End::lost, walk.now));
  CHECK_FALSE(walk.policy.all_tried());
  static_cast<void>(walk.policy.on_end(End::lost, walk.now));
  CHECK(walk.policy.all_tried());
  walk.policy.reset(1);
  CHECK_FALSE(walk.policy.all_tried());
  CHECK(walk.policy.current() == 1);
}

TEST_CASE("a connection that lasted makes good for every server", "[servers]") {
  Walk walk(2);
  for (int round = 0; round < 20; ++round)
    static_cast<void>(walk.fail());
  static_cast<void>(walk.lose_after(6s));
  for (int short_connection = 0; short_connection < 2; ++short_connection)
    CHECK(walk.lose_after(1ms).delay <= 400ms);
}

TEST_CASE("a server that points elsewhere again and again is not shut for that", "[servers]") {
  Walk walk(1);
  for (int round = 0; round < 20; ++round) {
    walk.policy.on_connected(walk.now);
    const Decision decision = walk.policy.on_sent_elsewhere(walk.policy.guest(), walk.now);
    CHECK(decision.server == walk.policy.guest());
    CHECK(decision.delay <= 100ms);
    walk.policy.go_to(0);
  }
  CHECK(walk.fail().delay <= 100ms);
}

TEST_CASE("where a server pointed may refuse for good, and then that server has refused", "[servers]") {
  Walk walk(1);
  static_cast<void>(walk.policy.on_sent_elsewhere(walk.policy.guest(), walk.now));
  CHECK(walk.fail(End::refused_for_good).verdict == Verdict::refused);
}

TEST_CASE("after a reference the walk goes on behind the server that gave it", "[servers]") {
  Walk walk(3);
  static_cast<void>(walk.policy.on_sent_elsewhere(walk.policy.guest(), walk.now));
  CHECK(walk.fail().server == 1);
}
