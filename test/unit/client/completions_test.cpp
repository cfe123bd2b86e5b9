#include "client/completions.hpp"

#include <holdfast/delivery.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tools.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace holdfast::test;
using namespace std::chrono_literals;
using session::OutboundMessagePtr;

namespace {

std::shared_ptr<Completions> completions() {
  return std::make_shared<Completions>(std::make_shared<Doorbell>());
}

Delivery follow(const OutboundMessagePtr& message, const std::shared_ptr<Completions>& ends) {
  OutboundMessagePtr reference = message;
  return {reference.release(), ends};
}

}  // namespace

TEST_CASE("a message has ended once it was published as ended, and stays so", "[client][completions]") {
  const auto ends = completions();
  const auto message = outbound("x");
  const auto other = outbound("y");
  CHECK_FALSE(message->done());
  CHECK_FALSE(ends->wait(*message, at_once()));
  ends->publish({message});
  CHECK(message->done());
  CHECK(ends->wait(*message, at_once()));
  CHECK(ends->wait(*message, std::nullopt));
  CHECK_FALSE(other->done());
}

TEST_CASE("who waits for a message that memory ran out for is told that the client ended",
          "[client][completions]") {
  const auto ends = completions();
  const auto message = outbound("x");
  const Delivery delivery = follow(message, ends);
  auto call = on_a_thread([&] { return delivery.wait().error; });
  REQUIRE(support::eventually([&] { return ends->blocked().any(); }));
  ends->close();
  REQUIRE(returns(call));
  CHECK(call.get() == Errc::closed);
  CHECK(delivery.done());
  CHECK_FALSE(delivery.wait_stored(std::chrono::milliseconds::max()));
}

TEST_CASE("who waits for a message returns when it ends, and not before", "[client][completions]") {
  const auto ends = completions();
  const auto message = outbound("x");
  const auto other = outbound("y");
  const bool for_ever = GENERATE(false, true);
  auto call = on_a_thread(
      [&] { return ends->wait(*message, for_ever ? std::nullopt : std::make_optional(in_time())); });
  REQUIRE(support::eventually([&] { return ends->blocked().any(); }));
  ends->publish({other});
  CHECK(goes_on_waiting(call));
  ends->publish({message});
  REQUIRE(returns(call));
  CHECK(call.get());
  CHECK_FALSE(ends->blocked().any());
}

TEST_CASE("a wait ends with its deadline", "[client][completions]") {
  const auto ends = completions();
  const auto message = outbound("x");
  const auto deadline = at_once() + a_while;
  CHECK_FALSE(ends->wait(*message, deadline));
  CHECK(std::chrono::steady_clock::now() >= deadline);
  CHECK_FALSE(ends->blocked().any());
}

TEST_CASE("one batch wakes all who wait for any of it", "[client][completions]") {
  const auto ends = completions();
  std::vector<OutboundMessagePtr> messages;
  std::vector<std::future<bool>> calls;
  for (int i = 0; i < 4; ++i) {
    messages.push_back(outbound("x"));
    for (int twice = 0; twice < 2; ++twice)
      calls.push_back(
          on_a_thread([&ends, message = messages.back()] { return ends->wait(*message, in_time()); }));
  }
  REQUIRE(support::eventually([&] { return ends->blocked().any(); }));
  ends->publish(messages);
  for (auto& call : calls) {
    REQUIRE(returns(call));
    CHECK(call.get());
  }
}

TEST_CASE("no end is missed, however close it is to the beginning of the wait", "[client][completions]") {
  constexpr int rounds = 2'000;
  const auto ends = completions();
  std::vector<OutboundMessagePtr> messages;
  for (int i = 0; i < rounds; ++i)
    messages.push_back(outbound("x"));
  std::atomic<int> announced{0};
  std::thread network([&] {
    for (int i = 0; i < rounds; ++i) {
      while (announced < i + 1)
        std::this_thread::yield();
      messages[static_cast<std::size_t>(i)]->reason_code = ReasonCode::no_matching_subscribers;
      ends->publish({messages[static_cast<std::size_t>(i)]});
    }
  });
  int seen = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto& message = messages[static_cast<std::size_t>(i)];
    ++announced;
    if (!ends->wait(*message, in_time())) break;
    if (message->reason_code == ReasonCode::no_matching_subscribers) ++seen;
  }
  announced = rounds;
  network.join();
  CHECK(seen == rounds);
}

TEST_CASE("a delivery tells how its message ended", "[client][completions][delivery]") {
  const auto ends = completions();
  const auto message = outbound("x");
  const Delivery delivery = follow(message, ends);
  CHECK_FALSE(delivery.done());
  CHECK_FALSE(delivery.wait_for(0ms));
  CHECK_THROWS_AS(delivery.result(), Error);
  message->failure = Errc::request_refused;
  message->reason_code = ReasonCode::quota_exceeded;
  message->repeated = true;
  message->detail = std::make_unique<session::OutcomeDetail>();
  message->detail->reason_string = "no more today";
  message->detail->user_properties = {{"a", "b"}};
  ends->publish({message});
  CHECK(delivery.done());
  CHECK(delivery.wait_for(0ms));
  const DeliveryResult result = delivery.wait();
  CHECK_FALSE(result);
  CHECK(result.error == Errc::request_refused);
  CHECK(result.reason_code == ReasonCode::quota_exceeded);
  CHECK(result.reason_string == "no more today");
  CHECK(result.user_properties == UserProperties{{"a", "b"}});
  CHECK(result.repeated);
}

TEST_CASE("deliveries can be copied and moved, and outlive everything else",
          "[client][completions][delivery]") {
  Delivery copied;
  Delivery moved;
  {
    const auto ends = completions();
    const auto message = outbound("x");
    Delivery first = follow(message, ends);
    copied = first;
    moved = std::move(first);
    ends->publish({message});
  }
  CHECK(copied.done());
  CHECK(moved.wait());
  copied = moved;
  CHECK(copied.result());
}

TEST_CASE("a delivery of nothing has ended well", "[client][completions][delivery]") {
  const Delivery nothing;
  CHECK(nothing.done());
  CHECK(nothing.wait_for(0ms));
  CHECK(nothing.wait());
  CHECK(nothing.result());
}
