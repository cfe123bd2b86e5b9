#include <string>
#include <vector>

#include "store_under_test.hpp"

using namespace holdfast;
using namespace holdfast::test;
using Rows = std::vector<Row>;

TEST_CASE("what waits comes back by sequence, however it was committed", "[store][messages]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({Accepted{message(2)}, Accepted{message(1)}});
  test.commit({Accepted{message(3)}});
  const auto snapshot = test.reopen();
  CHECK(rows(snapshot) == Rows{{1, 0, false}, {2, 0, false}, {3, 0, false}});
  CHECK(snapshot.last_sequence == 3);
}

TEST_CASE("what is in flight comes back in the order it was sent, not of sequences or identifiers",
          "[store][messages]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({Accepted{message(1)}, Accepted{message(2)}, Accepted{message(3)}});
  test.commit({Sent{3, 10}, Sent{1, 65535}});
  test.commit({Sent{2, 1}});
  CHECK(rows(test.reopen()) == Rows{{3, 10, false}, {1, 65535, false}, {2, 1, false}});
}

TEST_CASE("what is past PUBREC comes back in the order of the PUBRECs", "[store][messages]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({Accepted{message(1)}, Accepted{message(2)}, Accepted{message(3)}, Sent{1, 11}, Sent{2, 12},
               Sent{3, 13}});
  test.commit({Released{2}, Released{3}});
  test.commit({Released{1}});
  CHECK(rows(test.reopen()) == Rows{{2, 12, true}, {3, 13, true}, {1, 11, true}});
}

TEST_CASE("first come PUBRELs, then what is in flight, then what waits", "[store][messages]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  session::Journal accepted;
  for (std::uint64_t sequence = 1; sequence <= 7; ++sequence)
    accepted.emplace_back(Accepted{message(sequence)});
  test.commit(accepted);
  test.commit({Sent{1, 1}, Sent{2, 2}, Sent{4, 4}, Sent{3, 3}, Sent{5, 5}, Released{5}, Released{2}});
  CHECK(rows(test.reopen()) == Rows{{5, 5, true},
                                    {2, 2, true},
                                    {1, 1, false},
                                    {4, 4, false},
                                    {3, 3, false},
                                    {6, 0, false},
                                    {7, 0, false}});
}

TEST_CASE("one journal may tell the whole life of a message", "[store][messages]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({Accepted{message(1)}, Sent{1, 5}, Released{1}, Finished{1}, Accepted{message(2)}, Sent{2, 5}});
  CHECK(rows(test.reopen()) == Rows{{2, 5, false}});
}

TEST_CASE("finished messages are gone, wherever they were", "[store][messages]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({Accepted{message(1)}, Accepted{message(2)}, Accepted{message(3)}, Accepted{message(4)},
               Sent{2, 2}, Sent{3, 3}, Released{3}});
  test.commit({Finished{1}, Finished{2}, Finished{3}});
  CHECK(rows(test.reopen()) == Rows{{4, 0, false}});
  test.commit({Finished{4}});
  CHECK(test.reopen().messages.empty());
}

TEST_CASE("a message returned waits in its old place, without identifier", "[store][messages]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({Accepted{message(1)}, Accepted{message(2)}, Accepted{message(3)}, Sent{1, 1}, Sent{2, 2}});
  test.commit({Returned{1}});
  CHECK(rows(test.reopen()) == Rows{{2, 2, false}, {1, 0, false}, {3, 0, false}});
  test.commit({Sent{1, 9}});  // And can be sent again.
  CHECK(rows(test.reopen()) == Rows{{2, 2, false}, {1, 9, false}, {3, 0, false}});
}

TEST_CASE("a message in flight comes back with the QoS in force, not the one it was accepted with",
          "[store][messages]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  const auto lowered = message(1, "x", QoS::exactly_once);
  test.commit({Accepted{lowered}});
  lowered->qos = QoS::at_least_once;  // As the engine does.
  test.commit({Sent{1, 1, QoS::at_least_once}});
  CHECK(test.reopen().messages.at(0).message->qos == QoS::at_least_once);
}

TEST_CASE("a message of QoS 0 is gone once it is sent, and is there again when it came back",
          "[store][messages]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  const auto fleeting = message(1, "x", QoS::at_most_once);
  test.commit({Accepted{fleeting}});
  fleeting->set_stored();
  const bool at_once = GENERATE(false, true);
  const Sent sent{1, 0, QoS::at_most_once};
  if (at_once) {
    test.commit({sent, Accepted{fleeting}});
  } else {
    test.commit({sent});
    CHECK(test.reopen().messages.empty());
    test.commit({Accepted{fleeting}});
  }
  CHECK(rows(test.reopen()) == Rows{{1, 0, false}});
}

TEST_CASE("the order is kept over any number of clients", "[store][messages]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  test.commit({Accepted{message(1)}, Accepted{message(2)}, Accepted{message(3)}, Sent{2, 2}});
  static_cast<void>(test.reopen());
  test.commit({Sent{1, 1}});
  static_cast<void>(test.reopen());
  test.commit({Released{2}, Accepted{message(4)}});
  const Rows expected{{2, 2, true}, {1, 1, false}, {3, 0, false}, {4, 0, false}};
  CHECK(rows(test.reopen()) == expected);
  CHECK(rows(test.reopen()) == expected);  // Reading changes nothing.
}

TEST_CASE("a message comes back with all that was in it", "[store][messages]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  const std::string payload("any\0bytes\xFF", 10);
  const std::vector<std::byte> properties{std::byte{0x01}, std::byte{1}};
  const session::TimePoint expires_at{std::chrono::hours(5)};
  auto original = session::OutboundMessage::make({.topic = "a/topic",
                                                  .payload = std::as_bytes(std::span(payload)),
                                                  .qos = QoS::at_least_once,
                                                  .retain = true,
                                                  .properties = properties,
                                                  .expires_at = expires_at});
  original->sequence = 7;
  test.commit({Accepted{original}});
  const auto snapshot = test.reopen();
  REQUIRE(snapshot.messages.size() == 1);
  const session::OutboundMessage& copy = *snapshot.messages.front().message;
  CHECK(copy.topic() == "a/topic");
  CHECK(std::string(reinterpret_cast<const char*>(copy.payload().data()), copy.payload().size()) == payload);
  CHECK(copy.qos == QoS::at_least_once);
  CHECK(copy.retain());
  CHECK(std::vector(copy.properties().bytes().begin(), copy.properties().bytes().end()) == properties);
  const auto counted = expires_at - copy.expires_at();  // A file knows how long it was away.
  CHECK((counted >= std::chrono::seconds(0) && counted < std::chrono::minutes(5)));
  CHECK(copy.sequence == 7);
}

TEST_CASE("the messages of an earlier client are copies: how they ended for it is not how they end now",
          "[store][messages]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  const auto original = message(1);
  test.commit({Accepted{original}, Sent{1, 1}});
  original->failure = Errc::closed;  // What a client that is destroyed does to what is unfinished.
  original->reason_code = ReasonCode::unspecified_error;
  original->repeated = original->left_outbox = true;
  original->set_done();
  const auto second = test.reopen().messages.at(0).message;
  CHECK_FALSE(second == original);
  CHECK_FALSE(second->done());
  CHECK_FALSE(second->failure);
  CHECK(second->reason_code == ReasonCode::success);
  CHECK_FALSE(second->left_outbox);
  second->set_done();
  const auto third = test.reopen().messages.at(0).message;
  CHECK_FALSE(third == second);
  CHECK_FALSE(third->done());
}

TEST_CASE("a message outlives its store, and the store's outlives its client's", "[store][messages]") {
  session::Snapshot snapshot;
  {
    StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
    test.commit({Accepted{message(1, "first")}});  // Nobody else holds it.
    snapshot = test.reopen();
  }
  CHECK(rows(snapshot) == Rows{{1, 0, false}});
  CHECK(snapshot.messages.front().message->payload().size() == 5);
}

TEST_CASE("what waits is given back in ranges, none larger than may be loaded at once", "[store]") {
  StoreUnderTest test(GENERATE(Kind::memory, Kind::sqlite));
  session::Journal journal;
  for (std::uint64_t sequence = 1; sequence <= 1000; ++sequence)
    journal.emplace_back(Accepted{message(sequence)});
  journal.emplace_back(Sent{1, 7});
  journal.emplace_back(Finished{600});
  journal.emplace_back(Accepted{message(1001, std::string(1'000'000, 'x'))});
  test.commit(journal);
  test.store->close();
  const session::Snapshot snapshot = test.store->open({});
  CHECK(snapshot.messages.size() == 1);
  REQUIRE(snapshot.waiting.size() == 3);
  CHECK(snapshot.waiting[0].first == 2);
  CHECK(snapshot.waiting[0].messages == 512);
  CHECK(snapshot.waiting[1].last == 1000);
  CHECK(snapshot.waiting[1].messages == 1000 - 2 - 512);
  CHECK(snapshot.waiting[2].messages == 1);
  CHECK(snapshot.waiting[2].bytes == 1'000'007);
  for (const auto& range : snapshot.waiting) {
    const auto loaded = test.store->load(range);
    REQUIRE(loaded.size() == range.messages);
    CHECK(loaded.front()->sequence == range.first);
    CHECK(loaded.back()->sequence == range.last);
  }
}
