#include "client/adaptive_spin.hpp"

#include <optional>

#include "tools.hpp"

using namespace holdfast::client;
using namespace holdfast::test;

namespace {

/// Looks for what does not come; how often.
int looks_in_vain(AdaptiveSpin& spin, std::optional<AdaptiveSpin::Clock::time_point> deadline = {}) {
  int looks = 0;
  const bool found = spin(deadline, [&looks] {
    ++looks;
    return false;
  });
  CHECK_FALSE(found);
  return looks;
}

/// How many calls do not look before the next that does, in vain.
int calls_without_a_look(AdaptiveSpin& spin) {
  int calls = 0;
  while (looks_in_vain(spin) == 0)
    ++calls;
  return calls;
}

bool finds(AdaptiveSpin& spin) {
  return spin(std::nullopt, [] { return true; });
}

}  // namespace

TEST_CASE("what comes in a moment is found without sleeping", "[client][spin]") {
  AdaptiveSpin spin;
  int left = 1;  // After the first look another follows, whatever the processor does in between.
  CHECK(spin(std::nullopt, [&left] { return left-- == 0; }));
}

TEST_CASE("what does not come in a moment is left, and what is far away is hardly looked for any more",
          "[client][spin]") {
  AdaptiveSpin spin;
  for (int call = 0; call < AdaptiveSpin::vain_max; ++call)
    CHECK(looks_in_vain(spin) > 0);
  for (const int pause :
       {1, 2, 4, 8, 16, 32, AdaptiveSpin::calls_without_max, AdaptiveSpin::calls_without_max}) {
    CHECK(calls_without_a_look(spin) == pause);  // And the one after these looked, in vain again.
  }
}

TEST_CASE("what was far away and comes near is looked for as before", "[client][spin]") {
  AdaptiveSpin spin;
  for (int call = 0; call < AdaptiveSpin::vain_max; ++call)
    looks_in_vain(spin);
  for (int pause = 1; pause < AdaptiveSpin::calls_without_max; pause *= 2)
    calls_without_a_look(spin);
  while (!finds(spin)) {
  }
  for (int call = 0; call < AdaptiveSpin::vain_max; ++call)
    CHECK(looks_in_vain(spin) > 0);
  CHECK(calls_without_a_look(spin) == 1);
}

TEST_CASE("now and then in vain is no reason to stop looking", "[client][spin]") {
  AdaptiveSpin spin;
  for (int round = 0; round < 10; ++round) {
    for (int call = 1; call < AdaptiveSpin::vain_max; ++call)
      CHECK(looks_in_vain(spin) > 0);
    CHECK(finds(spin));
  }
}

TEST_CASE("what is found too late is no reason to look on", "[client][spin]") {
  AdaptiveSpin spin;
  const auto late = [] {
    const auto end = AdaptiveSpin::Clock::now() + 2 * AdaptiveSpin::longest;
    while (AdaptiveSpin::Clock::now() < end) {
    }
    return true;
  };
  for (int call = 0; call < AdaptiveSpin::vain_max; ++call)
    CHECK(spin(std::nullopt, late));
  CHECK(looks_in_vain(spin) == 0);
}

TEST_CASE("one thread looks at a time", "[client][spin]") {
  AdaptiveSpin spin;
  CHECK(spin(std::nullopt, [&spin] {
    CHECK(looks_in_vain(spin) == 0);
    return true;
  }));
  CHECK(finds(spin));
}

TEST_CASE("a call that may not wait does not look, and says nothing of the distance", "[client][spin]") {
  AdaptiveSpin spin;
  for (int call = 0; call < 10; ++call)
    CHECK(looks_in_vain(spin, at_once()) == 0);
  CHECK(looks_in_vain(spin, in_time()) > 0);
}
