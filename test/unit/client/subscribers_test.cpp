// Messages between the handles and the client-wide inbox: none is stranded on the way, none comes twice.
#include "client/subscribers.hpp"

#include <array>

#include "inbox_under_test.hpp"
#include "session/engine.hpp"
#include "support/failing_allocations.hpp"

using namespace holdfast;
using namespace holdfast::test;

namespace {

/// Everything that handles share, without a connection: the broker's limits are those of the standard.
struct SubscribersUnderTest {
  std::shared_ptr<client::Subscriber> open(const std::string& filter, const SubscriptionQueue& queue = {}) {
    const std::array<TopicFilter, 1> one{TopicFilter{filter, {.qos = QoS::exactly_once}}};
    return subscribers.open(one, std::nullopt, queue, Ack::on_handover, true);
  }
  /// What the network thread does with messages: handles first, then the client-wide inbox.
  template <class... Inbound>
  void deliver(Inbound... arrived) {
    (received.push_back(std::move(arrived)), ...);
    subscribers.route(received, engine);
    for (auto& message : received)
      rest.messages.push_back(std::move(message));
    received.clear();
    rest.exchange(true);
  }
  std::vector<std::string> take(client::Subscriber& subscriber) const {
    std::vector<std::string> payloads;
    while (const auto message = subscriber.inbox->receive(no_wait))
      payloads.emplace_back(message->payload());
    return payloads;
  }

  Options options;
  session::Engine engine{options, {}, 0};
  InboxUnderTest rest;
  client::Subscribers subscribers{rest.inbox, 9'000};
  std::vector<session::InboundMessage::Ptr> received;
};

const std::vector<std::string> nothing;

}  // namespace

TEST_CASE("a message that was on its way to receive() when a handle was made comes to the handle",
          "[subscribers]") {
  SubscribersUnderTest test;
  const auto handle = test.open("t");
  test.rest.deliver(inbound("1", QoS::at_least_once, 1));  // In the network thread's hands since before.
  test.deliver(inbound("2", QoS::at_least_once, 2));
  CHECK(test.rest.receive_all() == nothing);
  CHECK(test.take(*handle) == std::vector<std::string>{"1", "2"});
  CHECK(test.rest.acknowledged_identifiers() == Identifiers{1, 2});
}

TEST_CASE("a handle with unread_max acknowledges what waited for it, and leaves the rest to receive()",
          "[subscribers]") {
  SubscribersUnderTest test;
  test.rest.deliver(inbound("1", QoS::at_least_once, 1), inbound("2", QoS::at_least_once, 2));
  const auto handle = test.open("t", {.unread_max = 1});
  test.deliver();
  CHECK(test.rest.acknowledged_identifiers() == Identifiers{1});
  CHECK(test.rest.receive_all() == std::vector<std::string>{"2"});
  CHECK(test.take(*handle) == std::vector<std::string>{"1"});
  CHECK(test.rest.acknowledged_identifiers() == Identifiers{2});
}

TEST_CASE("a message that nobody of several handles read comes to receive() once", "[subscribers]") {
  const QoS qos = GENERATE(QoS::at_most_once, QoS::at_least_once, QoS::exactly_once);
  const bool read_between = GENERATE(false, true);
  const bool takes_over = GENERATE(false, true);
  const std::uint16_t identifier = qos == QoS::at_most_once ? 0 : 5;
  SubscribersUnderTest test;
  std::vector<std::shared_ptr<client::Subscriber>> handles{test.open("t"), test.open("+"), test.open("#")};
  if (takes_over) handles.push_back(test.open("t/#", {.unread_max = 9}));
  const auto first = GENERATE(0, 1, 2, 3);
  std::rotate(handles.begin(), handles.begin() + first % static_cast<int>(handles.size()), handles.end());
  test.deliver(inbound("shared", qos, identifier));
  std::vector<std::string> found;
  for (const auto& handle : handles) {
    test.subscribers.close(*handle);
    if (!read_between) continue;
    for (const std::string& payload : test.rest.receive_all())
      found.push_back(payload);
  }
  // All three whose readers were to acknowledge it have done so, the last when it was read.
  const std::size_t holders = qos == QoS::at_most_once ? 0 : 3;
  Identifiers acknowledged = test.rest.acknowledged_identifiers();
  if (!read_between && holders != 0) CHECK(acknowledged == Identifiers(2, identifier));
  for (const std::string& payload : test.rest.receive_all())
    found.push_back(payload);
  for (const std::uint16_t later : test.rest.acknowledged_identifiers())
    acknowledged.push_back(later);
  CHECK(found == std::vector<std::string>{"shared"});
  CHECK(acknowledged == Identifiers(holders, identifier));
  CHECK(test.subscribers.totals().waiting == 0);
}

TEST_CASE("a handle still gets a message of which receive() has a copy", "[subscribers]") {
  SubscribersUnderTest test;
  const auto first = test.open("t");
  const auto second = test.open("#");
  test.deliver(inbound("shared", QoS::exactly_once, 1));
  test.subscribers.close(*first);
  CHECK(test.take(*second) == std::vector<std::string>{"shared"});
  CHECK(test.rest.receive_all() == std::vector<std::string>{"shared"});
  CHECK(test.rest.acknowledged_identifiers() == Identifiers{1, 1});
}

TEST_CASE("a handle that cannot be opened for want of memory leaves nothing behind", "[subscribers]") {
  bool done = false;
  for (long allocation = 0; !done; ++allocation) {
    SubscribersUnderTest test;
    std::shared_ptr<client::Subscriber> handle;
    done = !fails_at(allocation, [&] { handle = test.open("t"); });
    CHECK(test.subscribers.any() == done);
    test.deliver(inbound("1", QoS::at_least_once, 1));
    CHECK(test.rest.receive_all().empty() == done);
    REQUIRE(allocation < 100);
  }
}

TEST_CASE("a handle hands over no message whose acknowledgement there is no memory for", "[subscribers]") {
  bool done = false;
  for (long allocation = 0; !done; ++allocation) {
    SubscribersUnderTest test;
    const auto handle = test.open("t");
    test.deliver(inbound("1", QoS::at_least_once, 1));
    std::optional<Message> message;
    done = !fails_at(allocation, [&] { message = handle->inbox->receive(no_wait); });
    CHECK(handle->inbox->size() == (done ? 0 : 1));
    CHECK(test.rest.acknowledged_identifiers() == (done ? Identifiers{1} : Identifiers{}));
    REQUIRE(allocation < 100);
  }
}

TEST_CASE("a handle that goes when there is no memory loses nothing: its client ends instead",
          "[subscribers]") {
  bool done = false;
  for (long allocation = 0; !done; ++allocation) {
    SubscribersUnderTest test;
    const auto first = test.open("t");
    const auto second = test.open("#");
    test.deliver(inbound("1", QoS::at_least_once, 1), inbound("2", QoS::at_most_once));
    done = !fails_at(allocation, [&] { test.subscribers.close(*first); });
    CHECK(test.rest.acknowledged_identifiers().empty());
    if (done) {
      CHECK(test.rest.receive_all() == std::vector<std::string>{"1", "2"});
    } else {
      CHECK(test.subscribers.any());
      CHECK_THROWS_AS(test.deliver(), std::bad_alloc);
    }
    REQUIRE(allocation < 100);
  }
}
