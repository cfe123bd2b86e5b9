// What a store's file tells to those who look into it.
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/store_file.hpp>

#include "client/clock.hpp"
#include "client/make_message.hpp"
#include "store_files.hpp"

using namespace holdfast;
using namespace holdfast::test;
using namespace std::chrono_literals;

namespace {

/// Commits now, as a Client would, and leaves.
void commit(const Files& files, const session::Journal& journal) {
  const auto store = files.store();
  static_cast<void>(store->open(client::boot_time_now()));
  store->commit(journal, client::boot_time_now());
}

Accepted published(std::uint64_t sequence, std::string_view payload, const PublishOptions& options) {
  auto made = client::make_message("a/topic", std::as_bytes(std::span(payload)), options);
  made->sequence = sequence;
  return {made};
}

using Place = std::tuple<std::uint64_t, Progress, int>;

std::vector<Place> places(StoreFile& file) {
  std::vector<Place> found;
  while (const auto message = file.next())
    found.emplace_back(message->sequence, message->progress, message->packet_identifier);
  return found;
}

}  // namespace

TEST_CASE("the file of a new store says that there is nothing", "[store][store-file]") {
  const Files files;
  commit(files, {});
  StoreFile file(files.file());
  CHECK(file.summary().client_id.empty());
  CHECK_FALSE(file.summary().session_held);
  CHECK_FALSE(file.summary().last_connected);
  CHECK(file.summary().messages() == 0);
  CHECK(file.summary().bytes == 0);
  CHECK(file.summary().subscriptions.empty());
  CHECK_FALSE(file.next());
  CHECK_FALSE(file.next());  // And it stays at the end.
}

TEST_CASE("a store's file says whose session it holds, and how much of what", "[store][store-file]") {
  const Files files;
  const TopicFilter wish{"plant/#", {.qos = QoS::exactly_once}};
  commit(files, {SessionHeld{{"pump-17", "broker:1883"}, 24h}, SessionAlive{}, Subscribed{{wish, {}}},
                 InboundReceived{1}, InboundReceived{2}, Accepted{message(1)}, Accepted{message(2)},
                 Accepted{message(3)}, Accepted{message(4)}, Accepted{message(5)}, Accepted{message(6)},
                 Accepted{message(7)}, Sent{1, 1}, Sent{2, 2}, Sent{3, 3}, Sent{4, 4}, Released{1}, Held{4}});
  const StoreFile file(files.file());
  const StoreSummary& summary = file.summary();
  CHECK(summary.client_id == "pump-17");
  CHECK(summary.server == "broker:1883");
  CHECK(summary.session_held);
  CHECK(summary.session_expiry == 24h);
  REQUIRE(summary.last_connected);
  CHECK(std::chrono::abs(std::chrono::system_clock::now() - *summary.last_connected) < 1min);
  CHECK(summary.waiting == 3);
  CHECK(summary.in_flight == 2);
  CHECK(summary.released == 1);
  CHECK(summary.messages() == 6);
  CHECK(summary.bytes == 6 * message(1)->size());
  CHECK(summary.inbound == 2);
  CHECK(summary.held_identifiers == 1);
  REQUIRE(summary.subscriptions.size() == 1);
  CHECK(summary.subscriptions.front().filter == "plant/#");
  CHECK(summary.subscriptions.front().options.qos == QoS::exactly_once);
}

TEST_CASE("messages come in the order in which they would be sent", "[store][store-file]") {
  const Files files;
  commit(files, {Accepted{message(1)}, Accepted{message(2)}, Accepted{message(3)}, Accepted{message(4)},
                 Sent{1, 10}, Sent{2, 20}, Sent{3, 30}, Released{3}});
  StoreFile file(files.file());
  CHECK(places(file) == std::vector<Place>{{3, Progress::released, 30},
                                           {1, Progress::in_flight, 10},
                                           {2, Progress::in_flight, 20},
                                           {4, Progress::waiting, 0}});
}

TEST_CASE("a message comes with all that it was published with", "[store][store-file]") {
  const Files files;
  const std::string payload("\0\xFF\n", 3);
  const PublishOptions options{.qos = QoS::exactly_once,
                               .retain = true,
                               .payload_is_utf8 = true,
                               .message_expiry_interval = 1h,
                               .content_type = "text/plain",
                               .response_topic = "answers",
                               .correlation_data = std::string("\0id", 3),
                               .user_properties = {{"b", "1"}, {"a", ""}, {"b", "2"}}};
  commit(files, {published(1, payload, options), published(2, "", {.qos = QoS::at_least_once})});
  StoreFile file(files.file());
  const auto full = file.next();
  REQUIRE(full);
  CHECK(full->topic == "a/topic");
  CHECK(full->payload == payload);
  CHECK(full->options.qos == options.qos);
  CHECK(full->options.retain);
  CHECK(full->options.payload_is_utf8);
  CHECK(full->options.content_type == options.content_type);
  CHECK(full->options.response_topic == options.response_topic);
  CHECK(full->options.correlation_data == options.correlation_data);
  CHECK(full->options.user_properties == options.user_properties);
  REQUIRE(full->options.message_expiry_interval);
  CHECK(*full->options.message_expiry_interval > 59min);
  CHECK(*full->options.message_expiry_interval <= 1h);
  const auto bare = file.next();
  REQUIRE(bare);
  CHECK(bare->payload.empty());
  CHECK(bare->options.qos == QoS::at_least_once);
  CHECK_FALSE(bare->options.retain);
  CHECK_FALSE(bare->options.payload_is_utf8);
  CHECK_FALSE(bare->options.message_expiry_interval);
  CHECK_FALSE(bare->options.content_type);
  CHECK(bare->options.user_properties.empty());
}

TEST_CASE("a message that has expired has no time left", "[store][store-file]") {
  const Files files;
  commit(files, {published(1, "late", {.qos = QoS::at_least_once, .message_expiry_interval = 0s})});
  StoreFile file(files.file());
  CHECK(file.next()->options.message_expiry_interval == 0s);
}

TEST_CASE("the QoS of a message is the one in force", "[store][store-file]") {
  const Files files;
  commit(files, {Accepted{message(1)}, Sent{1, 7, QoS::at_least_once}});
  StoreFile file(files.file());
  CHECK(file.next()->options.qos == QoS::at_least_once);
}

TEST_CASE("what a look shows stays as it was, whatever the owner does", "[store][store-file]") {
  const Files files;
  const auto owner = files.store();
  static_cast<void>(owner->open({}));
  owner->commit({Accepted{message(1)}, Accepted{message(2)}}, {});
  StoreFile file(files.file());
  owner->commit({Finished{1}, Finished{2}, Accepted{message(3)}}, {});
  CHECK(places(file) == std::vector<Place>{{1, Progress::waiting, 0}, {2, Progress::waiting, 0}});
}

TEST_CASE("a message whose properties make no sense is damage", "[store][store-file]") {
  const Files files;
  const std::string nonsense = "\xFF\xFF";
  auto made = session::OutboundMessage::make(
      {.topic = "t", .qos = QoS::at_least_once, .properties = std::as_bytes(std::span(nonsense))});
  made->sequence = 5;
  commit(files, {Accepted{made}});
  StoreFile file(files.file());
  try {
    static_cast<void>(file.next());
    FAIL_CHECK("it made sense of it");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::store_failed);
    CHECK(mentions(error.what(), files.file().string() + ": it is damaged"));
  }
}

// Sanitizers keep what is freed in memory for a while.
#ifndef HOLDFAST_SANITIZED
TEST_CASE("of a large file few messages are in memory at a time", "[store][store-file]") {
  constexpr std::uint64_t messages = 10'000;
  const Files files;
  const std::string payload(10'000, 'x');
  {
    const auto store = files.store();
    static_cast<void>(store->open({}));
    for (std::uint64_t sequence = 1; sequence <= messages; ++sequence)
      store->commit({Accepted{message(sequence, payload)}}, {});
  }
  const auto peak_kib = [] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  CHECK(in_a_process([&] {  // One whose peak is its own.
    const auto before = peak_kib();
    StoreFile file(files.file());
    std::uint64_t found = 0;
    while (const auto message = file.next())
      found += message->payload.size() == payload.size() ? 1 : 0;
    return found == messages && peak_kib() - before < 20'000;
  }));
}
#endif
