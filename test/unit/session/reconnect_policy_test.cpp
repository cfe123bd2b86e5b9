#include "session/reconnect_policy.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "support/catch.hpp"

#include "policy_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;
using namespace std::chrono_literals;
using Verdict = ReconnectPolicy::Verdict;

namespace {

/// The largest of the delays after `failures` failures, over many seeds: close to what full jitter has as its
/// bound.
std::chrono::milliseconds bound_after(int failures) {
  std::chrono::milliseconds largest{0};
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    ReconnectPolicy policy(policy_options(), 1, seed);
    for (int i = 1; i < failures; ++i)
      static_cast<void>(policy.on_end(End::lost, start));
    largest = std::max(largest, policy.on_end(End::lost, start).delay);
  }
  return largest;
}

}  // namespace

TEST_CASE("the delay doubles with each failure up to the longest", "[reconnect]") {
  CHECK(bound_after(1) <= 100ms);
  CHECK(bound_after(1) > 95ms);
  CHECK(bound_after(2) <= 200ms);
  CHECK(bound_after(2) > 190ms);
  CHECK(bound_after(5) <= 1'600ms);
  CHECK(bound_after(5) > 1'500ms);
  CHECK(bound_after(100) <= 10s);
  CHECK(bound_after(100) > 9s);
}

TEST_CASE("the delay has full jitter: it is spread over all of 0 to its bound", "[reconnect]") {
  std::vector<int> tenths(10);
  for (std::uint32_t seed = 0; seed < 2'000; ++seed) {
    const auto delay = ReconnectPolicy(policy_options(), 1, seed).on_end(End::lost, start).delay;
    ++tenths[std::min<std::size_t>(static_cast<std::size_t>(delay.count() / 10), 9)];
  }
  CHECK(*std::min_element(tenths.begin(), tenths.end()) > 100);
  CHECK(*std::max_element(tenths.begin(), tenths.end()) < 320);
}

TEST_CASE("a short connection does not begin the delays anew, a lasting one does", "[reconnect]") {
  const auto mean_after = [](std::chrono::milliseconds up) {
    std::chrono::milliseconds sum{0};
    for (std::uint32_t seed = 0; seed < 300; ++seed) {
      ReconnectPolicy policy(policy_options(), 1, seed);
      for (int i = 0; i < 10; ++i)
        static_cast<void>(policy.on_end(End::lost, start));
      policy.on_connected(start);
      sum += policy.on_end(End::lost, start + up).delay;
    }
    return sum / 300;
  };
  CHECK(mean_after(4'999ms) > 4s);
  CHECK(mean_after(5s) < 100ms);
}

TEST_CASE("attempts are counted since the last success", "[reconnect]") {
  ReconnectPolicy policy(policy_options(), 1, 1);
  CHECK(policy.on_end(End::lost, start).attempt == 1);
  CHECK(policy.on_end(End::lost, start).attempt == 2);
  policy.on_connected(start);
  CHECK(policy.on_end(End::lost, start).attempt == 1);
}

TEST_CASE("a refusal for good is final before the first success", "[reconnect]") {
  ReconnectPolicy policy(policy_options(), 1, 1);
  CHECK(policy.on_end(End::refused_for_good, start).verdict == Verdict::refused);
}

TEST_CASE("a refusal for good before the first success is retried by option", "[reconnect]") {
  auto stubborn = policy_options();
  stubborn.retry_when_refused = true;
  const auto decision = ReconnectPolicy(stubborn, 1, 1).on_end(End::refused_for_good, start);
  CHECK(decision.verdict == Verdict::retry);
  CHECK(decision.delay == 10s);
}

TEST_CASE("a refusal for good after the first success is retried at the longest delay, or not by option",
          "[reconnect]") {
  for (const bool give_up : {false, true}) {
    auto changed = policy_options();
    changed.give_up_when_refused = give_up;
    ReconnectPolicy policy(changed, 1, 1);
    policy.on_connected(start);
    const auto decision = policy.on_end(End::refused_for_good, start);
    CHECK(decision.verdict == (give_up ? Verdict::refused : Verdict::retry));
    CHECK(decision.delay == 10s);
  }
}

TEST_CASE("a session taken over is fetched back after five seconds at the least, several times, then left",
          "[reconnect]") {
  auto patient = policy_options();
  patient.max_delay = 60s;
  patient.take_overs_max = 4;
  ReconnectPolicy policy(patient, 1, 1);
  for (int i = 0; i < 3; ++i) {
    policy.on_connected(start);
    const auto decision = policy.on_end(End::taken_over, start + 1s);
    CHECK(decision.verdict == Verdict::retry);
    CHECK(decision.delay >= 5s);
    CHECK(decision.delay <= 60s);
  }
  policy.on_connected(start);
  CHECK(policy.on_end(End::taken_over, start + 1s).verdict == Verdict::taken_over);
}

TEST_CASE("a connection that lasted forgives take-overs; the option goes on for ever", "[reconnect]") {
  auto quick = policy_options();
  quick.take_overs_max = 2;
  ReconnectPolicy policy(quick, 1, 1);
  for (int i = 0; i < 5; ++i) {
    policy.on_connected(start);
    CHECK(policy.on_end(End::taken_over, start + 5s).verdict == Verdict::retry);
  }
  quick.retry_when_taken_over = true;
  ReconnectPolicy stubborn(quick, 1, 1);
  for (int i = 0; i < 10; ++i)
    CHECK(stubborn.on_end(End::taken_over, start).verdict == Verdict::retry);
}

TEST_CASE("connect() begins anew: with the shortest delay", "[reconnect]") {
  ReconnectPolicy policy(policy_options(), 1, 1);
  for (int i = 0; i < 20; ++i)
    static_cast<void>(policy.on_end(End::lost, start));
  policy.reset();
  const auto decision = policy.on_end(End::lost, start);
  CHECK(decision.delay <= 100ms);
  CHECK(decision.attempt == 1);
}
