// The queue's bounds, and the calls that wait for room.
#include <algorithm>
#include <string>
#include <vector>

#include "queue_under_test.hpp"
#include "store/store.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace holdfast::test;
using namespace std::chrono_literals;

TEST_CASE("the queue holds as many messages as allowed, and room comes back with each that ends",
          "[client][queue][room]") {
  QueueUnderTest test({2, 1'000'000});
  CHECK(test.push("1") == Push::accepted);
  CHECK(test.push("2") == Push::accepted);
  CHECK(test.push("3") == Push::full);
  const Messages taken = test.take();
  CHECK(test.push("3") == Push::full);  // Taken is not finished.
  test.queue.release({taken.front()});
  CHECK(test.push("3") == Push::accepted);
  CHECK(test.push("4") == Push::full);
}

TEST_CASE("the queue holds as many bytes as allowed, topic included", "[client][queue][room]") {
  const auto message = [](std::size_t size) { return outbound(std::string(size - 1, 'x')); };  // And "t".
  QueueUnderTest test({1'000, 100});
  CHECK(test.push(message(60)) == Push::accepted);
  CHECK(test.push(message(41)) == Push::full);
  CHECK(test.push(message(40)) == Push::accepted);
  CHECK(test.push(outbound("", QoS::at_least_once, "t")) == Push::full);
  CHECK(test.queue.load().bytes == 100);
}

TEST_CASE("a message larger than the bound goes alone instead of never", "[client][queue][room]") {
  const std::string large(200, 'x');
  QueueUnderTest test({1'000, 100});
  CHECK(test.push("small") == Push::accepted);
  CHECK(test.push(large) == Push::full);
  test.queue.release(test.take());
  CHECK(test.push(large) == Push::accepted);
  CHECK(test.push("small") == Push::full);
  test.queue.release(test.take());
  CHECK(test.push("small") == Push::accepted);
}

TEST_CASE("a push that finds no room waits as long as it was told, and no longer", "[client][queue][room]") {
  QueueUnderTest test({1, 1'000});
  CHECK(test.push("1") == Push::accepted);
  const auto begun = std::chrono::steady_clock::now();
  CHECK(test.push("2", 0ms) == Push::full);
  CHECK(test.push("2", -5ms) == Push::full);
  CHECK(test.push("2", a_while) == Push::full);
  CHECK(std::chrono::steady_clock::now() - begun >= a_while);
  CHECK(test.queue.load().accepted == 1);
}

TEST_CASE("a waiting push goes on when room is made", "[client][queue][room]") {
  QueueUnderTest test({1, 1'000});
  CHECK(test.push("1") == Push::accepted);
  auto push = test.begin_waiting([&] { return test.push("2", unhurried); });
  CHECK(goes_on_waiting(push));
  test.queue.release(test.take());
  REQUIRE(returns(push));
  CHECK(push.get() == Push::accepted);
  CHECK(test.take_payloads() == std::vector<std::string>{"2"});
  CHECK_FALSE(test.blocked.any());
}

TEST_CASE("a push without end waits without end", "[client][queue][room]") {
  QueueUnderTest test({1, 1'000});
  CHECK(test.push("1") == Push::accepted);
  auto push = test.begin_waiting([&] { return test.push("2", std::chrono::milliseconds::max()); });
  CHECK(goes_on_waiting(push));
  test.queue.release(test.take());
  REQUIRE(returns(push));
  CHECK(push.get() == Push::accepted);
}

TEST_CASE("a push that needs much room is not satisfied with little", "[client][queue][room]") {
  QueueUnderTest test({1'000, 100});
  const auto small = outbound(std::string(19, 'x'));
  const auto middle = outbound(std::string(79, 'x'));
  CHECK(test.push(middle) == Push::accepted);
  CHECK(test.push(small) == Push::accepted);
  auto push = test.begin_waiting([&] { return test.push(std::string(49, 'y'), unhurried); });
  test.queue.release({small});
  test.queue.settle();
  CHECK(goes_on_waiting(push));
  test.queue.release({middle});
  REQUIRE(returns(push));
  CHECK(push.get() == Push::accepted);
}

TEST_CASE("before the network thread sleeps, the smallest room is given to who waits",
          "[client][queue][room]") {
  QueueUnderTest test({16, 1'000});
  Messages accepted;
  for (int i = 0; i < 16; ++i) {
    accepted.push_back(outbound("x"));
    REQUIRE(test.push(accepted.back()) == Push::accepted);
  }
  auto push = test.begin_waiting([&] { return test.push("y", unhurried); });
  test.queue.release({accepted[0]});  // Less than an eighth: not worth a wake-up.
  test.queue.settle();
  REQUIRE(returns(push));
  CHECK(push.get() == Push::accepted);
  CHECK(test.queue.load().messages == 16);
}

TEST_CASE("as many waiting pushes go on as there is room for", "[client][queue][room]") {
  QueueUnderTest test({2, 1'000});
  const auto first = outbound("1");
  const auto second = outbound("2");
  CHECK(test.push(first) == Push::accepted);
  CHECK(test.push(second) == Push::accepted);
  std::vector<std::future<Push>> pushes;
  for (int i = 0; i < 4; ++i)
    pushes.push_back(test.begin_waiting([&] { return test.push("y", unhurried); }));
  const auto gone_on = [&] { return std::count_if(pushes.begin(), pushes.end(), has_returned<Push>); };
  test.queue.release({first});
  test.queue.settle();
  CHECK(support::eventually([&] { return gone_on() == 1; }));
  CHECK(support::throughout(a_while, [&] { return gone_on() == 1; }));
  CHECK(test.queue.load().messages == 2);
  test.queue.release({second});
  test.queue.settle();
  CHECK(support::eventually([&] { return gone_on() == 2; }));
  test.queue.close();
  int accepted = 0;
  for (auto& push : pushes) {
    REQUIRE(returns(push));
    accepted += push.get() == Push::accepted ? 1 : 0;
  }
  CHECK(accepted == 2);
}

TEST_CASE("publishers that publish once each all get through, however few messages end",
          "[client][queue][room]") {
  QueueUnderTest test({64, 1'000});
  Messages accepted;
  for (int i = 0; i < 64; ++i) {
    accepted.push_back(outbound("x"));
    REQUIRE(test.push(accepted.back()) == Push::accepted);
  }
  std::vector<std::future<Push>> pushes;
  for (int i = 0; i < 32; ++i)
    pushes.push_back(test.begin_waiting([&] { return test.push("y", unhurried); }));
  test.queue.release(accepted);  // Once, and nothing ends any more.
  CHECK(support::eventually([&] {
    test.queue.settle();
    return std::all_of(pushes.begin(), pushes.end(), has_returned<Push>);
  }));
  CHECK(test.queue.load().messages == 32);
}

TEST_CASE("who waits for room gets it though another publishes on and on", "[client][queue][room]") {
  QueueUnderTest test({16, 1'000});
  for (int i = 0; i < 16; ++i)
    REQUIRE(test.push("x") == Push::accepted);
  auto one = test.begin_waiting([&] { return test.push("y", unhurried); });
  auto other = test.begin_waiting([&] { return test.push("y", unhurried); });
  // The network thread has always something to do, so it never settles, and the outbox is never full again.
  CHECK(support::eventually([&] {
    static_cast<void>(test.push("z"));
    test.queue.release(test.take());
    return has_returned(one) && has_returned(other);
  }));
}

TEST_CASE("a message too large for the room keeps no smaller one from it", "[client][queue][room]") {
  QueueUnderTest test({1'000, 100});
  const auto small = outbound(std::string(19, 'x'));
  CHECK(test.push(small) == Push::accepted);
  CHECK(test.push(std::string(79, 'x')) == Push::accepted);
  auto large = test.begin_waiting([&] { return test.push(std::string(49, 'y'), unhurried); });
  auto fitting = test.begin_waiting([&] { return test.push(std::string(9, 'y'), unhurried); });
  test.queue.release({small});
  test.queue.settle();
  REQUIRE(returns(fitting));
  CHECK(fitting.get() == Push::accepted);
  test.queue.close();
  REQUIRE(returns(large));
  CHECK(large.get() == Push::closed);
}

TEST_CASE("a publisher whose message is forbidden leaves the room to the next", "[client][queue][room]") {
  QueueUnderTest test({1, 1'000});
  CHECK(test.push("1") == Push::accepted);
  std::optional<session::LimitViolation> violation;
  auto forbidden = test.begin_waiting(
      [&] { return test.queue.push(outbound("2", QoS::exactly_once), {unhurried}, violation); });
  auto allowed = test.begin_waiting([&] { return test.push("3", unhurried); });
  test.queue.set_limits(limits_with(&BrokerLimits::maximum_qos, QoS::at_least_once));
  test.queue.release(test.take());
  REQUIRE(returns(allowed));
  CHECK(allowed.get() == Push::accepted);
  REQUIRE(returns(forbidden));
  CHECK(forbidden.get() == Push::forbidden);
}

TEST_CASE("closing wakes all who wait, and they are told", "[client][queue][room]") {
  QueueUnderTest test({1, 1'000});
  CHECK(test.push("1") == Push::accepted);
  std::vector<std::future<Push>> pushes;
  for (int i = 0; i < 3; ++i)
    pushes.push_back(test.begin_waiting([&] { return test.push("2", unhurried); }));
  auto flush = test.begin_waiting([&] { return test.queue.flush(in_time()); });
  test.queue.close();
  for (auto& push : pushes) {
    REQUIRE(returns(push));
    CHECK(push.get() == Push::closed);
  }
  REQUIRE(returns(flush));
  CHECK_FALSE(flush.get());
  CHECK_FALSE(test.blocked.any());
}

TEST_CASE("who gives up what it waits to publish returns, and leaves the room to the next",
          "[client][queue][room]") {
  QueueUnderTest test({1, 1'000});
  CHECK(test.push("1") == Push::accepted);
  std::atomic<bool> given_up{false};
  const auto push_unless_given_up = [&](std::string_view payload) {
    std::optional<session::LimitViolation> violation;
    return test.queue.push(outbound(payload), {unhurried, &given_up}, violation);
  };
  auto gives_up = test.begin_waiting([&] { return push_unless_given_up("2"); });
  SECTION("once it is to look again") {
    given_up = true;
    test.queue.look_again();
    REQUIRE(returns(gives_up));
  }
  SECTION("when there is room") {
    auto waits = test.begin_waiting([&] { return test.push("3", unhurried); });
    given_up = true;
    test.queue.release(test.take());
    REQUIRE(returns(waits));
    CHECK(waits.get() == Push::accepted);
  }
  CHECK(gives_up.get() == Push::given_up);
  test.queue.release(test.take());
  CHECK(push_unless_given_up("4") == Push::given_up);
  CHECK(test.queue.load().messages == 0);
}

TEST_CASE("limits that come while a push waits are kept too", "[client][queue][room]") {
  QueueUnderTest test({1, 1'000});
  CHECK(test.push("1") == Push::accepted);
  std::optional<session::LimitViolation> violation;
  auto push = test.begin_waiting(
      [&] { return test.queue.push(outbound("2", QoS::exactly_once), {unhurried}, violation); });
  test.queue.set_limits(limits_with(&BrokerLimits::maximum_qos, QoS::at_least_once));
  test.queue.release(test.take());
  REQUIRE(returns(push));
  CHECK(push.get() == Push::forbidden);
  CHECK(violation);
}

namespace {

/// A store on a disk, as far as the queue asks.
class DiskStore : public Store {
 public:
  session::Snapshot open(session::TimePoint) override { return {}; }
  std::vector<session::OutboundMessagePtr> load(const session::WaitingRange&) override { return {}; }
  void commit(const session::Journal&, session::TimePoint) override {}
  void close() noexcept override {}
};

}  // namespace

TEST_CASE("who publishes faster than the disk writes waits for it, whatever the bounds",
          "[client][queue][room]") {
  Options options;
  options.store = std::make_shared<DiskStore>();
  QueueUnderTest test(options);
  const std::string payload(1 << 20, 'x');
  for (int i = 0; i < 3; ++i)
    CHECK(test.push(payload) == Push::accepted);
  CHECK(test.push(payload) == Push::full);
  auto waiting = test.begin_waiting([&] { return test.push(payload, unhurried); });
  CHECK(test.take().size() == 3);
  REQUIRE(returns(waiting));
  CHECK(waiting.get() == Push::accepted);
}

TEST_CASE("a store in memory is not waited for", "[client][queue][room]") {
  Options options;
  options.store = memory_store();
  QueueUnderTest test(options);
  for (int i = 0; i < 10; ++i)
    CHECK(test.push(std::string(1 << 20, 'x')) == Push::accepted);
}
