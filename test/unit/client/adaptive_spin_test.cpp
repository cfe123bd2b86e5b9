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

bool finds(AdaptiveSpin& spin) {
  return spin(std::nullopt, [] { return true; });
}

}  // namespace

TEST_CASE("what comes in a moment is found without sleeping", "[client][spin]") {
  AdaptiveSpin spin;
  int left = 3;
  CHECK(spin(std::nullopt, [&left] { return left-- == 0; }));
}

TEST_CASE("what does not come in a moment is left, and what is far away is not looked for any more",
          "[client][spin]") {
  AdaptiveSpin spin;
  for (int call = 0; call < AdaptiveSpin::vain_max; ++call)
    CHECK(looks_in_vain(spin) > 0);
  for (int call = 0; call < AdaptiveSpin::calls_without; ++call)
    CHECK(looks_in_vain(spin) == 0);
  CHECK(looks_in_vain(spin) > 0);
}

TEST_CASE("now and then in vain is no reason to stop looking", "[client][spin]") {
  AdaptiveSpin spin;
  for (int round = 0; round < 10; ++round) {
    for (int call = 1; call < AdaptiveSpin::vain_max; ++call)
      CHECK(looks_in_vain(spin) > 0);
    CHECK(finds(spin));
  }
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
