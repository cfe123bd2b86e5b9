// Which servers share a session, and what that means for the engine. (docs/decisions/0007-server-groups.md)
#include "session/server_group.hpp"

#include "engine_under_test.hpp"
#include "store/memory_store.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

/// A store with a session of this group, and a message in flight.
Snapshot session_of(const std::string& group) {
  Snapshot snapshot;
  snapshot.held = true;
  snapshot.identity = {"client", group};
  snapshot.expiry = 1h;
  auto message = make_message("1", QoS::at_least_once);
  message->sequence = snapshot.last_sequence = 1;
  snapshot.messages.push_back({message, 7, false});
  return snapshot;
}

}  // namespace

TEST_CASE("a group names each server once, in the order given", "[server-group]") {
  CHECK(server_group({"a:1"}) == "a:1");
  CHECK(server_group({"b:1", "a:1", "b:1"}) == "b:1 a:1");
  CHECK(server_group({}).empty());
}

TEST_CASE("groups are the same that have a server in common", "[server-group]") {
  CHECK(is_same_group("a:1", "a:1"));
  CHECK(is_same_group("a:1 b:1", "b:1 c:1"));
  CHECK(is_same_group("a:1 b:1", "b:1"));
  CHECK(is_same_group("", ""));
  CHECK_FALSE(is_same_group("a:1 b:1", "c:1"));
  CHECK_FALSE(is_same_group("a:1", "a:11"));
  CHECK_FALSE(is_same_group("a:1", "ba:1"));
  CHECK_FALSE(is_same_group("a:1", ""));
  CHECK(is_in_group("b:1", "a:1 b:1"));
  CHECK_FALSE(is_in_group("b:1", "a:1 b:11"));
  CHECK_FALSE(is_in_group("", "a:1"));
}

TEST_CASE("a stored session is resumed on every server of its group, and on no other", "[server-group]") {
  struct Row {
    const char* of;
    const char* at;
    bool resumed;
  };
  const Row row = GENERATE(values<Row>({
      {"a:1883 b:1883", "b:1883 c:1883", true},  // A cluster's list that changed.
      {"a:1883 b:1883", "b:1883", true},         // One of them alone.
      {"a:1883 b:1883", "c:1883", false},
      {"a:1883", "a:1883", true},
      {"a:1883", "a:1883 b:1883", true},
      {"a:1883", "b:1883", false},
  }));
  CAPTURE(row.of, row.at);
  EngineUnderTest test(hour_long_session(), session_of(row.of));
  CHECK(test.engine.session_servers() == row.of);
  test.engine.set_servers(row.at);
  CHECK(test.connect(row.resumed).clean_start == !row.resumed);
  CHECK(test.event<SessionLost>().has_value() == !row.resumed);
  const auto sent = only(PacketType::publish, test.write());
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].dup == row.resumed);
  CHECK(test.engine.session_servers() == row.at);
}

TEST_CASE("a session that was left for another server is never resumed there again", "[server-group]") {
  EngineUnderTest test;
  test.engine.set_servers("a:1883");
  test.connect();
  test.publish("1", QoS::at_least_once);
  test.write();
  test.lose();
  test.engine.set_servers("b:1883");
  CHECK(test.connect().clean_start);
  CHECK(payloads(test.write()) == numbers(1, 1));
  test.lose();
  test.engine.set_servers("a:1883");
  CHECK(test.connect().clean_start);
  const auto again = only(PacketType::publish, test.write());
  REQUIRE(again.size() == 1);
  CHECK_FALSE(again[0].dup);
}

TEST_CASE("nodes of a cluster hand the session on, whichever of them it is on", "[server-group]") {
  EngineUnderTest test;
  test.engine.set_servers("a:1883 b:1883");
  test.connect();
  test.publish("1", QoS::at_least_once);
  test.write();
  test.lose();
  SECTION("of the list") {
    test.engine.set_servers("a:1883 b:1883");
  }
  SECTION("or where one of them pointed, and back") {
    test.engine.set_servers("a:1883 b:1883 c:1883");
    CHECK_FALSE(test.connect(true).clean_start);
    test.write();
    test.lose();
    test.engine.set_servers("a:1883 b:1883 d:1883");
  }
  CHECK_FALSE(test.connect(true).clean_start);
  CHECK(described(test.write()) == std::vector<std::string>{"PUBLISH dup 1"});
  CHECK_FALSE(test.event<SessionLost>());
}

TEST_CASE("a store keeps the whole group", "[server-group]") {
  auto options = hour_long_session();
  store::MemoryStore store;
  options.store = std::shared_ptr<Store>(&store, [](Store*) {});
  EngineUnderTest test(options, store.open(TimePoint{}));
  test.engine.set_servers("a:1883 b:1883");
  test.connect();
  store.commit(test.engine.journal(), TimePoint{});
  store.close();
  CHECK(store.open(TimePoint{}).identity.server == "a:1883 b:1883");
}
