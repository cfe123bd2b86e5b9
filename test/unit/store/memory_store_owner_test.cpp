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
  StoreUnderTest test;
  test.commit({Accepted{message(1)}});
  try {
    static_cast<void>(test.store->open(me));
    FAIL_CHECK("it opened twice");
  } catch (const Error& error) {
    const std::string what = error.what();
    CAPTURE(what);
    CHECK(error.code() == Errc::store_failed);
    for (const char* part : {"\"me\"", "mqtt://host", "in use", "client id of its own"})
      CHECK(what.find(part) != std::string::npos);
  }
  // The owner notices nothing.
  test.commit({Accepted{message(2)}});
  CHECK(test.reopen().messages.size() == 2);
}

TEST_CASE("close gives the session back, once and for all who ask", "[store][owner]") {
  StoreUnderTest test;
  for (int round = 0; round < 3; ++round) {
    test.store->close(me);
    CHECK_NOTHROW(static_cast<void>(test.store->open(me)));
    CHECK_THROWS_AS(test.store->open(me), Error);
  }
}

TEST_CASE("closing what is not open harms nobody", "[store][owner]") {
  StoreUnderTest test;
  test.store->close({"somebody", "else"});
  test.store->close(me);
  test.store->close(me);
  CHECK_NOTHROW(static_cast<void>(test.store->open(me)));
}

TEST_CASE("sessions of other client ids and servers are sessions of their own", "[store][owner]") {
  const auto store = memory_store();
  const std::vector<Store::Identity> identities{
      {"me", "mqtt://host"}, {"you", "mqtt://host"}, {"me", "mqtt://other"}, {"", "mqtt://host"}};
  for (const auto& identity : identities)
    CHECK_NOTHROW(static_cast<void>(store->open(identity)));
  for (std::size_t i = 0; i < identities.size(); ++i) {
    const std::string name = std::to_string(i);
    store->commit(identities[i], {Accepted{message(i + 1, name)}, Sent{i + 1, 1}, SessionHeld{name, {}},
                                  InboundReceived{static_cast<std::uint16_t>(i + 1)},
                                  Subscribed{{{name, {}}, std::nullopt}}});
  }
  store->commit(identities[0], {Finished{1}, SessionEnded{}, Unsubscribed{"0"}});
  for (std::size_t i = 0; i < identities.size(); ++i) {
    CAPTURE(i);
    store->close(identities[i]);
    const auto snapshot = store->open(identities[i]);
    const std::size_t expected = i == 0 ? 0 : 1;
    CHECK(snapshot.client_id == std::to_string(i));
    CHECK(snapshot.last_sequence == i + 1);
    CHECK(snapshot.messages.size() == expected);
    CHECK(snapshot.inbound_received.size() == expected);
    CHECK(snapshot.subscriptions.size() == expected);
    if (i != 0) CHECK(filters(snapshot).front() == std::to_string(i));
  }
}

TEST_CASE("two stores have nothing in common", "[store][owner]") {
  StoreUnderTest test;
  test.commit({Accepted{message(1)}});
  StoreUnderTest other;
  CHECK(other.reopen().messages.empty());
}

TEST_CASE("clients of several threads share one store", "[store][owner]") {
  constexpr int clients = 4;
  constexpr std::uint64_t each = 200;
  const auto store = memory_store();
  std::atomic<int> complete{0};
  std::vector<std::thread> threads;
  for (int client = 0; client < clients; ++client) {
    threads.emplace_back([&store, &complete, client] {
      const Store::Identity identity{"client " + std::to_string(client), "mqtt://host"};
      for (std::uint64_t sequence = 1; sequence <= each; ++sequence) {
        const auto snapshot = store->open(identity);
        store->commit(identity, {Accepted{message(sequence)}});
        store->close(identity);
        if (sequence == each && snapshot.messages.size() == each - 1) ++complete;
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(complete == clients);
}

TEST_CASE("of threads that ask for one session at once one gets it", "[store][owner]") {
  const auto store = memory_store();
  std::atomic<int> opened{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      try {
        static_cast<void>(store->open(me));
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
