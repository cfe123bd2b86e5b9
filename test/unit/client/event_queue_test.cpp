#include "client/event_queue.hpp"

#include <memory>
#include <thread>
#include <variant>
#include <vector>

#include "tools.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace holdfast::test;

namespace {

Event numbered(unsigned number) {
  return Reconnecting{{}, number};
}

struct EventsUnderTest {
  std::optional<unsigned> next(std::chrono::steady_clock::time_point deadline = at_once()) {
    const auto event = queue.next(deadline);
    if (!event) return std::nullopt;
    return std::get<Reconnecting>(*event).attempt;
  }

  const std::shared_ptr<Readiness> readiness = std::make_shared<Readiness>();
  EventQueue queue{readiness};
};

}  // namespace

TEST_CASE("events come in the order they happened, each once", "[client][events]") {
  EventsUnderTest test;
  CHECK_FALSE(test.next());
  for (unsigned i = 0; i < 3; ++i)
    test.queue.push(numbered(i));
  for (unsigned i = 0; i < 3; ++i)
    CHECK(test.next() == i);
  CHECK_FALSE(test.next());
}

TEST_CASE("the last thousand events are kept for an application that takes none", "[client][events]") {
  EventsUnderTest test;
  constexpr unsigned count = 2'500;
  for (unsigned i = 0; i < count; ++i)
    test.queue.push(numbered(i));
  for (unsigned i = count - 1'000; i < count; ++i)
    REQUIRE(test.next() == i);
  CHECK_FALSE(test.next());
}

TEST_CASE("an event is waited for until the deadline", "[client][events]") {
  EventsUnderTest test;
  SECTION("in vain") {
    const auto deadline = at_once() + a_while;
    CHECK_FALSE(test.next(deadline));
    CHECK(std::chrono::steady_clock::now() >= deadline);
  }
  SECTION("until one comes") {
    auto call = on_a_thread([&] { return test.next(in_time()); });
    CHECK(goes_on_waiting(call));
    test.queue.push(numbered(7));
    REQUIRE(returns(call));
    CHECK(call.get() == 7U);
  }
}

TEST_CASE("every thread that waits gets an event when there is one for each", "[client][events]") {
  EventsUnderTest test;
  std::vector<std::future<std::optional<unsigned>>> calls;
  for (int i = 0; i < 4; ++i)
    calls.push_back(on_a_thread([&] { return test.next(in_time()); }));
  CHECK(goes_on_waiting(calls.back()));
  unsigned sum = 0;
  for (unsigned i = 1; i <= 4; ++i)
    test.queue.push(numbered(i));
  for (auto& call : calls) {
    REQUIRE(returns(call));
    sum += call.get().value_or(0);
  }
  CHECK(sum == 10);
}

TEST_CASE("when the client is destroyed all who wait return, and what happened before can be taken",
          "[client][events]") {
  EventsUnderTest test;
  std::vector<std::future<std::optional<unsigned>>> calls;
  for (int i = 0; i < 3; ++i)
    calls.push_back(on_a_thread([&] { return test.next(in_time()); }));
  CHECK(goes_on_waiting(calls.back()));
  test.queue.close();
  for (auto& call : calls) {
    REQUIRE(returns(call));
    CHECK_FALSE(call.get());
  }
  test.queue.push(numbered(1));
  CHECK(test.next(in_time()) == 1U);
  CHECK_FALSE(test.next(in_time()));
}

TEST_CASE("the descriptor is readable exactly while an event waits, however many were lost",
          "[client][events]") {
  EventsUnderTest test;
  const int descriptor = test.readiness->descriptor();
  CHECK_FALSE(is_readable(descriptor));
  const unsigned count = GENERATE(1U, 2U, 1'500U);
  for (unsigned i = 0; i < count; ++i)
    test.queue.push(numbered(i));
  CHECK(is_readable(descriptor));
  unsigned taken = 0;
  while (is_readable(descriptor) && test.next())
    ++taken;
  CHECK(taken == std::min(count, 1'000U));
  CHECK_FALSE(is_readable(descriptor));
  CHECK_FALSE(test.next());
}

TEST_CASE("dropped messages are one event for each reason, until something else happens",
          "[client][events]") {
  EventsUnderTest test;
  for (int i = 0; i < 2'000; ++i) {
    test.queue.push(MessagesDropped{Errc::dropped, 1, "a"});
    test.queue.push(MessagesDropped{Errc::superseded, 2, "b"});
  }
  test.queue.push(numbered(1));
  test.queue.push(MessagesDropped{Errc::dropped, 1, "c"});
  const auto dropped = [&test] { return std::get<MessagesDropped>(test.queue.next(at_once()).value()); };
  CHECK(dropped().messages == 2'000);
  CHECK(dropped().messages == 4'000);
  CHECK(test.next() == 1U);
  CHECK(dropped().topic == "c");
}
