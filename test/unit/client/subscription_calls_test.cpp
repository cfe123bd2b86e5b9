// Calls that wait for an answer to SUBSCRIBE, and a client that ends.
#include "client/subscription_calls.hpp"

#include "tools.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace holdfast::test;
using WhenEnded = SubscriptionCalls::WhenEnded;

namespace {

const Failure not_wanted{make_error_code(Errc::connection_refused), "the broker wants none of us",
                         ReasonCode::not_authorized, ""};

bool is_failure(const std::optional<SubscriptionCalls::Outcome>& outcome) {
  return outcome && std::get<Failure>(*outcome).reason_code == ReasonCode::not_authorized;
}

}  // namespace

TEST_CASE("a call that begins just after the client has ended does not wait for an answer that cannot come",
          "[subscription-calls]") {
  SubscriptionCalls calls;
  const auto before = calls.open(WhenEnded::wait);
  calls.interrupt(not_wanted);
  const auto after = calls.open(WhenEnded::fail);
  CHECK(is_failure(calls.wait(before, in_time())));
  CHECK(is_failure(calls.wait(after, in_time())));
  calls.resume();
  CHECK_FALSE(calls.wait(calls.open(WhenEnded::fail), at_once()));
}

TEST_CASE("a subscribe() that begins after the client has ended waits for the next connect()",
          "[subscription-calls]") {
  SubscriptionCalls calls;
  calls.interrupt(not_wanted);
  CHECK_FALSE(calls.wait(calls.open(WhenEnded::wait), at_once()));
}
