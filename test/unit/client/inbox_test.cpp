#include "client/inbox.hpp"

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "inbox_under_test.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace holdfast::test;
using Strings = std::vector<std::string>;

TEST_CASE("messages come out in the order they came in, at every QoS", "[client][inbox]") {
  InboxUnderTest test;
  test.deliver(inbound("1", QoS::exactly_once, 7), inbound("2"), inbound("3", QoS::at_least_once, 8));
  test.deliver(inbound("4"));
  CHECK(test.inbox->size() == 4);
  CHECK(test.inbox->received() == 4);
  CHECK(test.receive_all() == Strings{"1", "2", "3", "4"});
  CHECK(test.inbox->size() == 0);
  CHECK(test.inbox->received() == 4);
  CHECK(test.inbox->dropped() == 0);
}

TEST_CASE("a message is handed over with all that came with it", "[client][inbox]") {
  InboxUnderTest test;
  wire::Publish publish;
  publish.qos = QoS::at_least_once;
  publish.retain = publish.dup = true;
  publish.payload = bytes_of("payload");
  test.deliver(session::InboundMessage::make(publish, "a/topic", {17, 1}));
  const auto message = test.inbox->receive(no_wait);
  REQUIRE(message);
  CHECK(message->topic() == "a/topic");
  CHECK(message->payload() == "payload");
  CHECK(message->qos() == QoS::at_least_once);
  CHECK(message->retain());
  CHECK(message->duplicate());
  CHECK(message->packet_identifier() == 17);
}

TEST_CASE("the vectors of an exchange are the caller's to use again", "[client][inbox]") {
  InboxUnderTest test;
  test.messages.push_back(inbound("1", QoS::at_least_once, 1));
  test.inbox->exchange(test.messages, test.acknowledged, false);
  CHECK(test.messages.empty());
  CHECK(test.inbox->receive(no_wait));
  CHECK(test.acknowledged_identifiers() == Identifiers{1});
  CHECK(test.acknowledged_identifiers().empty());
}

TEST_CASE("receive waits for a message until its deadline", "[client][inbox]") {
  InboxUnderTest test;
  SECTION("in vain") {
    const auto deadline = at_once() + a_while;
    CHECK_FALSE(test.inbox->receive(a_while));
    CHECK(std::chrono::steady_clock::now() >= deadline);
  }
  SECTION("until one comes") {
    auto call = on_a_thread([&] { return test.inbox->receive(long_enough); });
    CHECK(goes_on_waiting(call));
    test.deliver(inbound("late"));
    REQUIRE(returns(call));
    CHECK(call.get().value().payload() == "late");
  }
}

TEST_CASE("every waiting receiver gets a message when there is one for each", "[client][inbox]") {
  InboxUnderTest test;
  std::vector<std::future<std::optional<Message>>> calls;
  for (int i = 0; i < 4; ++i)
    calls.push_back(on_a_thread([&] { return test.inbox->receive(long_enough); }));
  CHECK(goes_on_waiting(calls.back()));
  test.deliver(inbound("x"));
  test.deliver(inbound("x"), inbound("x"), inbound("x"));
  for (auto& call : calls) {
    REQUIRE(returns(call));
    CHECK(call.get());
  }
  CHECK(test.inbox->size() == 0);
}

TEST_CASE("a loop over all messages ends when the inbox is closed and empty; a plain receive waits on",
          "[client][inbox]") {
  InboxUnderTest test;
  auto loop = on_a_thread([&] { return test.inbox->receive(long_enough, true); });
  auto plain = on_a_thread([&] { return test.inbox->receive(long_enough); });
  CHECK(goes_on_waiting(loop));
  test.inbox->set_closed(true);
  REQUIRE(returns(loop));
  CHECK_FALSE(loop.get());
  CHECK(goes_on_waiting(plain));
  test.deliver(inbound("1"));
  REQUIRE(returns(plain));
  CHECK(plain.get());
  test.deliver(inbound("2"));
  CHECK(test.inbox->receive(long_enough, true));  // What came before is still handed over.
  CHECK_FALSE(test.inbox->receive(long_enough, true));
}

TEST_CASE("an inbox opened again is waited for again", "[client][inbox]") {
  InboxUnderTest test;
  test.inbox->set_closed(true);
  CHECK_FALSE(test.inbox->receive(long_enough, true));
  test.inbox->set_closed(false);
  auto call = on_a_thread([&] { return test.inbox->receive(long_enough, true); });
  CHECK(goes_on_waiting(call));
  test.deliver(inbound("1"));
  REQUIRE(returns(call));
  CHECK(call.get());
}

TEST_CASE("when the client is destroyed all who wait return, and what was there is handed over",
          "[client][inbox]") {
  InboxUnderTest test;
  std::vector<std::future<std::optional<Message>>> calls;
  for (int i = 0; i < 3; ++i)
    calls.push_back(on_a_thread([&] { return test.inbox->receive(long_enough); }));
  CHECK(goes_on_waiting(calls.back()));
  test.inbox->abandon();
  for (auto& call : calls) {
    REQUIRE(returns(call));
    CHECK_FALSE(call.get());
  }
  test.deliver(inbound("1"));
  CHECK(test.inbox->receive(long_enough));
  CHECK_FALSE(test.inbox->receive(long_enough));
}

TEST_CASE("handing over acknowledges QoS 1 and 2, and rings so that it goes out", "[client][inbox]") {
  InboxUnderTest test;
  test.deliver(inbound("0"), inbound("1", QoS::at_least_once, 5), inbound("2", QoS::exactly_once, 6));
  CHECK(test.acknowledged_identifiers().empty());  // Never before the handover.
  CHECK_FALSE(test.rang_while([&] { static_cast<void>(test.inbox->receive(no_wait)); }));
  CHECK_FALSE(test.inbox->has_acknowledgements());
  CHECK(test.rang_while([&] { static_cast<void>(test.inbox->receive(no_wait)); }));
  CHECK(test.inbox->has_acknowledgements());
  CHECK(test.rang_while([&] { static_cast<void>(test.inbox->receive(no_wait)); }));
  CHECK(test.acknowledged_identifiers() == Identifiers{5, 6});
  CHECK_FALSE(test.inbox->has_acknowledgements());
}

TEST_CASE("acknowledgements can be taken ahead of the next exchange, behind those taken before",
          "[client][inbox]") {
  InboxUnderTest test;
  test.deliver(inbound("1", QoS::at_least_once, 5), inbound("2", QoS::at_least_once, 6));
  std::vector<session::InboundToken> taken;
  for (int i = 0; i < 2; ++i) {
    CHECK(test.inbox->receive(no_wait));
    test.inbox->take_acknowledgements(taken);
    CHECK_FALSE(test.inbox->has_acknowledgements());
  }
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].packet_identifier == 5);
  CHECK(taken[1].packet_identifier == 6);
  CHECK(test.acknowledged_identifiers().empty());
}

TEST_CASE("handed over and dropped messages need no second acknowledgement", "[client][inbox]") {
  InboxUnderTest test;
  test.deliver(inbound("1", QoS::at_least_once, 5));
  auto message = test.inbox->receive(no_wait);
  REQUIRE(message);
  CHECK(test.acknowledged_identifiers() == Identifiers{5});
  message->ack();
  message.reset();
  CHECK(test.acknowledged_identifiers().empty());
}

TEST_CASE("with manual acknowledgement only ack() acknowledges, once, in the order of the calls",
          "[client][inbox]") {
  InboxUnderTest test({.ack = Ack::manual});
  test.deliver(inbound("0"), inbound("1", QoS::at_least_once, 5), inbound("2", QoS::exactly_once, 6));
  auto unacknowledgeable = test.inbox->receive(no_wait);
  auto first = test.inbox->receive(no_wait);
  auto second = test.inbox->receive(no_wait);
  REQUIRE((unacknowledgeable && first && second));
  CHECK_FALSE(test.inbox->has_acknowledgements());
  CHECK_FALSE(test.rang_while([&] { unacknowledgeable->ack(); }));
  CHECK(test.rang_while([&] { second->ack(); }));
  CHECK_FALSE(test.rang_while([&] { second->ack(); }));
  first->ack();
  CHECK(test.acknowledged_identifiers() == Identifiers{6, 5});
}

TEST_CASE("a message dropped without ack() is not acknowledged, one that was moved still can be",
          "[client][inbox]") {
  InboxUnderTest test({.ack = Ack::manual});
  test.deliver(inbound("1", QoS::at_least_once, 5), inbound("2", QoS::at_least_once, 6));
  static_cast<void>(test.inbox->receive(no_wait));
  CHECK_FALSE(test.inbox->has_acknowledgements());
  std::optional<Message> kept = test.inbox->receive(no_wait);
  REQUIRE(kept);
  Message moved = std::move(*kept);
  kept.reset();
  moved.ack();
  CHECK(test.acknowledged_identifiers() == Identifiers{6});
}

TEST_CASE("a message may be acknowledged after the client is gone", "[client][inbox]") {
  std::optional<Message> message;
  {
    InboxUnderTest test({.ack = Ack::manual});
    test.deliver(inbound("1", QoS::at_least_once, 5));
    message = test.inbox->receive(no_wait);
    test.inbox->abandon();
  }
  REQUIRE(message);
  message->ack();
  CHECK(message->payload() == "1");
}

TEST_CASE("an acknowledgement names one delivery: the same identifier again has a token of its own",
          "[client][inbox]") {
  InboxUnderTest test({.ack = Ack::manual});
  wire::Publish publish;
  publish.qos = QoS::at_least_once;
  for (const std::uint32_t serial : {1U, 2U})
    test.deliver(session::InboundMessage::make(publish, "t", {9, serial}));
  auto earlier = test.inbox->receive(no_wait);
  auto later = test.inbox->receive(no_wait);
  REQUIRE((earlier && later));
  later->ack();
  earlier->ack();
  test.acknowledged.clear();
  test.inbox->exchange(test.messages, test.acknowledged, false);
  REQUIRE(test.acknowledged.size() == 2);
  CHECK(test.acknowledged[0].serial == 2);
  CHECK(test.acknowledged[1].serial == 1);
}

TEST_CASE("the descriptor is readable exactly while a message waits", "[client][inbox]") {
  InboxUnderTest test;
  const int descriptor = test.readiness->descriptor();
  CHECK_FALSE(is_readable(descriptor));
  test.deliver(inbound("1"), inbound("2"));
  CHECK(is_readable(descriptor));
  CHECK(test.inbox->receive(no_wait));
  CHECK(is_readable(descriptor));
  CHECK(test.inbox->receive(no_wait));
  CHECK_FALSE(is_readable(descriptor));
  CHECK_FALSE(test.inbox->receive(no_wait));
  test.deliver(inbound("3"));
  CHECK(is_readable(descriptor));
}

TEST_CASE("several threads share the messages between them, each once", "[client][inbox]") {
  constexpr int receivers = 4;
  constexpr int count = 4'000;
  InboxUnderTest test;
  std::array<std::vector<int>, receivers> received;
  std::vector<std::thread> threads;
  for (auto& mine : received) {
    threads.emplace_back([&test, &mine] {
      while (const auto message = test.inbox->receive(long_enough, true))
        mine.push_back(std::stoi(std::string(message->payload())));
    });
  }
  Identifiers acknowledged;
  for (int i = 0; i < count; ++i) {
    const auto identifier = static_cast<std::uint16_t>(i + 1);
    test.deliver(inbound(std::to_string(i), QoS::at_least_once, identifier));
    for (const auto token : test.acknowledged)
      acknowledged.push_back(token.packet_identifier);
    test.acknowledged.clear();
  }
  test.inbox->set_closed(true);
  for (auto& thread : threads)
    thread.join();
  std::vector<int> all;
  for (const auto& mine : received) {
    CHECK(std::is_sorted(mine.begin(), mine.end()));
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  REQUIRE(all.size() == count);
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
  const Identifiers rest = test.acknowledged_identifiers();
  CHECK(acknowledged.size() + rest.size() == count);
}
