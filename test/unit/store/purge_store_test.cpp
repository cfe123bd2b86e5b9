// Deleting messages from a store's file.
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/store_file.hpp>

#include "store_files.hpp"

using namespace holdfast;
using namespace holdfast::test;

namespace {

void commit(const Files& files, const session::Journal& journal) {
  const auto store = files.store();
  static_cast<void>(store->open({}));
  store->commit(journal, {});
}

Accepted on_topic(std::uint64_t sequence, std::string_view topic) {
  auto made = session::OutboundMessage::make({.topic = topic, .qos = QoS::exactly_once});
  made->sequence = sequence;
  return {made};
}

session::Snapshot found_in(const Files& files) {
  return support::open_whole(*files.store());
}

std::string refusal(const Files& files, const std::optional<std::string>& filter = std::nullopt) {
  try {
    purge_store(files.file(), filter);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("purging deletes the messages and nothing else", "[store][purge]") {
  const Files files;
  commit(files, {SessionHeld{{"me", "host"}, std::chrono::hours(1)}, Subscribed{{{"a/#", {}}, {}}},
                 InboundReceived{9}, Accepted{message(1)}, Accepted{message(2)}});
  CHECK(purge_store(files.file()) == 2);
  const auto left = found_in(files);
  CHECK(left.messages.empty());
  CHECK(left.held);
  CHECK(left.identity == session::SessionIdentity{"me", "host"});
  CHECK(filters(left) == std::vector<std::string>{"a/#"});
  CHECK(inbound(left) == std::vector<std::uint16_t>{9});
  CHECK(left.held_identifiers.empty());
  CHECK(purge_store(files.file()) == 0);
}

TEST_CASE("the identifiers of purged messages that the broker may know stay taken", "[store][purge]") {
  const Files files;
  commit(files, {Accepted{message(1)}, Accepted{message(2)}, Accepted{message(3)}, Sent{1, 10}, Sent{2, 20},
                 Released{2}});
  CHECK(purge_store(files.file()) == 3);
  const auto left = found_in(files);
  CHECK(left.messages.empty());
  CHECK(left.held_identifiers == std::vector<std::uint16_t>{10, 20});
}

TEST_CASE("a filter says which messages are purged, in flight or not", "[store][purge]") {
  const Files files;
  commit(files, {on_topic(1, "plant/17/temp"), on_topic(2, "plant/4/temp"), on_topic(3, "plant/17/flow"),
                 on_topic(4, "plant/4/flow"), Sent{1, 10}, Sent{2, 20}});
  CHECK(purge_store(files.file(), "plant/17/#") == 2);
  const auto left = found_in(files);
  CHECK(rows(left) == std::vector<Row>{{2, 20, false}, {4, 0, false}});
  CHECK(left.held_identifiers == std::vector<std::uint16_t>{10});
}

TEST_CASE("without a filter topics that begin with $ are purged, too", "[store][purge]") {
  const Files files;
  commit(files, {on_topic(1, "$control/x"), on_topic(2, "t")});
  CHECK(purge_store(files.file(), "#") == 1);
  CHECK(purge_store(files.file()) == 1);
}

TEST_CASE("more messages than one commit deletes are all purged, and the file gets smaller",
          "[store][purge]") {
  constexpr std::uint64_t messages = 100'000;
  const Files files;
  session::Journal journal;
  for (std::uint64_t sequence = 1; sequence <= messages; ++sequence)
    journal.emplace_back(Accepted{message(sequence)});
  commit(files, journal);
  const auto before = files.size();
  CHECK(purge_store(files.file()) == messages);
  CHECK(found_in(files).messages.empty());
  CHECK(files.size() < before / 2);
}

TEST_CASE("a store that a process has is not purged, and the process named", "[store][purge]") {
  const Files files;
  const auto owner = files.store();
  static_cast<void>(owner->open({}));
  owner->commit({Accepted{message(1)}}, {});
  CHECK(
      mentions(refusal(files), "process " + std::to_string(::getpid()) + " (" + process_name() + ") has it"));
  owner->close();
  CHECK(rows(support::open_whole(*owner)) == std::vector<Row>{{1, 0, false}});
}

TEST_CASE("purging refuses what is no store, and makes none", "[store][purge]") {
  const Files files;
  SECTION("nothing") {
    CHECK(mentions(refusal(files), "there is no such file"));
    CHECK(files.all().empty());
  }
  SECTION("a store of an older version") {
    files.fill();
    files.execute("PRAGMA user_version = 0");
    const auto before = files.all();
    CHECK(mentions(refusal(files), "older version of Holdfast"));
    CHECK(files.all() == before);
  }
}

TEST_CASE("a filter that is none is refused before the file is touched", "[store][purge]") {
  const Files files;
  files.fill();
  CHECK(mentions(refusal(files, "a/#/b"), "not a topic filter"));
  CHECK(mentions(refusal(files, ""), "not a topic filter"));
  CHECK(found_in(files).messages.size() == 1);
}
