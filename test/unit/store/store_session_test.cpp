#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "store_under_test.hpp"

using namespace holdfast;
using namespace holdfast::test;
using namespace std::chrono_literals;
using Identifiers = std::vector<std::uint16_t>;
using Counts = std::vector<session::InboundCount>;
using Strings = std::vector<std::string>;

namespace {

Subscribed subscribed(const std::string& filter, const SubscriptionOptions& options = {},
                      std::optional<std::uint32_t> identifier = std::nullopt) {
  return {{{filter, options}, identifier}};
}

}  // namespace

TEST_CASE("a new store knows of nothing", "[store][session]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  const auto snapshot = test.reopen();
  CHECK_FALSE(snapshot.held);
  CHECK(snapshot.identity.client_id.empty());
  CHECK(snapshot.expiry == 0s);
  CHECK(snapshot.messages.empty());
  CHECK(snapshot.inbound_received.empty());
  CHECK(snapshot.subscriptions.empty());
  CHECK(snapshot.last_sequence == 0);
}

TEST_CASE("what is committed without a session waits for one", "[store][session]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({Accepted{message(1)}});
  const auto snapshot = test.reopen();
  CHECK_FALSE(snapshot.held);
  CHECK(snapshot.messages.size() == 1);
}

TEST_CASE("a session that was held is held by the next client, as it was last", "[store][session]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({SessionHeld{{"first name", "first:1883"}, 60s}});
  test.commit({SessionHeld{{"second name", "second:1883"}, never_expires}});
  const auto snapshot = test.reopen();
  CHECK(snapshot.held);
  CHECK(snapshot.identity == session::SessionIdentity{"second name", "second:1883"});
  CHECK(snapshot.expiry == never_expires);
}

TEST_CASE("inbound identifiers are kept from PUBREC to PUBREL", "[store][session]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({InboundReceived{7}, InboundReceived{65535}, InboundReceived{1}});
  CHECK(inbound(test.reopen()) == Identifiers{1, 7, 65535});
  test.commit({InboundReleased{7}, InboundReceived{1}});  // A PUBREC sent twice is one identifier.
  CHECK(inbound(test.reopen()) == Identifiers{1, 65535});
  test.commit({InboundReleased{1}, InboundReleased{65535}, InboundReleased{2}});
  CHECK(inbound(test.reopen()).empty());
}

TEST_CASE("how often the session has used an inbound identifier is kept beyond its PUBREL",
          "[store][session]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({InboundReceived{7, 1}, InboundReceived{65535, 1}, InboundReleased{7}, InboundReceived{7, 2}});
  CHECK(counts(test.reopen()) == Counts{{7, 2}, {65535, 1}});
  test.commit({InboundReleased{7}, InboundReleased{65535}});
  CHECK(counts(test.reopen()) == Counts{{7, 2}, {65535, 1}});
  test.commit({SessionEnded{}, InboundReceived{8, 1}});
  CHECK(counts(test.reopen()) == Counts{{8, 1}});
}

TEST_CASE("two sessions never have the same epoch, of one store or of two", "[store][session]") {
  const Kind kind = GENERATE(Kind::memory, Kind::sqlite);
  StoreUnderTest test(kind);
  StoreUnderTest other(kind);
  const auto first = test.reopen().epoch;
  test.commit({SessionHeld{{"me", "host"}, 60s}, SessionEnded{}, SessionEnded{}});
  CHECK(test.reopen().epoch == first + 2);
  CHECK(other.reopen().epoch != first);
}

TEST_CASE("subscriptions are kept as they were last asked for", "[store][session]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  const SubscriptionOptions options{.qos = QoS::exactly_once,
                                    .no_local = true,
                                    .retain_as_published = true,
                                    .retain_handling = RetainHandling::do_not_send};
  test.commit({subscribed("a/#"), subscribed("b"), subscribed("c", {}, 5U)});
  test.commit({subscribed("a/#", options, 268'435'455U), Unsubscribed{"b"}, Unsubscribed{"never there"}});
  const auto snapshot = test.reopen();
  REQUIRE(filters(snapshot) == Strings{"a/#", "c"});
  for (const auto& stored : snapshot.subscriptions) {
    const bool replaced = stored.subscription.filter == "a/#";
    CHECK(stored.subscription_identifier == (replaced ? 268'435'455U : 5U));
    const SubscriptionOptions& found = stored.subscription.options;
    CHECK(found.qos == (replaced ? QoS::exactly_once : QoS::at_most_once));
    CHECK(found.no_local == replaced);
    CHECK(found.retain_as_published == replaced);
    CHECK(found.retain_handling == (replaced ? RetainHandling::do_not_send : RetainHandling::send));
  }
}

TEST_CASE("when a session ends its identifiers end, but messages and subscriptions stay",
          "[store][session]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  const auto first = message(1);
  test.commit({SessionHeld{{"me", "host"}, 60s}, subscribed("a/#"), InboundReceived{1}, InboundReceived{2},
               Accepted{first}, Accepted{message(2)}, Accepted{message(3)}, Sent{1, 1}, Sent{2, 2},
               Released{2}});
  // A lost session as the engine journals it: in flight again waiting, past PUBREC finished.
  test.commit({Returned{1}, Finished{2}, SessionEnded{}, SessionHeld{{"me", "host"}, 30s}});
  const auto snapshot = test.reopen();
  CHECK(snapshot.held);
  CHECK(snapshot.expiry == 30s);
  CHECK(rows(snapshot) == std::vector<Row>{{1, 0, false}, {3, 0, false}});
  CHECK(inbound(snapshot).empty());
  CHECK(filters(snapshot) == Strings{"a/#"});
}

TEST_CASE("what comes after the end of a session belongs to the next one", "[store][session]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({InboundReceived{1}, SessionEnded{}, InboundReceived{2}, Accepted{message(1)}, Sent{1, 1}});
  const auto snapshot = test.reopen();
  CHECK(inbound(snapshot) == Identifiers{2});
  CHECK(rows(snapshot) == std::vector<Row>{{1, 1, false}});
}

TEST_CASE("an empty journal changes nothing", "[store][session]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({Accepted{message(1)}, InboundReceived{1}});
  test.commit({});
  const auto snapshot = test.reopen();
  CHECK(snapshot.messages.size() == 1);
  CHECK(inbound(snapshot) == Identifiers{1});
}

TEST_CASE(
    "the identifier of a message that was given up stays taken until the session ends, or it is sent again",
    "[store][session]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({Accepted{message(1)}, Accepted{message(2)}, Sent{1, 7}, Sent{2, 8}, Held{1}, Held{2}});
  auto snapshot = test.reopen();
  CHECK(snapshot.messages.empty());
  CHECK(snapshot.held_identifiers == Identifiers{7, 8});
  test.commit({Accepted{message(3)}, Sent{3, 8}});
  snapshot = test.reopen();
  CHECK(rows(snapshot) == std::vector<Row>{{3, 8, false}});
  CHECK(snapshot.held_identifiers == Identifiers{7});
  test.commit({Returned{3}, SessionEnded{}});
  CHECK(test.reopen().held_identifiers.empty());
}
