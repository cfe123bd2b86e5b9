#include "client/request_queue.hpp"

#include <poll.h>

#include <array>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "queue_under_test.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace holdfast::test;
using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

namespace {

command::Subscribe request(std::uint64_t ticket) {
  session::SubscriptionRequest wish;
  wish.ticket = ticket;
  return {std::move(wish)};
}

std::vector<std::uint64_t> tickets(const std::vector<Command>& commands) {
  std::vector<std::uint64_t> found;
  for (const Command& command : commands)
    found.push_back(std::get<command::Subscribe>(command).request.ticket);
  return found;
}

// What one thread pushes: its number and a count.
struct Label {
  int thread;
  int count;
};
Label label_of(const session::OutboundMessagePtr& message) {
  const std::string text = payload_of(message);
  return {std::stoi(text), std::stoi(text.substr(text.find('/') + 1))};
}

}  // namespace

TEST_CASE("messages are taken in the order they were accepted, each batch once", "[client][queue]") {
  QueueUnderTest test;
  CHECK_FALSE(test.queue.has_work());
  CHECK(test.take().empty());
  CHECK(test.push("1") == Push::accepted);
  CHECK(test.push("2") == Push::accepted);
  CHECK(test.queue.has_work());
  CHECK(test.take_payloads() == Strings{"1", "2"});
  CHECK_FALSE(test.queue.has_work());
  CHECK(test.push("3") == Push::accepted);
  CHECK(test.take_payloads() == Strings{"3"});
  CHECK(test.take().empty());
}

TEST_CASE("commands are taken in their order, and are work like messages", "[client][queue]") {
  QueueUnderTest test;
  for (const std::uint64_t ticket : {3U, 1U, 2U})
    CHECK(test.queue.push(request(ticket)));
  CHECK(test.queue.has_work());
  Messages messages;
  std::vector<Command> commands;
  test.queue.take_all(messages, commands);
  CHECK(tickets(commands) == std::vector<std::uint64_t>{3, 1, 2});
  CHECK_FALSE(test.queue.has_work());
}

TEST_CASE("a command never comes in an earlier batch than the messages accepted before it",
          "[client][queue]") {
  constexpr int count = 2'000;
  QueueUnderTest test({count, 1'000'000});
  std::thread application([&] {
    for (int i = 1; i <= count; ++i) {
      static_cast<void>(test.push("message"));
      test.queue.push(request(static_cast<std::uint64_t>(i)));
    }
  });
  // Within one batch messages go first, so seeing the command's message by then is enough.
  std::uint64_t messages_seen = 0;
  std::uint64_t last_command = 0;
  bool in_order = true;
  Messages messages;
  std::vector<Command> commands;
  const bool all = support::eventually([&] {
    while (test.queue.has_work()) {
      messages.clear();
      commands.clear();
      test.queue.take_all(messages, commands);
      messages_seen += messages.size();
      if (!commands.empty()) last_command = tickets(commands).back();
      in_order = in_order && last_command <= messages_seen;
    }
    return last_command == count;
  });
  application.join();
  CHECK(all);
  CHECK(in_order);
}

TEST_CASE("what is accepted and unfinished is counted, taken or not", "[client][queue]") {
  QueueUnderTest test;
  const auto first = outbound("12345");
  const auto second = outbound("1");
  CHECK(test.push(first) == Push::accepted);
  CHECK(test.push(second) == Push::accepted);
  CHECK(test.queue.load().messages == 2);
  CHECK(test.queue.load().bytes == first->size() + second->size());
  CHECK(test.take().size() == 2);
  CHECK(test.queue.load().messages == 2);
  test.queue.release({first});
  CHECK(test.queue.load().messages == 1);
  CHECK(test.queue.load().bytes == second->size());
  test.queue.release({second});
  CHECK(test.queue.load().messages == 0);
  CHECK(test.queue.load().bytes == 0);
  CHECK(test.queue.load().accepted == 2);
}

TEST_CASE("what a store brought back counts like what was accepted", "[client][queue]") {
  QueueUnderTest test({3, 1'000});
  const Messages stored{outbound("1"), outbound("2")};
  test.queue.adopt(2, stored[0]->size() + stored[1]->size(), 7);
  CHECK(test.queue.load().messages == 2);
  CHECK_FALSE(test.queue.has_work());  // The engine has them already.
  CHECK(test.push("3") == Push::accepted);
  CHECK(test.push("4") == Push::full);
  test.queue.release(stored);
  CHECK(test.push("4") == Push::accepted);
}

TEST_CASE("what the broker's limits forbid is not accepted, with a sentence that says why",
          "[client][queue]") {
  struct Case {
    BrokerLimits limits;
    session::OutboundMessagePtr message;
    Errc code;
    const char* sentence;
  };
  const auto retained = session::OutboundMessage::make({.topic = "t", .retain = true});
  const std::vector<Case> table{
      {limits_with(&BrokerLimits::maximum_qos, QoS::at_least_once), outbound("x", QoS::exactly_once),
       Errc::qos_not_supported, "QoS 2 asked, this broker grants 1"},
      {limits_with(&BrokerLimits::retain_available, false), retained, Errc::retain_not_supported,
       "does not keep retained messages"},
      {limits_with(&BrokerLimits::maximum_packet_size, 50U), outbound(std::string(60, 'x')),
       Errc::packet_too_large, "this broker takes 50"},
  };
  for (const Case& forbidden : table) {
    CAPTURE(forbidden.sentence);
    QueueUnderTest test;
    test.queue.set_limits(forbidden.limits);
    std::optional<session::LimitViolation> violation;
    CHECK(test.queue.push(forbidden.message, {}, violation) == Push::forbidden);
    REQUIRE(violation);
    CHECK(violation->code == forbidden.code);
    CHECK(mentions(violation->what, "publish \"t\": "));
    CHECK(mentions(violation->what, forbidden.sentence));
    CHECK(test.queue.load().messages == 0);
    CHECK(test.queue.load().accepted == 0);
    CHECK_FALSE(test.queue.has_work());
    CHECK(test.push("allowed") == Push::accepted);
  }
}

TEST_CASE("with lower_qos a QoS above the broker's is accepted", "[client][queue]") {
  QueueUnderTest test({10, 1'000}, true);
  test.queue.set_limits(limits_with(&BrokerLimits::maximum_qos, QoS::at_most_once));
  CHECK(test.push(outbound("x", QoS::exactly_once)) == Push::accepted);
}

TEST_CASE("the limits in force can be read back", "[client][queue]") {
  QueueUnderTest test;
  CHECK_FALSE(test.queue.limits().maximum_packet_size);
  test.queue.set_limits(limits_with(&BrokerLimits::maximum_packet_size, 99U));
  CHECK(test.queue.limits().maximum_packet_size == 99U);
}

TEST_CASE("a closed queue takes nothing more, but gives what it has", "[client][queue]") {
  QueueUnderTest test;
  CHECK(test.push("before") == Push::accepted);
  test.queue.close();
  CHECK(test.push("after") == Push::closed);
  CHECK(test.push("after", unhurried) == Push::closed);
  CHECK_FALSE(test.queue.push(command::Connect{}));
  CHECK(test.take_payloads() == Strings{"before"});
}

TEST_CASE("eight threads push while another takes: nothing is lost, and each thread's order is kept",
          "[client][queue]") {
  constexpr int threads = 8;
  constexpr int each = 500;
  const bool crowded = GENERATE(false, true);  // Crowded: they wait for room again and again.
  QueueUnderTest test({crowded ? 20U : 1'000'000U, 1'000'000});
  Doorbell doorbell;
  std::array<std::atomic<int>, threads> accepted{};
  std::vector<std::thread> application;
  for (int thread = 0; thread < threads; ++thread) {
    application.emplace_back([&, thread] {
      for (int i = 0; i < each; ++i) {
        const std::string payload = std::to_string(thread) + "/" + std::to_string(i);
        if (test.push(payload, unhurried) == Push::accepted) ++accepted[static_cast<std::size_t>(thread)];
        doorbell.ring();
      }
    });
  }
  // The network thread's way: sleep only after a look, and let waiters look before sleeping.
  std::map<int, int> next;
  bool in_order = true;
  int taken = 0;
  int woken = 1;
  while (taken < threads * each && woken == 1) {
    const Messages messages = test.take();
    for (const auto& message : messages) {
      const Label label = label_of(message);
      in_order = in_order && next[label.thread]++ == label.count;
      ++taken;
    }
    test.queue.release(messages);
    doorbell.declare_sleep();
    if (!test.queue.has_work() && taken < threads * each) {
      test.queue.settle();
      pollfd bell{doorbell.descriptor(), POLLIN, 0};
      woken = ::poll(&bell, 1, static_cast<int>(support::patience.count()));
    }
    wake_up(doorbell);
  }
  CHECK(woken == 1);
  if (woken != 1) test.queue.close();
  for (auto& thread : application)
    thread.join();
  CHECK(in_order);
  CHECK(taken == threads * each);
  for (const auto& count : accepted)
    CHECK(count == each);
  CHECK(test.queue.load().messages == 0);
  CHECK(test.queue.load().accepted == threads * each);
}

TEST_CASE("a client that speaks MQTT 3.1.1 alone counts on no subscription identifiers", "[request queue]") {
  const QueueUnderTest test(Options{.protocol = Protocol::mqtt_3_1_1});
  CHECK_FALSE(test.queue.limits().subscription_identifiers_available);
  CHECK(QueueUnderTest().queue.limits().subscription_identifiers_available);
}
