#include "net/detached_task.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "net/thread_signals.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"

using namespace holdfast::net;
using holdfast::support::eventually;

namespace {

// What a function at work waits for; the test opens it.
class Gate {
 public:
  void open() { promise_.set_value(); }
  void pass() const { opened_.wait(); }

 private:
  std::promise<void> promise_;
  std::shared_future<void> opened_ = promise_.get_future().share();
};

// What a helper thread tells the test.
struct Report {
  std::atomic<bool> working{false};
  std::atomic<bool> returned{false};
  std::atomic<bool> finished{false};
};

bool blocks(const sigset_t& mask, int signal) {
  return sigismember(&mask, signal) == 1;
}

sigset_t mask_of_this_thread() {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return mask;
}

}  // namespace

TEST_CASE("a task gives its result once, and it is there when it says that it finished", "[net][detached]") {
  const auto gate = std::make_shared<Gate>();
  const auto report = std::make_shared<Report>();
  DetachedTask<std::string> task(
      [gate] {
        gate->pass();
        return std::string("done");
      },
      [report] { report->finished = true; });
  CHECK_FALSE(task.finished());
  CHECK_FALSE(task.take());
  CHECK_FALSE(report->finished);
  gate->open();
  REQUIRE(eventually([&] { return report->finished.load(); }));
  CHECK(task.finished());
  CHECK(task.take() == "done");
  CHECK_FALSE(task.take());
  CHECK_FALSE(task.finished());
}

TEST_CASE("what the function throws comes out of take(), once", "[net][detached]") {
  DetachedTask<int> task([]() -> int { throw std::runtime_error("no such name"); }, [] {});
  REQUIRE(eventually([&] { return task.finished(); }));
  CHECK_THROWS_WITH(task.take(), "no such name");
  CHECK_FALSE(task.take());
}

TEST_CASE("a task that hangs holds nobody up, and ends alone when it can", "[net][detached]") {
  const auto gate = std::make_shared<Gate>();
  const auto report = std::make_shared<Report>();
  auto task = std::make_optional<DetachedTask<int>>(
      [gate, report] {
        report->working = true;
        gate->pass();
        report->returned = true;
        return 1;
      },
      [report] { report->finished = true; });
  REQUIRE(eventually([&] { return report->working.load(); }));
  task.reset();
  CHECK_FALSE(report->returned);
  gate->open();
  CHECK(eventually([&] { return report->returned && report->finished; }));
  // Nothing of it stays behind: what it held is given back.
  CHECK(eventually([&] { return report.use_count() == 1 && gate.use_count() == 1; }));
}

TEST_CASE("a task's thread takes no signal, and its maker's mask stays as it was", "[net][detached]") {
  const sigset_t before = mask_of_this_thread();
  DetachedTask<sigset_t> task([] { return mask_of_this_thread(); }, [] {});
  REQUIRE(eventually([&] { return task.finished(); }));
  const sigset_t inside = task.take().value();
  const sigset_t after = mask_of_this_thread();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGCHLD, SIGUSR1}) {
    CAPTURE(signal);
    CHECK(blocks(inside, signal));
    CHECK(blocks(after, signal) == blocks(before, signal));
  }
}

TEST_CASE("while signals are blocked, threads are made that take none", "[net][signals]") {
  sigset_t before;
  {  // The application may block some by itself: they stay blocked.
    sigset_t own;
    sigemptyset(&own);
    sigaddset(&own, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &own, &before);
  }
  sigset_t inherited;
  {
    const SignalsBlocked blocked;
    CHECK(blocks(mask_of_this_thread(), SIGTERM));
    std::thread([&] { inherited = mask_of_this_thread(); }).join();
  }
  CHECK(blocks(inherited, SIGTERM));
  CHECK(blocks(inherited, SIGUSR1));
  CHECK_FALSE(blocks(mask_of_this_thread(), SIGTERM));
  CHECK(blocks(mask_of_this_thread(), SIGUSR2));
  sigset_t made_after;
  std::thread([&] { made_after = mask_of_this_thread(); }).join();
  CHECK_FALSE(blocks(made_after, SIGTERM));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}
