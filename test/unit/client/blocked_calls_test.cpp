#include "client/blocked_calls.hpp"

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "tools.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace holdfast::test;

namespace {
struct CallsUnderTest {
  const std::shared_ptr<Doorbell> doorbell = std::make_shared<Doorbell>();
  BlockedCalls calls{doorbell};
};
}  // namespace

TEST_CASE("a call counts as blocked for as long as its scope lives", "[client][blocked]") {
  CallsUnderTest test;
  CHECK_FALSE(test.calls.any());
  {
    const BlockedCalls::Scope outer(test.calls);
    CHECK(test.calls.any());
    { const BlockedCalls::Scope inner(test.calls); }
    CHECK(test.calls.any());
    CHECK(test.calls.any_that_saw_before());
  }
  CHECK_FALSE(test.calls.any());
  CHECK_FALSE(test.calls.any_that_saw_before());
}

TEST_CASE("a call that begins or ends while reading is to pause rings, so that it goes on or stops",
          "[client][blocked]") {
  CallsUnderTest test;
  test.doorbell->declare_sleep();
  {
    const BlockedCalls::Scope scope(test.calls);
    CHECK_FALSE(is_readable(test.doorbell->descriptor()));  // Reading anyway: no reason to ring.
  }
  test.calls.set_pause_wanted(true);
  CHECK_FALSE(is_readable(test.doorbell->descriptor()));
  {
    const BlockedCalls::Scope scope(test.calls);
    CHECK(is_readable(test.doorbell->descriptor()));
    test.doorbell->clear();
    test.doorbell->declare_sleep();
  }
  CHECK(is_readable(test.doorbell->descriptor()));
}

TEST_CASE("reading is never left paused with a call blocked", "[client][blocked]") {
  // Either the network thread sees the call, or the call sees that reading pauses and rings.
  for (int round = 0; round < 500; ++round) {
    CallsUnderTest test;
    test.doorbell->declare_sleep();
    std::optional<BlockedCalls::Scope> scope;
    std::thread application([&] { scope.emplace(test.calls); });
    test.calls.set_pause_wanted(true);
    const bool seen = test.calls.any();
    application.join();
    const bool rang = is_readable(test.doorbell->descriptor());
    REQUIRE((seen || rang));
  }
}
