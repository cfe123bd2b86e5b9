// What happens when nobody takes the messages.
#include <string>
#include <vector>

#include "inbox_under_test.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace holdfast::test;
using Strings = std::vector<std::string>;

namespace {

// Receives `count` messages; whether the doorbell rang for one of them.
bool rang_receiving(InboxUnderTest& test, int count) {
  bool rang = false;
  for (int i = 0; i < count; ++i)
    rang |= test.rang_while([&] { CHECK(test.inbox->receive(no_wait)); });
  return rang;
}

constexpr std::size_t size_of_x = 2;  // Topic "t" and payload "x".

}  // namespace

TEST_CASE("reading pauses when QoS 0 messages fill the inbox, and goes on with an eighth of room",
          "[client][inbox][bounds]") {
  InboxUnderTest test({.messages_max = 16});
  test.flood(0, 15);
  CHECK_FALSE(test.inbox->full());
  test.flood(15, 1);
  CHECK(test.inbox->full());
  CHECK_FALSE(rang_receiving(test, 1));
  CHECK(test.inbox->full());
  CHECK(rang_receiving(test, 1));
  CHECK_FALSE(test.inbox->full());
  CHECK_FALSE(rang_receiving(test, 14));
  CHECK(test.inbox->dropped() == 0);
}

TEST_CASE("reading goes on when what filled the inbox moves to a handle", "[client][inbox][bounds]") {
  InboxUnderTest test({.messages_max = 16});
  test.flood(0, 16);
  CHECK(test.inbox->full());
  CHECK(test.inbox->take_if([](const auto&) { return true; }).size() == 16);
  CHECK_FALSE(test.inbox->full());
}

TEST_CASE("reading pauses for bytes as it does for messages", "[client][inbox][bounds]") {
  InboxUnderTest test({.bytes_max = 16 * size_of_x});
  for (int i = 0; i < 15; ++i)
    test.deliver(inbound("x"));
  CHECK_FALSE(test.inbox->full());
  test.deliver(inbound("x"));
  CHECK(test.inbox->full());
  CHECK_FALSE(rang_receiving(test, 1));
  CHECK(rang_receiving(test, 1));
  CHECK_FALSE(test.inbox->full());
}

TEST_CASE("what was read already is kept when reading pauses", "[client][inbox][bounds]") {
  InboxUnderTest test({.messages_max = 2});
  test.flood(0, 5);
  CHECK(test.inbox->full());
  CHECK(test.inbox->dropped() == 0);
  CHECK(test.receive_all() == Strings{"0", "1", "2", "3", "4"});
  CHECK_FALSE(test.inbox->full());
}

TEST_CASE("while a call waits for its answer reading goes on, and the newest QoS 0 messages are dropped",
          "[client][inbox][bounds]") {
  InboxUnderTest test({.messages_max = 2});
  test.flood(0, 5, true);
  CHECK(test.inbox->full());
  CHECK(test.inbox->dropped() == 3);
  CHECK(test.inbox->received() == 2);
  CHECK(test.receive_all() == Strings{"0", "1"});
}

TEST_CASE("drop_newest drops what comes when the inbox is full, and never pauses",
          "[client][inbox][bounds]") {
  InboxUnderTest test({.when_full = InboxFull::drop_newest, .messages_max = 3});
  test.flood(0, 2);
  test.flood(2, 3);
  CHECK_FALSE(test.inbox->full());
  CHECK(test.inbox->dropped() == 2);
  CHECK(test.inbox->received() == 3);
  CHECK(test.receive_all() == Strings{"0", "1", "2"});
  test.flood(5, 1);
  CHECK(test.receive_all() == Strings{"5"});
}

TEST_CASE("drop_oldest makes room for what comes, and never pauses", "[client][inbox][bounds]") {
  InboxUnderTest test({.when_full = InboxFull::drop_oldest, .messages_max = 3});
  test.flood(0, 2);
  test.flood(2, 3);
  CHECK_FALSE(test.inbox->full());
  CHECK(test.inbox->dropped() == 2);
  CHECK(test.inbox->size() == 3);
  CHECK(test.receive_all() == Strings{"2", "3", "4"});
}

TEST_CASE("drop_oldest keeps to the bytes allowed too", "[client][inbox][bounds]") {
  InboxUnderTest test({.when_full = InboxFull::drop_oldest, .bytes_max = 3 * size_of_x});
  for (const char* payload : {"1", "2", "3"})
    test.deliver(inbound(payload));
  test.deliver(inbound("4"));
  CHECK(test.receive_all() == Strings{"2", "3", "4"});
}

TEST_CASE("a message larger than the whole inbox is handed over when it comes alone",
          "[client][inbox][bounds]") {
  const auto when_full = GENERATE(InboxFull::pause, InboxFull::drop_oldest, InboxFull::drop_newest);
  InboxUnderTest test({.when_full = when_full, .bytes_max = 10});
  const std::string large(1'000, 'x');
  test.deliver(inbound(large));
  CHECK(test.inbox->dropped() == 0);
  CHECK(test.receive_all() == Strings{large});
}

TEST_CASE("QoS 1 and 2 messages are never dropped and fill nothing", "[client][inbox][bounds]") {
  const auto when_full = GENERATE(InboxFull::pause, InboxFull::drop_oldest, InboxFull::drop_newest);
  const bool reading_on = GENERATE(false, true);
  InboxUnderTest test({.when_full = when_full, .messages_max = 2, .bytes_max = 2 * size_of_x});
  Strings sent;
  for (int i = 0; i < 20; ++i) {
    sent.push_back(std::to_string(i));
    const QoS qos = i % 2 == 0 ? QoS::at_least_once : QoS::exactly_once;
    test.messages.push_back(inbound(sent.back(), qos, static_cast<std::uint16_t>(i + 1)));
  }
  test.exchange(reading_on);
  CHECK_FALSE(test.inbox->full());
  CHECK(test.inbox->dropped() == 0);
  CHECK(test.receive_all() == sent);
}

TEST_CASE("making room takes QoS 0 messages from between the others", "[client][inbox][bounds]") {
  InboxUnderTest test({.when_full = InboxFull::drop_oldest, .messages_max = 2});
  test.deliver(inbound("a", QoS::at_least_once, 1), inbound("0"), inbound("b", QoS::exactly_once, 2),
               inbound("1"), inbound("c", QoS::at_least_once, 3), inbound("2"), inbound("3"));
  CHECK(test.inbox->dropped() == 2);
  CHECK(test.receive_all() == Strings{"a", "b", "c", "2", "3"});
}

TEST_CASE("QoS 1 and 2 messages wait behind a full inbox and pass no QoS 0 message",
          "[client][inbox][bounds]") {
  InboxUnderTest test({.messages_max = 8});
  test.flood(0, 8);
  test.deliver(inbound("a", QoS::at_least_once, 1));
  CHECK(test.inbox->full());
  CHECK(test.receive_all() == Strings{"0", "1", "2", "3", "4", "5", "6", "7", "a"});
}

TEST_CASE("with everything dropped the descriptor does not claim that a message waits",
          "[client][inbox][bounds]") {
  InboxUnderTest test({.when_full = InboxFull::drop_oldest, .messages_max = 1});
  const int descriptor = test.readiness->descriptor();
  test.flood(0, 3);
  CHECK(is_readable(descriptor));
  CHECK(test.receive_all() == Strings{"2"});
  CHECK_FALSE(is_readable(descriptor));
}

TEST_CASE("a bound below eight holds: reading goes on only when there is room", "[client][inbox][bounds]") {
  InboxUnderTest test({.messages_max = 4});
  test.deliver(inbound("x", QoS::at_least_once, 1));
  test.flood(0, 4);
  static_cast<void>(rang_receiving(test, 1));
  CHECK(test.inbox->full());
  CHECK(rang_receiving(test, 1));
  CHECK_FALSE(test.inbox->full());
}
