#include <holdfast/error.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "store_under_test.hpp"

using namespace holdfast;
using namespace holdfast::test;

TEST_CASE("a session has one owner at a time, and a second one is told whose it is", "[store][owner]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({SessionHeld{{"me", "host"}, {}}, Accepted{message(1)}});
  try {
    static_cast<void>(test.store->open({}));
    FAIL_CHECK("it opened twice");
  } catch (const Error& error) {
    const std::string what = error.what();
    CAPTURE(what);
    CHECK(error.code() == Errc::store_failed);
    for (const char* part : {"another Client has it", "a store and a client id of its own"})
      CHECK(what.find(part) != std::string::npos);
  }
  // The owner notices nothing.
  test.commit({Accepted{message(2)}});
  CHECK(test.reopen().messages.size() == 2);
}

TEST_CASE("close gives the session back, once and for all who ask", "[store][owner]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  for (int round = 0; round < 3; ++round) {
    test.store->close();
    CHECK_NOTHROW(static_cast<void>(test.store->open({})));
    CHECK_THROWS_AS(test.store->open({}), Error);
  }
}

TEST_CASE("closing what is not open harms nobody", "[store][owner]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.store->close();
  test.store->close();
  CHECK_NOTHROW(static_cast<void>(test.store->open({})));
}

TEST_CASE("two stores have nothing in common", "[store][owner]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({Accepted{message(1)}});
  StoreUnderTest other(Kind::memory);
  CHECK(other.reopen().messages.empty());
}

TEST_CASE("clients of several threads have a store in turn", "[store][owner]") {
  constexpr int clients = 4;
  constexpr std::uint64_t each = 200;
  const auto store = memory_store();
  std::atomic<std::uint64_t> next{0};
  std::vector<std::thread> threads;
  for (int client = 0; client < clients; ++client) {
    threads.emplace_back([&] {
      for (std::uint64_t done = 0; done < each;) {
        try {
          static_cast<void>(store->open({}));
        } catch (const Error&) {
          std::this_thread::yield();  // Another client has it.
          continue;
        }
        store->commit({Accepted{message(++next)}}, {});
        store->close();
        ++done;
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(support::open_whole(*store).messages.size() == clients * each);
}

TEST_CASE("of threads that ask for one session at once one gets it", "[store][owner]") {
  const auto store = memory_store();
  std::atomic<int> opened{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      try {
        static_cast<void>(store->open({}));
        ++opened;
      } catch (const Error&) {
        ++refused;
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(opened == 1);
  CHECK(refused == 3);
}
