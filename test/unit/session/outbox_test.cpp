#include "session/outbox.hpp"

#include "engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

const TimePoint start(1'000h);

std::string text(const OutboundMessagePtr& message) {
  const auto payload = message->payload();
  return {reinterpret_cast<const char*>(payload.data()), payload.size()};
}

std::vector<std::string> drain(Outbox& outbox) {
  std::vector<std::string> payloads;
  while (outbox.front() != nullptr)
    payloads.push_back(text(outbox.pop_front()));
  return payloads;
}

/// Each is "topic:payload"; the payloads of those that are superseded.
std::vector<std::string> push(Outbox& outbox, const std::vector<std::string>& messages) {
  static std::uint64_t sequence = 0;
  std::vector<std::string> superseded;
  for (const std::string& line : messages) {
    const std::string_view whole = line;
    const auto colon = whole.find(':');
    auto message = OutboundMessage::make({.topic = whole.substr(0, colon),
                                          .payload = as_bytes(whole.substr(colon + 1)),
                                          .qos = QoS::at_least_once});
    message->sequence = ++sequence;
    if (const auto older = outbox.push_back(std::move(message))) superseded.push_back(text(older));
  }
  return superseded;
}

}  // namespace

TEST_CASE("the outbox keeps the order, and what comes back goes out first in its order", "[outbox]") {
  Outbox outbox;
  outbox.push_back(make_message("3", QoS::at_least_once));
  outbox.push_back(make_message("4", QoS::at_most_once));
  outbox.push_front({make_message("1", QoS::at_least_once), make_message("2", QoS::exactly_once)});
  CHECK(drain(outbox) == numbers(1, 4));
  CHECK(outbox.empty());
}

TEST_CASE("expired messages are taken out in the order of their times, the others stay", "[outbox]") {
  Outbox outbox;
  outbox.push_back(make_message("late", QoS::at_least_once, start + 9s));
  outbox.push_back(make_message("2", QoS::at_least_once, start + 2s));
  outbox.push_back(make_message("1", QoS::at_least_once, start + 1s));
  outbox.push_back(make_message("for ever", QoS::at_least_once));
  CHECK(outbox.deadline() == start + 1s);
  std::vector<OutboundMessagePtr> expired;
  outbox.take_expired(start + 2s, expired);
  REQUIRE(expired.size() == 2);
  CHECK(expired[0]->expires_at() == start + 1s);
  CHECK(expired[1]->expires_at() == start + 2s);
  CHECK(outbox.deadline() == start + 9s);
  CHECK(drain(outbox) == std::vector<std::string>{"late", "for ever"});
}

TEST_CASE("a message that has left is not waited for and not kept until its time is over", "[outbox]") {
  Outbox outbox;
  outbox.push_back(make_message("stays", QoS::at_least_once, start + 10h));
  for (int i = 0; i < 10'000; ++i) {
    outbox.push_back(make_message("x", QoS::at_least_once, start + 1h));
    REQUIRE(outbox.front() != nullptr);
    outbox.push_front({outbox.pop_front()});  // As after a lost session.
  }
  CHECK(outbox.deadline() == start + 1h);
  for (int i = 0; i < 10'001; ++i)
    outbox.pop_front();
  CHECK(outbox.empty());
  CHECK(outbox.deadline() == never);
}

TEST_CASE("a message that came back and expires is taken once", "[outbox]") {
  Outbox outbox;
  outbox.push_back(make_message("x", QoS::at_least_once, start + 1s));
  outbox.push_front({outbox.pop_front()});
  std::vector<OutboundMessagePtr> expired;
  outbox.take_expired(start + 1s, expired);
  outbox.take_expired(start + 1s, expired);
  CHECK(expired.size() == 1);
  CHECK(outbox.empty());
}

TEST_CASE("QoS 0 messages can be taken out, the others keep their order", "[outbox]") {
  Outbox outbox;
  for (int i = 1; i <= 6; ++i)
    outbox.push_back(make_message(std::to_string(i), i % 2 == 0 ? QoS::at_most_once : QoS::at_least_once));
  std::vector<OutboundMessagePtr> taken;
  outbox.take_qos0(taken);
  CHECK(taken.size() == 3);
  CHECK(drain(outbox) == std::vector<std::string>{"1", "3", "5"});
}

TEST_CASE("a higher priority goes out first, and each topic keeps its order", "[outbox]") {
  Outbox outbox({{.filter = "alarm/#", .priority = 9}, {.filter = "debug/+", .priority = -1}});
  push(outbox, {"debug/1:a", "data:b", "alarm/x:c", "data:d", "debug/1:e", "alarm/x:f"});
  CHECK(drain(outbox) == std::vector<std::string>{"c", "f", "b", "d", "a", "e"});
}

TEST_CASE("what a lost session gave back goes out before any priority", "[outbox]") {
  Outbox outbox({{.filter = "alarm", .priority = 9}});
  push(outbox, {"alarm:2"});
  outbox.push_front({make_message("1", QoS::at_least_once)});
  CHECK(drain(outbox) == numbers(1, 2));
}

TEST_CASE("the first rule that matches counts", "[outbox]") {
  Outbox outbox({{.filter = "a/special", .priority = 1}, {.filter = "a/#", .priority = 2}});
  push(outbox, {"a/special:2", "a/b:1"});
  CHECK(drain(outbox) == numbers(1, 2));
}

TEST_CASE("with keep_latest a newer message takes the place of the older one of its topic", "[outbox]") {
  Outbox outbox({{.filter = "value/#", .keep_latest = true}});
  const auto superseded = push(outbox, {"value/a:1", "other:2", "value/b:3", "value/a:4", "value/a:5"});
  CHECK(superseded == std::vector<std::string>{"1", "4"});
  CHECK(drain(outbox) == std::vector<std::string>{"5", "2", "3"});
  CHECK(push(outbox, {"value/a:6"}).empty());  // The older one has left.
  CHECK(drain(outbox) == std::vector<std::string>{"6"});
}

TEST_CASE("a message that expired is not superseded as well", "[outbox]") {
  Outbox outbox({{.filter = "#", .keep_latest = true}});
  CHECK_FALSE(outbox.push_back(make_message("1", QoS::at_least_once, start + 1s)));
  std::vector<OutboundMessagePtr> expired;
  outbox.take_expired(start + 1s, expired);
  CHECK(expired.size() == 1);
  CHECK_FALSE(outbox.push_back(make_message("2", QoS::at_least_once)));
  CHECK(drain(outbox) == std::vector<std::string>{"2"});
}

TEST_CASE("room is made at the lowest priority, never by what a lost session gave back", "[outbox]") {
  Outbox outbox({{.filter = "alarm", .priority = 1}, {.filter = "value", .keep_latest = true}});
  push(outbox, {"alarm:a", "data:1", "value:2", "data:3", "data:4", "alarm:b"});
  outbox.push_front({make_message("0", QoS::at_least_once)});
  CHECK(text(outbox.take_oldest()) == "1");
  CHECK(text(outbox.take_newest()) == "4");
  CHECK(text(outbox.take_oldest()) == "2");
  CHECK(text(outbox.take_newest()) == "3");
  CHECK(text(outbox.take_newest()) == "b");
  CHECK(text(outbox.take_oldest()) == "a");
  CHECK_FALSE(outbox.take_oldest());
  CHECK_FALSE(outbox.take_newest());
  CHECK(drain(outbox) == std::vector<std::string>{"0"});
}

TEST_CASE("what a lost session gave back is not loaded a second time", "[outbox]") {
  const auto numbered = [](std::uint64_t sequence) {
    auto message = make_message(std::to_string(sequence), QoS::exactly_once);
    message->sequence = sequence;
    return message;
  };
  Outbox outbox({}, [&](const WaitingRange& range) {
    std::vector<OutboundMessagePtr> messages;
    for (std::uint64_t sequence = range.first; sequence <= range.last; ++sequence)
      messages.push_back(numbered(sequence));
    return messages;
  });
  std::vector<OutboundMessagePtr> superseded;
  outbox.adopt({{.first = 1, .last = 4, .messages = 3}}, superseded);  // 2 was in flight, by other rules.
  outbox.push_front({numbered(2)});
  CHECK(text(outbox.take_oldest()) == "1");  // Loads.
  CHECK(drain(outbox) == std::vector<std::string>{"2", "3", "4"});
}

TEST_CASE("last values that expired are forgotten, whatever waits before them", "[outbox]") {
  Outbox outbox({{.filter = "#", .keep_latest = true}});
  push(outbox, {"first:stays"});
  std::vector<OutboundMessagePtr> values;
  for (std::uint64_t sequence = 1'001; sequence <= 1'200; ++sequence) {
    values.push_back(OutboundMessage::make(
        {.topic = std::to_string(sequence), .qos = QoS::at_least_once, .expires_at = start + 1s}));
    values.back()->sequence = sequence;
    CHECK_FALSE(outbox.push_back(OutboundMessagePtr(values.back())));
  }
  std::vector<OutboundMessagePtr> expired;
  outbox.take_expired(start + 1s, expired);
  REQUIRE(expired.size() == values.size());
  expired.clear();
  for (const OutboundMessagePtr& value : values)
    CHECK(value->references() == 1);
  CHECK(drain(outbox) == std::vector<std::string>{"stays"});
}
