#include "net/waker.hpp"

#include <fcntl.h>

#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include "peer.hpp"

using namespace holdfast;
using namespace holdfast::net;
using namespace holdfast::test;
using namespace std::chrono_literals;

namespace {

bool is_awake(const Waker& waker) {
  return polls(waker.descriptor(), POLLIN, 0ms);
}

Waker* signalled = nullptr;

}  // namespace

TEST_CASE("a waker is readable from wake() until clear(), however often it was woken", "[net][waker]") {
  Waker waker;
  CHECK_FALSE(is_awake(waker));
  waker.clear();
  CHECK_FALSE(is_awake(waker));
  const int times = GENERATE(1, 2, 100'000);
  for (int i = 0; i < times; ++i)
    waker.wake();
  CHECK(is_awake(waker));
  CHECK(is_awake(waker));
  waker.clear();
  CHECK_FALSE(is_awake(waker));
  waker.wake();
  CHECK(is_awake(waker));
}

TEST_CASE("a thread that polls is woken by another", "[net][waker]") {
  Waker waker;
  std::atomic<bool> woken{false};
  std::atomic<bool> about_to_poll{false};
  std::thread sleeper([&] {
    about_to_poll = true;
    woken = polls(waker.descriptor(), POLLIN);
  });
  CHECK(support::eventually([&] { return about_to_poll.load(); }));
  waker.wake();
  sleeper.join();
  CHECK(woken);
}

TEST_CASE("no wake is lost while the sleeper clears", "[net][waker]") {
  constexpr int wakers = 4;
  constexpr int rounds = 5'000;
  Waker waker;
  std::atomic<int> handed_over{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < wakers; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < rounds; ++round) {
        ++handed_over;
        waker.wake();
      }
    });
  }
  int seen = 0;
  bool woken = true;
  while (woken && seen < wakers * rounds) {
    woken = polls(waker.descriptor(), POLLIN);
    waker.clear();
    seen = handed_over;  // After clear(): what comes later wakes again.
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(woken);
  CHECK(seen == wakers * rounds);
}

TEST_CASE("a signal handler may wake", "[net][waker]") {
  Waker waker;
  signalled = &waker;
  struct sigaction waking {};
  waking.sa_handler = [](int) { signalled->wake(); };
  struct sigaction before {};
  REQUIRE(::sigaction(SIGUSR1, &waking, &before) == 0);
  REQUIRE(::raise(SIGUSR1) == 0);
  CHECK(is_awake(waker));
  ::sigaction(SIGUSR1, &before, nullptr);
  signalled = nullptr;
}

TEST_CASE("a waker's descriptor is non-blocking and not inherited by other programs", "[net][waker]") {
  const Waker waker;
  CHECK((::fcntl(waker.descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(waker.descriptor(), F_GETFL) & O_NONBLOCK) != 0);
}
