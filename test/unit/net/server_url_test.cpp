#include "net/server_url.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace holdfast;
using net::ServerUrl;

namespace {

struct Valid {
  const char* text;
  ServerUrl url;
};

// What parse() says against the text; empty if it says nothing.
std::string complaint(const std::string& text) {
  try {
    static_cast<void>(ServerUrl::parse(text));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

const char* const no_host = "the host is missing";
const char* const bad_port = "the port must be a number from 1 to 65535";
const char* const bad_escape = "a % must be followed by two hexadecimal digits";
const char* const bad_path = "the path must be written with % escapes, and without #";
const char* const bad_host = "the host has a space or a control character";
const char* const no_brackets = "an IPv6 address needs brackets";

}  // namespace

TEST_CASE("every way to write a server means what it says", "[net][server-url]") {
  const std::vector<Valid> table{
      {"localhost", {.host = "localhost"}},
      {"localhost:1884", {.host = "localhost", .port = 1884}},
      {"mqtt://localhost", {.host = "localhost"}},
      {"mqtt://localhost/", {.host = "localhost"}},
      {"mqtt://localhost:1884/", {.host = "localhost", .port = 1884}},
      {"tcp://localhost:1", {.host = "localhost", .port = 1}},
      {"mqtt://localhost:65535", {.host = "localhost", .port = 65535}},
      {"192.0.2.1", {.host = "192.0.2.1"}},
      {"192.0.2.1:2000", {.host = "192.0.2.1", .port = 2000}},
      {"[::1]", {.host = "::1"}},
      {"[::1]:1884", {.host = "::1", .port = 1884}},
      {"mqtt://[2001:db8::17]:1884/", {.host = "2001:db8::17", .port = 1884}},
      {"mqtt://[fe80::1%eth0]", {.host = "fe80::1%eth0"}},
      {"mqtt://me@host", {.user_name = "me", .host = "host"}},
      {"me@host:1884", {.user_name = "me", .host = "host", .port = 1884}},
      {"mqtt://me:secret@host", {.user_name = "me", .password = "secret", .host = "host"}},
      {"mqtt://me:@host", {.user_name = "me", .password = "", .host = "host"}},
      {"mqtt://:secret@host", {.user_name = "", .password = "secret", .host = "host"}},
      {"mqtt://me:secret@[::1]:1884", {.user_name = "me", .password = "secret", .host = "::1", .port = 1884}},
  };
  for (const auto& [text, expected] : table) {
    CAPTURE(text);
    const ServerUrl url = ServerUrl::parse(text);
    CHECK(url.scheme == expected.scheme);
    CHECK(url.user_name == expected.user_name);
    CHECK(url.password == expected.password);
    CHECK(url.host == expected.host);
    CHECK(url.port == expected.port);
    CHECK(url.path == expected.path);
  }
}

TEST_CASE("every scheme has its port, and a WebSocket its path", "[net][server-url]") {
  const std::vector<Valid> table{
      {"MQTT://host", {.host = "host"}},
      {"mqtts://host", {.scheme = "mqtts", .host = "host", .port = 8883}},
      {"ssl://host/", {.scheme = "mqtts", .host = "host", .port = 8883}},
      {"tls://me:p@host:443",
       {.scheme = "mqtts", .user_name = "me", .password = "p", .host = "host", .port = 443}},
      {"ws://host", {.scheme = "ws", .host = "host", .port = 80, .path = "/mqtt"}},
      {"ws://host/", {.scheme = "ws", .host = "host", .port = 80, .path = "/"}},
      {"WS://host:8080/a/b", {.scheme = "ws", .host = "host", .port = 8080, .path = "/a/b"}},
      {"wss://host", {.scheme = "wss", .host = "host", .port = 443, .path = "/mqtt"}},
      {"wss://host?a=b", {.scheme = "wss", .host = "host", .port = 443, .path = "/mqtt?a=b"}},
      {"wss://host/x?a=b/c@d:e", {.scheme = "wss", .host = "host", .port = 443, .path = "/x?a=b/c@d:e"}},
      {"wss://me:p%2Fw@[::1]:9001/x@y%20z",
       {.scheme = "wss",
        .user_name = "me",
        .password = "p/w",
        .host = "::1",
        .port = 9001,
        .path = "/x@y%20z"}},
      {"unix:///run/mqtt.sock", {.scheme = "unix", .port = 0, .path = "/run/mqtt.sock"}},
      {"unix://relative/a b@c?d", {.scheme = "unix", .port = 0, .path = "relative/a b@c?d"}},
      {"unix://@mqtt", {.scheme = "unix", .port = 0, .path = "@mqtt"}},
  };
  for (const auto& [text, expected] : table) {
    CAPTURE(text);
    const ServerUrl url = ServerUrl::parse(text);
    CHECK(url.scheme == expected.scheme);
    CHECK(url.user_name == expected.user_name);
    CHECK(url.password == expected.password);
    CHECK(url.host == expected.host);
    CHECK(url.port == expected.port);
    CHECK(url.path == expected.path);
  }
}

TEST_CASE("percent escapes bring any character into user and password", "[net][server-url]") {
  const ServerUrl url = ServerUrl::parse("mqtt://a%40b%3ac:%25%2F%C3%A4%00@host");
  CHECK(url.user_name == "a@b:c");
  CHECK(url.password == std::string("%/\xC3\xA4\0", 5));
  CHECK(url.host == "host");
}

TEST_CASE("only the first colon and the last @ separate, so that sloppy passwords work",
          "[net][server-url]") {
  const ServerUrl url = ServerUrl::parse("mqtt://me:p:w@x/y@host:1884");
  CHECK(url.user_name == "me");
  CHECK(url.password == "p:w@x/y");
  CHECK(url.host == "host");
  CHECK(url.port == 1884);
}

TEST_CASE("what is no server is refused with a sentence that names the fault", "[net][server-url]") {
  const std::vector<std::pair<const char*, const char*>> table{
      {"", no_host},
      {"/", no_host},
      {"mqtt://", no_host},
      {"mqtt:///", no_host},
      {":1883", no_host},
      {"mqtt://:1883", no_host},
      {"mqtt://me:secret@", no_host},
      {"[]:1883", no_host},
      {"host:", bad_port},
      {"host:0", bad_port},
      {"host:65536", bad_port},
      {"host:99999999999999999999", bad_port},
      {"host:18x3", bad_port},
      {"host:mqtt", bad_port},
      {"host:-1", bad_port},
      {"host:+1883", bad_port},
      {"host: 1883", bad_port},
      {"[::1]:", bad_port},
      {"[::1]:0", bad_port},
      {"::1", no_brackets},
      {"mqtt://2001:db8::17", no_brackets},
      {"a:b:1883", no_brackets},
      {"[::1", "needs a closing bracket"},
      {"[::1]1883", "after the bracket only :port may follow"},
      {"mqtts://", no_host},
      {"mqtts://host/path", "mqtts:// has no path"},
      {"ws://", no_host},
      {"ws:///mqtt", no_host},
      {"wss://host:0/mqtt", bad_port},
      {"wss://host:80x/mqtt", bad_port},
      {"ws://[::1/mqtt", "needs a closing bracket"},
      {"ws://host/a b", bad_path},
      {"ws://host/a\nX: y", bad_path},
      {"ws://host/\xC3\xA4", bad_path},
      {"ws://host/a#b", bad_path},
      {"ws://host?q#b", bad_path},
      {"ho st", bad_host},
      {"mqtt://host\r\nX: y", bad_host},
      {"wss://ho\tst/mqtt", bad_host},
      {"unix://", "the path is missing"},
      {"unix://@", "the path is missing"},
      {"http://host", "\"http://\" is not supported"},
      {"mqttss://host", "\"mqttss://\" is not supported"},
      {"unix:/run/mqtt.sock", "mqtt:// has no path"},
      {"://host", "\"://\" is not supported"},
      {"mqtt://me%@host", bad_escape},
      {"mqtt://me%4@host", bad_escape},
      {"mqtt://me%zz@host", bad_escape},
      {"mqtt://me:%g0@host", bad_escape},
      {"mqtt://host/topic", "mqtt:// has no path"},
      {"mqtt://host:1883//", "mqtt:// has no path"},
  };
  for (const auto& [text, fault] : table) {
    const std::string said = complaint(text);
    CAPTURE(text, said);
    CHECK(said.find(fault) != std::string::npos);
    CHECK(said.rfind("server \"" + net::without_credentials(text) + "\": ", 0) == 0);
  }
}

TEST_CASE("a path that no Unix socket can have is refused with its limit", "[net][server-url]") {
  const std::string longest(107, 'x');
  CHECK(ServerUrl::parse("unix://" + longest).path == longest);
  CHECK(complaint("unix://" + longest + "x").find("a Unix socket's path has at most 107 bytes") !=
        std::string::npos);
  CHECK(complaint(std::string("unix://a\0b", 10)).find("no null character") != std::string::npos);
}

TEST_CASE("no message about a server gives its password away", "[net][server-url]") {
  const std::vector<std::pair<const char*, const char*>> table{
      {"mqtt://me:secret@host:0", "mqtt://host:0"},
      {"mqtt://me:se@cret@host:0", "mqtt://host:0"},
      {"mqtt://me:secret@host:1883/x", "mqtt://host:1883/x"},
      {"me:secret@host:0", "host:0"},
      {"mqtts://me:secret@host:0", "mqtts://host:0"},
      {"ws://me:secret@host:0/mqtt", "ws://host:0/mqtt"},
      {"wss://me:se/cret@host/mqtt", "wss://host/mqtt"},
      {"wss://me:se?cret@host/mqtt", "wss://host/mqtt"},
      {"wss://host:0/mqtt?signature=secret", "wss://host:0/mqtt?..."},
      {"wss://host:0?signature=secret", "wss://host:0?..."},
      {"wss://host:0/mqtt?at=a@secret", "wss://host:0/mqtt?..."},
      {"http://me:secret@host/a?b=secret", "http://host/a?..."},
      {"mqtt://me:secret%@host", "mqtt://host"},
      {"mqtt://host:0", "mqtt://host:0"},
      {"mqtt://:secret@", "mqtt://"},
  };
  for (const auto& [text, shown] : table) {
    CAPTURE(text);
    CHECK(net::without_credentials(text) == shown);
    const std::string said = complaint(text);
    CAPTURE(said);
    CHECK_FALSE(said.empty());
    CHECK(said.find("cret") == std::string::npos);
  }
}

TEST_CASE("one server is one endpoint, however it was written", "[net][server-url]") {
  for (const char* text :
       {"host", "HOST:1883", "mqtt://Host/", "tcp://me:secret@host:1883", "mqtt://you@hOsT"})
    CHECK(ServerUrl::parse(text).endpoint() == "host:1883");
  CHECK(ServerUrl::parse("host:1884").endpoint() == "host:1884");
  CHECK(ServerUrl::parse("mqtt://[2001:DB8::17]:1884").endpoint() == "[2001:db8::17]:1884");
  CHECK(ServerUrl::parse("wss://Host/Path?signature=1").endpoint() == "host:443/Path");
  CHECK(ServerUrl::parse("wss://Host/Path?signature=2").endpoint() == "host:443/Path");
  CHECK(ServerUrl::parse("ws://host").endpoint() == "host:80/mqtt");
  CHECK(ServerUrl::parse("unix:///run/a b").endpoint() == "unix:/run/a%20b");
  CHECK(ServerUrl::parse("unix://@mqtt").endpoint() == "unix:@mqtt");
}

TEST_CASE("a Host header names the port only where it is not the scheme's own", "[net][server-url]") {
  const std::vector<std::pair<const char*, const char*>> table{
      {"ws://Host", "Host"},
      {"ws://host:80/x", "host"},
      {"ws://host:443/x", "host:443"},
      {"wss://host:443", "host"},
      {"wss://host:80", "host:80"},
      {"wss://[::1]", "[::1]"},
      {"wss://[::1]:9001", "[::1]:9001"},
      {"ws://me:p@host:81/", "host:81"},
      {"ws://[fe80::1%eth0]:81", "[fe80::1]:81"},
      {"ws://[fe80::1%eth0]", "[fe80::1]"},
  };
  for (const auto& [text, authority] : table) {
    CAPTURE(text);
    CHECK(ServerUrl::parse(text).authority() == authority);
  }
}
