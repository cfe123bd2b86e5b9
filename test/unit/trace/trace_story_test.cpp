#include "trace_story.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace holdfast;
using namespace holdfast::tools;

namespace {

TraceEntry connection(const char* protocol = "5") {
  TraceEntry entry;
  entry.event = "connection";
  entry.json = {{"server", "mqtt://here"}, {"protocol", protocol}};
  return entry;
}

TraceEntry packet(bool from_client, const std::vector<unsigned>& values, unsigned identifier = 0) {
  TraceEntry entry;
  entry.event = "packet";
  entry.from_client = from_client;
  if (identifier != 0) entry.json = {{"id", identifier}};
  for (const unsigned value : values)
    entry.packet.bytes.push_back(static_cast<std::byte>(value));
  entry.packet.size = values.size();
  entry.packet.masked.resize(values.size());
  return entry;
}

TraceEntry connack(unsigned session_present) {
  return packet(false, {0x20, 3, session_present, 0, 0});
}

TraceEntry publish(unsigned flags, unsigned identifier, char payload) {
  return packet(true, {0x30 | flags, 7, 0, 1, 't', 0, identifier, 0, static_cast<unsigned char>(payload)},
                identifier);
}

constexpr unsigned qos_1 = 2;
constexpr unsigned qos_2 = 4;
constexpr unsigned dup_flag = 8;

}  // namespace

TEST_CASE("connections are counted, and each packet belongs to the last one", "[trace]") {
  TraceStory story;
  CHECK(story.tell(connection()).connection == 1);
  CHECK(story.tell(connack(0)).connection == 1);
  CHECK(story.tell(connection()).connection == 2);
  CHECK(story.tell(publish(qos_1, 1, 'a')).connection == 2);
}

TEST_CASE("what a resumed session sends again is told as such: PUBLISH with DUP, PUBREL once more",
          "[trace]") {
  TraceStory story;
  for (TraceEntry& entry :
       std::vector{connection(), connack(0), publish(qos_1, 1, 'a'), publish(qos_2, 2, 'b')})
    CHECK(story.tell(std::move(entry)).repeat == Repeat::none);
  CHECK(story.tell(packet(true, {0x62, 2, 0, 2}, 2)).repeat == Repeat::none);
  static_cast<void>(story.tell(connection()));
  static_cast<void>(story.tell(connack(1)));
  CHECK(story.tell(packet(true, {0x62, 2, 0, 2}, 2)).repeat == Repeat::duplicate);
  CHECK(story.tell(publish(qos_1 | dup_flag, 1, 'a')).repeat == Repeat::duplicate);
  CHECK(story.tell(publish(qos_1, 3, 'a')).repeat == Repeat::none);
}

TEST_CASE("what goes out as new after a lost session is told from what is new", "[trace]") {
  TraceStory story;
  for (TraceEntry& entry :
       std::vector{connection(), connack(0), publish(qos_1, 1, 'a'), publish(qos_1, 2, 'b'),
                   packet(false, {0x40, 2, 0, 2}, 2), connection(), connack(0)})
    static_cast<void>(story.tell(std::move(entry)));
  CHECK(story.tell(publish(qos_1, 8, 'a')).repeat == Repeat::as_new);
  CHECK(story.tell(publish(qos_1, 9, 'a')).repeat == Repeat::none);   // The first one has been found.
  CHECK(story.tell(publish(qos_1, 10, 'b')).repeat == Repeat::none);  // It was acknowledged.
}

TEST_CASE(
    "a message whose topic is an alias is told with its topic, on that connection and in that direction",
    "[trace]") {
  TraceStory story;
  static_cast<void>(story.tell(connection()));
  const std::vector<unsigned> by_alias{0x30, 6, 0, 0, 3, 0x23, 0, 5};
  CHECK(story.tell(packet(true, {0x30, 7, 0, 1, 't', 3, 0x23, 0, 5})).headline == "PUBLISH \"t\", QoS 0");
  CHECK(story.tell(packet(true, by_alias)).headline == "PUBLISH \"t\", QoS 0");
  CHECK(story.tell(packet(false, by_alias)).headline == "PUBLISH \"\", QoS 0");
  static_cast<void>(story.tell(connection()));
  CHECK(story.tell(packet(true, by_alias)).headline == "PUBLISH \"\", QoS 0");
}

TEST_CASE("packets of MQTT 3.1.1 are read as such", "[trace]") {
  TraceStory story;
  static_cast<void>(story.tell(connection("3.1.1")));
  const ToldEntry told = story.tell(packet(false, {0x30, 6, 0, 1, 't', 3, 'a', 'b'}));
  CHECK(told.fields.payload == "\3ab");
  CHECK(told.fields.fault == "");
}

TEST_CASE("a file that goes on in the middle of a connection is read as of that connection", "[trace]") {
  TraceEntry begin;
  begin.event = "trace";
  begin.json = {
      {"continued", true}, {"state", "connected"}, {"server", "mqtt://here"}, {"protocol", "3.1.1"}};
  const TraceEntry message = packet(false, {0x30, 6, 0, 1, 't', 3, 'a', 'b'});
  {
    TraceStory alone;
    CHECK(alone.tell(begin).connected);
    CHECK(alone.tell(message).connection == 1);
    CHECK(alone.tell(message).fields.payload == "\3ab");
  }
  TraceStory behind_the_one_before;
  static_cast<void>(behind_the_one_before.tell(connection("3.1.1")));
  static_cast<void>(behind_the_one_before.tell(begin));
  CHECK(behind_the_one_before.tell(message).connection == 1);
}

TEST_CASE("what a process left unfinished is no concern of the next one, unless a store knows of it",
          "[trace]") {
  const bool stored = GENERATE(false, true);
  TraceEntry commit;
  commit.event = "commit";
  TraceEntry begin;
  begin.event = "trace";
  begin.json = {{"process", 2}};
  TraceStory story;
  static_cast<void>(story.tell(connection()));
  static_cast<void>(story.tell(connack(0)));
  static_cast<void>(story.tell(publish(qos_1, 1, 'a')));
  if (stored) static_cast<void>(story.tell(commit));
  CHECK_FALSE(story.tell(begin).connected);
  static_cast<void>(story.tell(connection()));
  static_cast<void>(story.tell(connack(0)));
  CHECK(story.tell(publish(qos_1, 1, 'a')).repeat == (stored ? Repeat::as_new : Repeat::none));
}
