#include "client/check_options.hpp"

#include <functional>
#include <string>
#include <vector>

#include <holdfast/store.hpp>

#include "refusal.hpp"

using namespace holdfast;
using namespace holdfast::test;
using namespace std::chrono_literals;

namespace {

std::optional<Refusal> refusal(const Options& options) {
  return refusal_of([&] {
    client::check(options);
    return 0;
  });
}

std::optional<Refusal> refusal(const DisconnectOptions& options, std::chrono::seconds asked_expiry = 60s) {
  return refusal_of([&] {
    client::check(options, asked_expiry);
    return 0;
  });
}

// One change to good options, and what its refusal has to name.
struct Case {
  const char* names;
  std::function<void(Options&)> spoil;
};

// The changes are to a will that is there.
struct WillCase {
  const char* names;
  std::function<void(Will&)> spoil;
};

Options good_options() {
  Options options;
  options.client_id = "me";
  return options;
}

const std::string too_long(65536, 'x');
constexpr auto beyond = never_expires + 1s;

const std::vector<Case> bad_options{
    {"server", [](Options& o) { o.server = ""; }},
    {"server", [](Options& o) { o.server = "http://host"; }},
    {"WebSocket header without a name",
     [](Options& o) {
       o.websocket.headers = {{"", "x"}};
     }},
    {"the port must be", [](Options& o) { o.server = "host:0"; }},
    {"the port must be",
     [](Options& o) {
       o.servers = {"host", "host:0"};
     }},
    {"WebSocket header \"Host\": the client sets this one itself",
     [](Options& o) {
       o.websocket.headers = {{"Host", "x"}};
     }},
    {"WebSocket header \"X\": its value has a line break",
     [](Options& o) {
       o.server = "ws://host";
       o.websocket.headers = {{"X", "a\r\nb"}};
     }},
    {"proxy \"host:1\": the kind of proxy is missing", [](Options& o) { o.proxy = "host:1"; }},
    {"proxy \"http://host:0\": the port must be", [](Options& o) { o.proxy = "http://me:secret@host:0"; }},
    {"handshake_timeout", [](Options& o) { o.handshake_timeout = 0ms; }},
    {"user name in server", [](Options& o) { o.server = "mqtt://%FF@host"; }},
    {"user name in server", [](Options& o) { o.server = "mqtt://a%00@host"; }},
    {"password in server", [](Options& o) { o.server = "mqtt://me:" + too_long + "@host"; }},
    {"client_id", [](Options& o) { o.client_id = "\xC3("; }},
    {"client_id", [](Options& o) { o.client_id = std::string("a\0", 2); }},
    {"client_id", [](Options& o) { o.client_id = too_long; }},
    {"user_name", [](Options& o) { o.user_name = "\xFF"; }},
    {"user_name", [](Options& o) { o.user_name = too_long; }},
    {"password", [](Options& o) { o.password = too_long; }},
    {"session_expiry", [](Options& o) { o.session_expiry = -1s; }},
    {"session_expiry", [](Options& o) { o.session_expiry = beyond; }},
    {"session_expiry_interval", [](Options& o) { o.connect_properties.session_expiry_interval = -1s; }},
    {"session_expiry_interval", [](Options& o) { o.connect_properties.session_expiry_interval = beyond; }},
    {"receive_maximum", [](Options& o) { o.connect_properties.receive_maximum = 0; }},
    {"maximum_packet_size", [](Options& o) { o.connect_properties.maximum_packet_size = 0; }},
    {"authentication_method", [](Options& o) { o.connect_properties.authentication_method = "\xFF"; }},
    {"authentication_data without authentication_method",
     [](Options& o) { o.connect_properties.authentication_data = "x"; }},
    {"authentication_data",
     [](Options& o) {
       o.connect_properties.authentication_method = "m";
       o.connect_properties.authentication_data = too_long;
     }},
    {"user property name",
     [](Options& o) {
       o.connect_properties.user_properties = {{"\xFF", ""}};
     }},
    {"user property value",
     [](Options& o) {
       o.connect_properties.user_properties = {{"", too_long}};
     }},
    {"keep_alive", [](Options& o) { o.keep_alive = -1s; }},
    {"keep_alive", [](Options& o) { o.keep_alive = 65536s; }},
    {"connect_timeout", [](Options& o) { o.connect_timeout = 0ms; }},
    {"connack_timeout", [](Options& o) { o.connack_timeout = 0ms; }},
    {"ping_timeout", [](Options& o) { o.ping_timeout = 0ms; }},
    {"write_timeout", [](Options& o) { o.write_timeout = 0ms; }},
    {"acknowledgement_timeout", [](Options& o) { o.acknowledgement_timeout = 0ms; }},
    {"request_timeout", [](Options& o) { o.request_timeout = 0ms; }},
    {"close_timeout", [](Options& o) { o.close_timeout = -1ms; }},
    {"publish_timeout", [](Options& o) { o.publish_timeout = -1ms; }},
    {"reconnect.min_delay", [](Options& o) { o.reconnect.min_delay = 0ms; }},
    {"reconnect.max_delay", [](Options& o) { o.reconnect.max_delay = o.reconnect.min_delay - 1ms; }},
    {"reconnect.stable_after", [](Options& o) { o.reconnect.stable_after = -1ms; }},
    {"tcp.user_timeout", [](Options& o) { o.tcp.user_timeout = -1ms; }},
    {"tcp.user_timeout", [](Options& o) { o.tcp.user_timeout = 2'147'483'648ms; }},
    {"tcp.send_buffer", [](Options& o) { o.tcp.send_buffer = 0; }},
    {"tcp.receive_buffer", [](Options& o) { o.tcp.receive_buffer = -1; }},
    {"outbox_messages_max", [](Options& o) { o.outbox_messages_max = 0; }},
    {"outbox_bytes_max", [](Options& o) { o.outbox_bytes_max = 0; }},
    {"inbox_messages_max", [](Options& o) { o.inbox_messages_max = 0; }},
    {"inbox_bytes_max", [](Options& o) { o.inbox_bytes_max = 0; }},
    {"Start::resume without client_id",
     [](Options& o) {
       o.client_id = "";
       o.start = Start::resume;
     }},
    {"qos0_offline", [](Options& o) { o.qos0_offline = Qos0Offline::store; }},
    {"publish_returns", [](Options& o) { o.publish_returns = PublishReturns::stored; }},
    {"store without client_id",
     [](Options& o) {
       o.client_id = "";
       o.store = memory_store();
     }},
};

const std::vector<WillCase> bad_wills{
    {"will.topic", [](Will& w) { w.topic = ""; }},
    {"will.topic", [](Will& w) { w.topic = "a/+"; }},
    {"will.topic", [](Will& w) { w.topic = too_long; }},
    {"will.qos", [](Will& w) { w.qos = static_cast<QoS>(3); }},
    {"will.payload", [](Will& w) { w.payload = too_long; }},
    {"will.will_delay_interval", [](Will& w) { w.will_delay_interval = beyond; }},
    {"will.message_expiry_interval", [](Will& w) { w.message_expiry_interval = -1s; }},
    {"will.content_type", [](Will& w) { w.content_type = "\xFF"; }},
    {"will.response_topic", [](Will& w) { w.response_topic = "#"; }},
    {"will.correlation_data", [](Will& w) { w.correlation_data = too_long; }},
    {"user property",
     [](Will& w) {
       w.user_properties = {{"n", "\xFF"}};
     }},
};

}  // namespace

TEST_CASE("options as they are by default are fine", "[client][options]") {
  CHECK_FALSE(refusal(Options{}));
  CHECK_FALSE(refusal(good_options()));
}

TEST_CASE("options at the ends of their ranges are fine", "[client][options]") {
  Options options = good_options();
  options.client_id = std::string(65535, 'x');
  options.password = std::string(65535, '\0');
  options.session_expiry = never_expires;
  options.start = Start::resume;
  options.store = memory_store();
  options.outbox_messages_max = options.outbox_bytes_max = 1;
  options.inbox_messages_max = options.inbox_bytes_max = 1;
  options.publish_timeout = 0ms;
  options.keep_alive = 65535s;
  options.connect_timeout = options.connack_timeout = options.write_timeout = 1ms;
  options.request_timeout = options.close_timeout = 1ms;
  options.ping_timeout = options.acknowledgement_timeout = std::chrono::milliseconds::max();
  options.reconnect = {.min_delay = 1ms, .max_delay = 1ms};
  options.connect_properties.receive_maximum = 65535;
  options.connect_properties.maximum_packet_size = 0xFFFFFFFF;
  options.connect_properties.topic_alias_maximum = 65535;
  options.connect_properties.authentication_method = "";
  options.connect_properties.authentication_data = std::string(65535, 'x');
  options.will = Will{.topic = "t", .payload = std::string(65535, 'x'), .will_delay_interval = never_expires};
  CHECK_FALSE(refusal(options));
  options.tcp.user_timeout = 2'147'483'647ms;
  options.tcp.send_buffer = options.tcp.receive_buffer = 1;
  CHECK_FALSE(refusal(options));
  options.tcp.user_timeout = 0ms;
  options.server = "ws://host/path?query";
  options.websocket.headers = {{"Authorization", "Bearer x"}, {"X-Empty", ""}, {"X-Tab", "a\tb"}};
  options.proxy = "socks5://me:secret@[::1]:1080";
  options.keep_alive = 0s;
  options.connect_properties.receive_maximum = 1;
  options.connect_properties.maximum_packet_size = 1;
  CHECK_FALSE(refusal(options));
}

TEST_CASE("every option that breaks a rule is refused by name",
          "[client][options][U-3.1.2.11.3-1][U-3.1.2.11.4-2][U-3.1.2.11.10-1]") {
  for (const auto& [names, spoil] : bad_options) {
    CAPTURE(names);
    Options options = good_options();
    spoil(options);
    const auto refused = refusal(options);
    REQUIRE(refused);
    CAPTURE(refused->what);
    CHECK(refused->code == Errc::invalid_argument);
    CHECK(mentions(refused->what, names));
    CHECK(refused->what.size() < 300);
  }
}

TEST_CASE("every part of a will that breaks a rule is refused by name", "[client][options][MQTT-3.1.2-12]") {
  Options options = good_options();
  options.will = Will{.topic = "t"};
  CHECK_FALSE(refusal(options));
  for (const auto& [names, spoil] : bad_wills) {
    CAPTURE(names);
    options.will = Will{.topic = "t"};
    spoil(*options.will);
    const auto refused = refusal(options);
    REQUIRE(refused);
    CAPTURE(refused->what);
    CHECK(refused->code == Errc::invalid_argument);
    CHECK(mentions(refused->what, names));
    CHECK(refused->what.size() < 300);
  }
}

TEST_CASE("the session expiry may be set in two places, but not to two values", "[client][options]") {
  Options options = good_options();
  options.session_expiry = 3600s;
  options.connect_properties.session_expiry_interval = 3600s;
  CHECK_FALSE(refusal(options));
  options.connect_properties.session_expiry_interval = 3601s;
  const auto refused = refusal(options);
  REQUIRE(refused);
  CHECK(refused->code == Errc::invalid_argument);
  CHECK(mentions(refused->what, "session_expiry and connect_properties.session_expiry_interval differ"));
  options.session_expiry = 0s;
  CHECK(refusal(options));
  options.session_expiry.reset();
  CHECK_FALSE(refusal(options));
}

TEST_CASE("what a hook made of an attempt is checked like the options", "[client][options]") {
  const auto refused_attempt = [](const Attempt& attempt) {
    return refusal_of([&] {
      client::check(attempt, false);
      return 0;
    });
  };
  Attempt attempt{.server = "host", .user_name = "me", .password = "secret", .will = Will{.topic = "t"}};
  CHECK_FALSE(refused_attempt(attempt));
  SECTION("user name") {
    attempt.user_name = "\xFF";
    CHECK(mentions(refused_attempt(attempt).value().what, "user_name"));
  }
  SECTION("password") {
    attempt.password = too_long;
    CHECK(mentions(refused_attempt(attempt).value().what, "password"));
  }
  SECTION("will") {
    for (const auto& [names, spoil] : bad_wills) {
      CAPTURE(names);
      attempt.will = Will{.topic = "t"};
      spoil(*attempt.will);
      const auto refused = refused_attempt(attempt);
      REQUIRE(refused);
      CHECK(refused->code == Errc::invalid_argument);
      CHECK(mentions(refused->what, names));
    }
  }
}

TEST_CASE("a password may stand without a user name", "[client][options]") {
  Options options = good_options();
  options.password = "secret";
  CHECK_FALSE(refusal(options));
}

TEST_CASE("an empty client id is fine for a session that ends with its client", "[client][options]") {
  Options options;
  for (const auto start : {Start::automatic, Start::clean}) {
    options.start = start;
    CHECK_FALSE(refusal(options));
  }
}

TEST_CASE("a client may disconnect for the reasons the standard allows it, and no others",
          "[client][options][disconnect]") {
  // [MQTT 5, 3.14.2.1]
  const std::vector<int> allowed{0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93,
                                 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9B};
  for (int code = 0; code < 256; ++code) {
    CAPTURE(code);
    const bool may = std::find(allowed.begin(), allowed.end(), code) != allowed.end();
    const auto refused = refusal(DisconnectOptions{.reason = static_cast<ReasonCode>(code)});
    CHECK(refused.has_value() == !may);
    if (refused) CHECK(mentions(refused->what, "reason"));
  }
}

TEST_CASE("disconnecting cannot revive a session that began to end with its connection",
          "[client][options][disconnect]") {
  CHECK_FALSE(refusal(DisconnectOptions{}, 0s));
  CHECK_FALSE(refusal(DisconnectOptions{.session_expiry_interval = 0s}, 0s));
  CHECK_FALSE(refusal(DisconnectOptions{.session_expiry_interval = 0s}, 60s));
  CHECK_FALSE(refusal(DisconnectOptions{.session_expiry_interval = never_expires}, 60s));
  const auto refused = refusal(DisconnectOptions{.session_expiry_interval = 1s}, 0s);
  REQUIRE(refused);
  CHECK(refused->code == Errc::invalid_argument);
  CHECK(mentions(refused->what, "session_expiry_interval must stay 0"));
}

TEST_CASE("what DISCONNECT carries is checked like everything else", "[client][options][disconnect]") {
  const std::vector<std::pair<const char*, DisconnectOptions>> table{
      {"drain", {.drain = -1ms}},
      {"session_expiry_interval", {.session_expiry_interval = -1s}},
      {"session_expiry_interval", {.session_expiry_interval = beyond}},
      {"reason_string", {.reason_string = "\xFF"}},
      {"reason_string", {.reason_string = too_long}},
      {"user property name", {.user_properties = {{"\xFF", ""}}}},
  };
  for (const auto& [names, options] : table) {
    CAPTURE(names);
    const auto refused = refusal(options);
    REQUIRE(refused);
    CHECK(refused->code == Errc::invalid_argument);
    CHECK(mentions(refused->what, names));
  }
  CHECK_FALSE(
      refusal(DisconnectOptions{.drain = 5s, .reason_string = "bye", .user_properties = {{"a", "b"}}}));
}
