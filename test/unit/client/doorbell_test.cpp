#include "client/doorbell.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "client/readiness.hpp"
#include "tools.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace holdfast::test;

TEST_CASE("the doorbell is heard by who has declared its sleep", "[client][doorbell]") {
  Doorbell doorbell;
  doorbell.declare_sleep();
  CHECK_FALSE(is_readable(doorbell.descriptor()));
  doorbell.ring();
  CHECK(is_readable(doorbell.descriptor()));
  doorbell.ring();
  doorbell.ring();
  CHECK(wake_up(doorbell));
  CHECK_FALSE(is_readable(doorbell.descriptor()));
}

TEST_CASE("ringing for who is awake costs no system call and leaves nothing behind", "[client][doorbell]") {
  Doorbell doorbell;
  doorbell.ring();
  CHECK_FALSE(is_readable(doorbell.descriptor()));
  doorbell.declare_sleep();
  CHECK_FALSE(is_readable(doorbell.descriptor()));
  doorbell.declare_awake();  // By itself: a deadline, or the socket.
  doorbell.ring();
  CHECK_FALSE(is_readable(doorbell.descriptor()));
}

TEST_CASE("every sleep is interrupted anew", "[client][doorbell]") {
  Doorbell doorbell;
  for (int round = 0; round < 3; ++round) {
    doorbell.declare_sleep();
    CHECK_FALSE(is_readable(doorbell.descriptor()));
    doorbell.ring();
    CHECK(wake_up(doorbell));
  }
}

TEST_CASE("whoever puts something down and rings is noticed, however close to the sleep",
          "[client][doorbell]") {
  constexpr int threads = 3;
  constexpr int each = 5'000;
  Doorbell doorbell;
  std::atomic<int> put_down{0};
  std::vector<std::thread> application;
  for (int i = 0; i < threads; ++i) {
    application.emplace_back([&] {
      for (int round = 0; round < each; ++round) {
        ++put_down;
        doorbell.ring();
      }
    });
  }
  int taken = 0;
  int woken = 1;
  while (taken < threads * each && woken == 1) {
    doorbell.declare_sleep();
    if (taken == put_down) {  // Nothing new: sleep.
      pollfd bell{doorbell.descriptor(), POLLIN, 0};
      woken = ::poll(&bell, 1, static_cast<int>(support::patience.count()));
    }
    wake_up(doorbell);
    taken = put_down;
  }
  for (auto& thread : application)
    thread.join();
  CHECK(woken == 1);
  CHECK(taken == threads * each);
}

TEST_CASE("a ring that comes late wakes once, and then there is silence", "[client][doorbell]") {
  // Its ringer saw a sleep that has ended by itself since.
  for (int round = 0; round < 500; ++round) {
    CAPTURE(round);
    Doorbell doorbell;
    std::atomic<bool> ready{false};
    std::atomic<bool> go{false};
    doorbell.declare_sleep();
    std::thread application([&] {
      ready = true;
      while (!go) {
      }
      doorbell.ring();
    });
    while (!ready) {
    }
    go = true;
    for (int i = 0; i < round && go; ++i) {
    }
    doorbell.declare_awake();
    application.join();
    doorbell.declare_sleep();
    wake_up(doorbell);
    doorbell.declare_sleep();
    REQUIRE_FALSE(wake_up(doorbell));
  }
}

TEST_CASE("readiness shows while messages or events wait", "[client][readiness]") {
  using Source = Readiness::Source;
  Readiness readiness;
  const int descriptor = readiness.descriptor();
  CHECK(readiness.descriptor() == descriptor);
  CHECK_FALSE(is_readable(descriptor));
  readiness.set(Source::messages, true);
  CHECK(is_readable(descriptor));
  readiness.set(Source::events, true);
  readiness.set(Source::messages, true);
  readiness.set(Source::messages, false);
  CHECK(is_readable(descriptor));
  readiness.set(Source::events, false);
  CHECK_FALSE(is_readable(descriptor));
  readiness.set(Source::events, false);
  CHECK_FALSE(is_readable(descriptor));
}

TEST_CASE("a descriptor that is asked for late knows what waits already", "[client][readiness]") {
  Readiness readiness;
  readiness.set(Readiness::Source::events, true);
  CHECK(is_readable(readiness.descriptor()));
  readiness.set(Readiness::Source::events, false);
  CHECK_FALSE(is_readable(readiness.descriptor()));
}

TEST_CASE("readiness that several threads change shows the sum of it in the end", "[client][readiness]") {
  Readiness readiness;
  const int descriptor = readiness.descriptor();
  const bool in_the_end = GENERATE(false, true);
  std::vector<std::thread> threads;
  for (const auto source : {Readiness::Source::messages, Readiness::Source::events}) {
    threads.emplace_back([&, source] {
      for (int i = 0; i < 2'000; ++i) {
        readiness.set(source, true);
        readiness.set(source, false);
      }
      if (in_the_end) readiness.set(source, true);
    });
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(is_readable(descriptor) == in_the_end);
}
