#include "session/feed.hpp"

#include "engine_under_test.hpp"

using namespace holdfast;
using namespace holdfast::session;

namespace {

std::vector<OutboundMessagePtr> on_topics(const std::vector<std::string>& topics) {
  static std::uint64_t sequence = 0;
  std::vector<OutboundMessagePtr> messages;
  for (const std::string& topic : topics) {
    messages.push_back(OutboundMessage::make({.topic = topic, .qos = QoS::at_least_once}));
    messages.back()->sequence = ++sequence;
  }
  return messages;
}

std::vector<std::string> topics_of(const std::vector<Packet>& packets) {
  std::vector<std::string> topics;
  for (const Packet& packet : packets)
    topics.push_back(packet.topic);
  return topics;
}

Properties window_of(std::uint16_t size) {
  Properties properties;
  properties.add(PropertyId::receive_maximum, size);
  return properties;
}

/// What has been published in one go, with so much room at the broker.
std::vector<std::string> sent(Outbox& outbox, std::uint16_t window, const std::vector<std::string>& topics) {
  EngineUnderTest test;
  test.connect(false, window_of(window));
  auto messages = on_topics(topics);
  accept(messages, test.engine, outbox, test.now);
  CHECK(messages.empty());
  feed(test.engine, outbox, test.now);
  return topics_of(test.write());
}

}  // namespace

TEST_CASE("what is published together leaves in order as far as the window allows; the rest waits",
          "[outbox][feed]") {
  Outbox outbox;
  CHECK(sent(outbox, 2, {"a", "b", "c", "d"}) == std::vector<std::string>{"a", "b"});
  REQUIRE(outbox.front() != nullptr);
  CHECK(outbox.front()->topic() == "c");
}

TEST_CASE("who comes later does not overtake what waits", "[outbox][feed]") {
  Outbox outbox;
  outbox.push_back(on_topics({"earlier"}).front());
  CHECK(sent(outbox, 2, {"a", "b"}) == std::vector<std::string>{"earlier", "a"});
}

TEST_CASE(
    "an alarm overtakes the telemetry that was published together with it, of which the latest goes out",
    "[outbox][feed]") {
  Outbox outbox({{.filter = "alarm", .priority = 1}, {.filter = "value", .keep_latest = true}});
  CHECK(sent(outbox, 2, {"value", "value", "event", "alarm"}) == std::vector<std::string>{"alarm", "value"});
}
