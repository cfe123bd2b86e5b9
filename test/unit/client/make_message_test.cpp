#include "client/make_message.hpp"

#include <sys/mman.h>

#include <cstddef>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "client/clock.hpp"
#include "refusal.hpp"
#include "wire/property.hpp"

using namespace holdfast;
using namespace holdfast::client;
using namespace holdfast::test;
using namespace std::chrono_literals;
using wire::PropertyId;

namespace {

std::optional<Refusal> refusal(const PublishOptions& options, std::string_view topic = "t") {
  return refusal_of([&] { return make_message(topic, bytes_of("payload"), options); });
}

struct Case {
  const char* names;
  std::function<void(PublishOptions&)> spoil;
};

UserProperties user_properties(const session::OutboundMessage& message) {
  UserProperties found;
  for (const wire::Property& property : message.properties()) {
    if (property.id != PropertyId::user_property) continue;
    const auto& [name, value] = std::get<wire::Property::Pair>(property.value);
    found.emplace_back(name, value);
  }
  return found;
}

const std::string too_long(65536, 'x');

}  // namespace

TEST_CASE("a message carries topic, payload and flags as they were given", "[client][message]") {
  const auto qos = GENERATE(QoS::at_most_once, QoS::at_least_once, QoS::exactly_once);
  const bool retain = GENERATE(false, true);
  std::string topic = "a/b";
  std::string payload("any\0bytes\xFF", 10);
  const auto message = make_message(topic, bytes_of(payload), {.qos = qos, .retain = retain});
  topic = payload = "overwritten";  // Both were copied.
  CHECK(message->topic() == "a/b");
  CHECK(payload_of(message) == std::string("any\0bytes\xFF", 10));
  CHECK(message->qos == qos);
  CHECK(message->retain() == retain);
  CHECK(message->properties().empty());
  CHECK(message->expires_at() == session::never);
  CHECK_FALSE(message->done());
}

TEST_CASE("an empty payload is one, too", "[client][message]") {
  const auto message = make_message("t", {}, {});
  CHECK(message->payload().empty());
  CHECK(message->size() == 1);
}

TEST_CASE("every property of a message is in it, user properties in their order", "[client][message]") {
  const PublishOptions options{.payload_is_utf8 = true,
                               .content_type = "text/plain",
                               .response_topic = "answers/17",
                               .correlation_data = std::string("\0\xFF", 2),
                               .user_properties = {{"b", "1"}, {"a", ""}, {"b", "2"}}};
  const auto message = make_message("t", bytes_of("x"), options);
  const wire::PropertiesView properties = message->properties();
  CHECK_FALSE(wire::check_properties(properties.bytes(), wire::PropertyPlace::publish));
  CHECK(properties.number(PropertyId::payload_format_indicator) == 1U);
  CHECK(properties.string(PropertyId::content_type) == "text/plain");
  CHECK(properties.string(PropertyId::response_topic) == "answers/17");
  const auto correlation = properties.binary(PropertyId::correlation_data);
  REQUIRE(correlation);
  CHECK(std::string(reinterpret_cast<const char*>(correlation->data()), correlation->size()) ==
        std::string("\0\xFF", 2));
  CHECK(user_properties(*message) == options.user_properties);
  // It counts down while the message waits, so it is not among the encoded ones.
  CHECK_FALSE(properties.number(PropertyId::message_expiry_interval));
}

TEST_CASE("empty strings are properties too, absent ones are not", "[client][message]") {
  const auto message = make_message("t", {}, {.content_type = "", .correlation_data = ""});
  CHECK(message->properties().string(PropertyId::content_type) == "");
  CHECK(message->properties().binary(PropertyId::correlation_data).has_value());
  CHECK_FALSE(message->properties().string(PropertyId::response_topic));
  CHECK_FALSE(message->properties().number(PropertyId::payload_format_indicator));
}

TEST_CASE("a message expires so many seconds from now, or never", "[client][message]") {
  for (const auto interval : {0s, 1s, 3600s, std::chrono::seconds(never_expires)}) {
    CAPTURE(interval.count());
    const auto before = boot_time_now();
    const auto message = make_message("t", {}, {.message_expiry_interval = interval});
    const auto after = boot_time_now();
    CHECK(message->expires_at() >= before + interval);
    CHECK(message->expires_at() <= after + interval);
  }
}

TEST_CASE("what is no topic name is refused, with the name made printable", "[client][message]") {
  const std::vector<std::pair<std::string, const char*>> table{
      {"", "\"\""},
      {"a/+", "\"a/+\""},
      {"#", "\"#\""},
      {"a#b", "\"a#b\""},
      {std::string("a\0b", 3), "\"a\\x00b\""},
      {"\xC3(", "\"\\xC3(\""},
      {"\xED\xA0\x80", "\"\\xED\\xA0\\x80\""},
      {too_long, "xxx...\""},
  };
  for (const auto& [topic, shown] : table) {
    CAPTURE(shown);
    const auto refused = refusal({}, topic);
    REQUIRE(refused);
    CAPTURE(refused->what);
    CHECK(refused->code == Errc::invalid_topic_name);
    CHECK(mentions(refused->what, "not a topic name"));
    CHECK(mentions(refused->what, shown));
    CHECK(refused->what.size() < 300);
  }
}

TEST_CASE("a topic may have 65535 bytes, any letters and empty levels", "[client][message]") {
  const std::string longest(65535, 'x');
  for (const std::string& topic :
       {longest, std::string("/"), std::string("\xC3\xA4 /$"), std::string("$SYS/x")})
    CHECK(make_message(topic, {}, {})->topic() == topic);
}

TEST_CASE("every property that breaks a rule is refused by name", "[client][message]") {
  const std::vector<Case> table{
      {"qos", [](PublishOptions& o) { o.qos = static_cast<QoS>(3); }},
      {"message_expiry_interval", [](PublishOptions& o) { o.message_expiry_interval = -1s; }},
      {"message_expiry_interval", [](PublishOptions& o) { o.message_expiry_interval = never_expires + 1s; }},
      {"content_type", [](PublishOptions& o) { o.content_type = "\xFF"; }},
      {"content_type", [](PublishOptions& o) { o.content_type = std::string("a\0", 2); }},
      {"content_type", [](PublishOptions& o) { o.content_type = too_long; }},
      {"response_topic", [](PublishOptions& o) { o.response_topic = ""; }},
      {"response_topic", [](PublishOptions& o) { o.response_topic = "a/+"; }},
      {"response_topic", [](PublishOptions& o) { o.response_topic = "a/#"; }},
      {"response_topic", [](PublishOptions& o) { o.response_topic = too_long; }},
      {"correlation_data", [](PublishOptions& o) { o.correlation_data = too_long; }},
      {"user property name",
       [](PublishOptions& o) {
         o.user_properties = {{"\xFF", ""}};
       }},
      {"user property value",
       [](PublishOptions& o) {
         o.user_properties = {{"a", "b"}, {"", too_long}};
       }},
  };
  for (const auto& [names, spoil] : table) {
    CAPTURE(names);
    PublishOptions options;
    spoil(options);
    const auto refused = refusal(options);
    REQUIRE(refused);
    CAPTURE(refused->what);
    CHECK(refused->code == Errc::invalid_argument);
    CHECK(refused->what.rfind(names, 0) == 0);
    CHECK(refused->what.size() < 300);
  }
}

TEST_CASE("properties at the ends of their ranges are fine", "[client][message]") {
  const std::string longest(65535, 'x');
  CHECK_FALSE(refusal({.message_expiry_interval = never_expires,
                       .content_type = longest,
                       .response_topic = longest,
                       .correlation_data = std::string(65535, '\0'),
                       .user_properties = {{longest, longest}, {"", ""}}}));
}

TEST_CASE("a payload that is called UTF-8 is not checked to be", "[client][message]") {
  const auto message = make_message("t", bytes_of("\xFF\xFE"), {.payload_is_utf8 = true});
  CHECK(payload_of(message) == "\xFF\xFE");
}

TEST_CASE("a payload beyond what MQTT carries is refused before a byte of it is read", "[client][message]") {
  constexpr std::size_t size = 268'435'461;
  // Touching this memory would end the program.
  void* memory = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  const std::span payload(static_cast<const std::byte*>(memory), size);
  const auto refused = refusal_of([&] { return make_message("a/b", payload, {}); });
  ::munmap(memory, size);
  REQUIRE(refused);
  CHECK(refused->code == Errc::packet_too_large);
  CHECK(mentions(refused->what, "publish \"a/b\": the payload has 268435461 bytes"));
}
