// What may stand in strings and binary fields, asked of everything that a user can set. [MQTT 5, 1.5.4, 4.7]
#include <functional>
#include <string>
#include <vector>

#include <holdfast/client.hpp>

#include "support/catch.hpp"

using namespace holdfast;
using namespace std::string_literals;

namespace {

const std::vector<std::string> ill_formed{"\xED\xA0\x80"s,     "\xED\xBF\xBF"s, "\xC0\x80"s,
                                          "\xF5\x80\x80\x80"s, "\xC3"s,         "\xE2\x82"s,
                                          "a\xF0\x9F\x98"s,    "\xFF"s};
const std::string with_null("a\0b", 3);
const std::string longest(65'535, 'x');
const std::string too_long(65'536, 'x');

/// Something that takes a string of the user's and throws, or does not.
struct Place {
  const char* name;
  std::function<void(const std::string&)> use;
};

void construct(const std::function<void(Options&)>& change) {
  Options options;
  change(options);
  const Client client(options);
}

void with_will(const std::function<void(Will&)>& change) {
  construct([&](Options& options) {
    options.will = Will{.topic = "will"};
    change(*options.will);
  });
}

void publish_with(const std::function<void(PublishOptions&)>& change) {
  PublishOptions options;
  change(options);
  Client client((Options()));
  client.publish("t", "", options);
}

/// Refused before anything is sent: no broker is needed.
const std::vector<Place> text_places{
    {"client id", [](const std::string& text) { construct([&](Options& o) { o.client_id = text; }); }},
    {"user name", [](const std::string& text) { construct([&](Options& o) { o.user_name = text; }); }},
    {"will topic", [](const std::string& text) { with_will([&](Will& w) { w.topic = text; }); }},
    {"will content type",
     [](const std::string& text) { with_will([&](Will& w) { w.content_type = text; }); }},
    {"will response topic",
     [](const std::string& text) { with_will([&](Will& w) { w.response_topic = text; }); }},
    {"will user property name",
     [](const std::string& text) { with_will([&](Will& w) {
                                     w.user_properties = {{text, "v"}};
                                   }); }},
    {"will user property value",
     [](const std::string& text) { with_will([&](Will& w) {
                                     w.user_properties = {{"n", text}};
                                   }); }},
    {"connect user property name",
     [](const std::string& text) {
       construct([&](Options& o) { o.connect_properties.user_properties = {{text, "v"}}; });
     }},
    {"connect user property value",
     [](const std::string& text) {
       construct([&](Options& o) { o.connect_properties.user_properties = {{"n", text}}; });
     }},
    {"authentication method",
     [](const std::string& text) {
       construct([&](Options& o) { o.connect_properties.authentication_method = text; });
     }},
    {"topic name", [](const std::string& text) { Client(Options()).publish(text, ""); }},
    {"content type",
     [](const std::string& text) { publish_with([&](PublishOptions& o) { o.content_type = text; }); }},
    {"response topic",
     [](const std::string& text) { publish_with([&](PublishOptions& o) { o.response_topic = text; }); }},
    {"publish user property name",
     [](const std::string& text) {
       publish_with([&](PublishOptions& o) { o.user_properties = {{text, "v"}}; });
     }},
    {"publish user property value",
     [](const std::string& text) {
       publish_with([&](PublishOptions& o) { o.user_properties = {{"n", text}}; });
     }},
};

/// Those that block for an answer when they are not refused.
const std::vector<Place> request_places{
    {"subscribe filter", [](const std::string& text) { Client(Options()).subscribe(text); }},
    {"unsubscribe filter", [](const std::string& text) { Client(Options()).unsubscribe(text); }},
    {"subscribe user property name",
     [](const std::string& text) {
       Client(Options()).subscribe("a", SubscriptionOptions(), {.user_properties = {{text, "v"}}});
     }},
    {"subscribe user property value",
     [](const std::string& text) {
       Client(Options()).subscribe("a", SubscriptionOptions(), {.user_properties = {{"n", text}}});
     }},
};

const std::vector<Place> binary_places{
    {"password", [](const std::string& bytes) { construct([&](Options& o) { o.password = bytes; }); }},
    {"will payload", [](const std::string& bytes) { with_will([&](Will& w) { w.payload = bytes; }); }},
    {"will correlation data",
     [](const std::string& bytes) { with_will([&](Will& w) { w.correlation_data = bytes; }); }},
    {"authentication data",
     [](const std::string& bytes) {
       construct([&](Options& o) {
         o.connect_properties.authentication_method = "method";
         o.connect_properties.authentication_data = bytes;
       });
     }},
    {"correlation data",
     [](const std::string& bytes) { publish_with([&](PublishOptions& o) { o.correlation_data = bytes; }); }},
};

std::vector<Place> all_text_places() {
  std::vector<Place> places = text_places;
  places.insert(places.end(), request_places.begin(), request_places.end());
  return places;
}

bool refused(const Place& place, const std::string& value) {
  try {
    place.use(value);
    return false;
  } catch (const Error& error) {
    const auto code = error.code();
    return code == Errc::invalid_argument || code == Errc::invalid_topic_name ||
           code == Errc::invalid_topic_filter;
  }
}

}  // namespace

TEST_CASE("no string that is not UTF-8 is taken anywhere",
          "[strings][MQTT-1.5.4-1][MQTT-1.5.7-1][MQTT-3.1.3-4][MQTT-3.1.3-11][MQTT-3.1.3-12][MQTT-3.3.2-1]"
          "[MQTT-3.3.2-13][MQTT-3.3.2-19][MQTT-3.8.3-1][MQTT-3.10.3-1]") {
  for (const Place& place : all_text_places()) {
    for (const std::string& text : ill_formed) {
      CAPTURE(place.name, text);
      CHECK(refused(place, text));
    }
  }
}

TEST_CASE("no string with a null character is taken anywhere", "[strings][MQTT-1.5.4-2][MQTT-4.7.3-2]") {
  for (const Place& place : all_text_places()) {
    CAPTURE(place.name);
    CHECK(refused(place, with_null));
  }
}

TEST_CASE("strings and binary fields have at most 65535 bytes", "[strings][U-1.5.4-4][MQTT-4.7.3-3]") {
  for (const Place& place : text_places) {
    CAPTURE(place.name);
    CHECK_FALSE(refused(place, longest));
    CHECK(refused(place, too_long));
    CHECK(refused(place, longest.substr(1) + "\xC3\xA4"));  // Bytes count, not characters.
  }
  for (const Place& place : request_places) {
    CAPTURE(place.name);
    CHECK(refused(place, too_long));
  }
  for (const Place& place : binary_places) {
    CAPTURE(place.name);
    CHECK_FALSE(refused(place, longest));
    CHECK(refused(place, too_long));
  }
}

TEST_CASE("wildcards are taken in filters alone, and nothing is taken that is empty",
          "[strings][MQTT-3.3.2-2][MQTT-3.3.2-14][MQTT-4.7.0-1][MQTT-4.7.3-1]") {
  for (const Place& place : text_places) {
    const std::string name = place.name;
    if (name.find("topic") == std::string::npos) continue;
    CAPTURE(name);
    for (const char* wildcard : {"a/+", "a/#", "#", "+"})
      CHECK(refused(place, wildcard));
    CHECK(refused(place, ""));
  }
  for (const char* filter : {"", "a#", "a/#/b", "#/a", "a+", "+a", "a/b+", "$share/g", "$share/g/",
                             "$share//t", "$share/+/t", "$share/g#/t"}) {
    CAPTURE(filter);
    CHECK(refused(request_places[0], filter));
    CHECK(refused(request_places[1], filter));
  }
}

TEST_CASE("no QoS and no retain handling is taken that the standard has not",
          "[strings][MQTT-3.3.1-4][MQTT-3.1.2-12][U-3.8.3-1]") {
  const auto three = static_cast<QoS>(3);
  CHECK_THROWS_AS(Client(Options()).publish("t", "", {.qos = three}), Error);
  CHECK_THROWS_AS(Client(Options()).subscribe("t", three), Error);
  CHECK_THROWS_AS(Client(Options()).subscribe(
                      "t", SubscriptionOptions{.retain_handling = static_cast<RetainHandling>(3)}),
                  Error);
  CHECK_THROWS_AS(with_will([&](Will& will) { will.qos = three; }), Error);
}

TEST_CASE("a request without a topic filter is refused", "[strings][MQTT-3.8.3-2][MQTT-3.10.3-2]") {
  CHECK_THROWS_AS(Client(Options()).subscribe(std::vector<TopicFilter>()), Error);
  CHECK_THROWS_AS(Client(Options()).unsubscribe(std::vector<std::string>()), Error);
}
