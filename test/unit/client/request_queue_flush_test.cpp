#include <string>
#include <vector>

#include "queue_under_test.hpp"

using namespace holdfast;
using namespace holdfast::test;
using namespace std::chrono_literals;

TEST_CASE("with nothing unfinished a flush returns at once", "[client][queue][flush]") {
  QueueUnderTest test;
  CHECK(test.queue.flush(at_once()));
  CHECK(test.push("1") == Push::accepted);
  CHECK_FALSE(test.queue.flush(at_once()));
  test.queue.release(test.take());
  CHECK(test.queue.flush(at_once()));
}

TEST_CASE("a flush waits until its deadline and says that it was not enough", "[client][queue][flush]") {
  QueueUnderTest test;
  CHECK(test.push("1") == Push::accepted);
  const auto deadline = at_once() + a_while;
  CHECK_FALSE(test.queue.flush(deadline));
  CHECK(std::chrono::steady_clock::now() >= deadline);
  CHECK_FALSE(test.blocked.any());
}

TEST_CASE("a flush waits for what is taken and not finished", "[client][queue][flush]") {
  QueueUnderTest test;
  CHECK(test.push("1") == Push::accepted);
  CHECK(test.push("2") == Push::accepted);
  auto flush = test.begin_waiting([&] { return test.queue.flush(in_time()); });
  const Messages messages = test.take();
  test.queue.release({messages[1]});
  CHECK(goes_on_waiting(flush));
  test.queue.release({messages[0]});
  REQUIRE(returns(flush));
  CHECK(flush.get());
}

TEST_CASE("a flush waits for nothing that was accepted after it began", "[client][queue][flush]") {
  QueueUnderTest test;
  const auto before = outbound("before");
  CHECK(test.push(before) == Push::accepted);
  auto flush = test.begin_waiting([&] { return test.queue.flush(in_time()); });
  CHECK(test.push("after") == Push::accepted);
  test.queue.release({before});
  REQUIRE(returns(flush));
  CHECK(flush.get());
  CHECK(test.queue.load().messages == 1);
}

TEST_CASE("what was accepted after a flush and ends first does not end it", "[client][queue][flush]") {
  QueueUnderTest test;
  const auto before = outbound("before");
  const auto after = outbound("after");
  CHECK(test.push(before) == Push::accepted);
  auto flush = test.begin_waiting([&] { return test.queue.flush(in_time()); });
  CHECK(test.push(after) == Push::accepted);
  test.queue.release({after});
  CHECK(goes_on_waiting(flush));
  test.queue.release({before});
  REQUIRE(returns(flush));
  CHECK(flush.get());
}

TEST_CASE("flushes that overlap each wait for their own", "[client][queue][flush]") {
  QueueUnderTest test;
  Messages messages;
  std::vector<std::future<bool>> flushes;
  for (const char* payload : {"1", "2", "3"}) {
    messages.push_back(outbound(payload));
    REQUIRE(test.push(messages.back()) == Push::accepted);
    flushes.push_back(test.begin_waiting([&] { return test.queue.flush(in_time()); }));
  }
  SECTION("in order of acceptance") {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      CHECK_FALSE(has_returned(flushes[i]));
      test.queue.release({messages[i]});
      REQUIRE(returns(flushes[i]));
      CHECK(flushes[i].get());
    }
  }
  SECTION("out of order") {
    test.queue.release({messages[2]});
    test.queue.release({messages[1]});
    for (const auto& flush : flushes)
      CHECK(goes_on_waiting(flush));
    test.queue.release({messages[0]});
    for (auto& flush : flushes) {
      REQUIRE(returns(flush));
      CHECK(flush.get());
    }
  }
}

TEST_CASE("a flush after one that gave up waits for all that is unfinished", "[client][queue][flush]") {
  QueueUnderTest test;
  const auto first = outbound("1");
  const auto second = outbound("2");
  CHECK(test.push(first) == Push::accepted);
  CHECK_FALSE(test.queue.flush(at_once()));
  CHECK_FALSE(test.queue.flush(at_once()));
  CHECK(test.push(second) == Push::accepted);
  test.queue.release({first});
  CHECK_FALSE(test.queue.flush(at_once()));
  test.queue.release({second});
  CHECK(test.queue.flush(at_once()));
}

TEST_CASE("a flush waits for what a store brought back", "[client][queue][flush]") {
  QueueUnderTest test;
  const Messages stored{outbound("stored")};
  test.queue.adopt(1, stored[0]->size(), 7);
  auto flush = test.begin_waiting([&] { return test.queue.flush(in_time()); });
  test.queue.release(stored);
  REQUIRE(returns(flush));
  CHECK(flush.get());
}
