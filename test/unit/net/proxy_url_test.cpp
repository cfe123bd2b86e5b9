#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "net/proxy.hpp"
#include "support/catch.hpp"

using namespace holdfast::net;
using Kind = ProxyUrl::Kind;

namespace {

struct Valid {
  const char* text;
  ProxyUrl url;
};

std::string complaint(const std::string& text) {
  try {
    static_cast<void>(ProxyUrl::parse(text));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

// The environment's variables that name proxies, as a test wants them; put back at its end.
class Environment {
 public:
  explicit Environment(const std::vector<std::pair<std::string, std::string>>& variables) {
    for (const char* name : names) {
      const char* value = std::getenv(name);
      saved_.emplace_back(name, value == nullptr ? std::nullopt : std::optional<std::string>(value));
      ::unsetenv(name);
    }
    for (const auto& [name, value] : variables)
      ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~Environment() {
    for (const auto& [name, value] : saved_) {
      if (value) {
        ::setenv(name.c_str(), value->c_str(), 1);
      } else {
        ::unsetenv(name.c_str());
      }
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  static constexpr const char* names[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                          "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
  std::vector<std::pair<std::string, std::optional<std::string>>> saved_;
};

// Which proxy the environment names: its host, or nothing.
std::string named(const char* scheme, const char* host = "broker") {
  const auto proxy = proxy_from_environment(scheme, host);
  return proxy ? proxy->host : "";
}

}  // namespace

TEST_CASE("every way to write a proxy means what it says", "[net][proxy]") {
  const std::vector<Valid> table{
      {"http://proxy", {.host = "proxy", .port = 3128}},
      {"HTTP://proxy/", {.host = "proxy", .port = 3128}},
      {"http://proxy:8080/", {.host = "proxy", .port = 8080}},
      {"http://[::1]", {.host = "::1", .port = 3128}},
      {"http://[2001:db8::1]:81", {.host = "2001:db8::1", .port = 81}},
      {"http://me@proxy", {.user_name = "me", .host = "proxy", .port = 3128}},
      {"http://me:@proxy", {.user_name = "me", .password = "", .host = "proxy", .port = 3128}},
      {"http://m%40e:p%3Aw@proxy:1", {.user_name = "m@e", .password = "p:w", .host = "proxy", .port = 1}},
      {"http://me:p@s/s@proxy", {.user_name = "me", .password = "p@s/s", .host = "proxy", .port = 3128}},
      {"socks5://proxy", {.kind = Kind::socks5, .host = "proxy", .port = 1080}},
      {"socks5h://me:secret@127.0.0.1:9050",
       {.kind = Kind::socks5, .user_name = "me", .password = "secret", .host = "127.0.0.1", .port = 9050}},
  };
  for (const auto& [text, expected] : table) {
    CAPTURE(text);
    const ProxyUrl url = ProxyUrl::parse(text);
    CHECK(url.kind == expected.kind);
    CHECK(url.user_name == expected.user_name);
    CHECK(url.password == expected.password);
    CHECK(url.host == expected.host);
    CHECK(url.port == expected.port);
  }
}

TEST_CASE("what is no proxy is refused with a sentence that names the fault and no password",
          "[net][proxy]") {
  const std::string long_name(256, 'x');
  const std::vector<std::pair<std::string, const char*>> table{
      {"", "the kind of proxy is missing"},
      {"proxy:3128", "the kind of proxy is missing: use http://host:port or socks5://host:port"},
      {"me:secret@proxy:3128", "the kind of proxy is missing"},
      {"https://me:secret@proxy", "TLS to the proxy itself is not supported"},
      {"socks4://me:secret@proxy",
       "\"socks4://\" is not supported: use http://host:port or socks5://host:port"},
      {"socks4a://proxy", "\"socks4a://\" is not supported"},
      {"http://", "the host is missing"},
      {"http://:3128", "the host is missing"},
      {"http://me:secret@", "the host is missing"},
      {"http://me:secret@proxy:0", "the port must be a number from 1 to 65535"},
      {"http://proxy:99999", "the port must be a number from 1 to 65535"},
      {"http://::1", "an IPv6 address needs brackets"},
      {"http://proxy/path", "a proxy has no path"},
      {"http://pro xy", "a space or a control character"},
      {"http://proxy\r\nX: y", "a space or a control character"},
      {"http://" + long_name, "more than 255 characters"},
      {"http://m%3Ae:secret@proxy", "has no colon"},
      {"http://me:secret%@proxy", "a % must be followed by two hexadecimal digits"},
      {"socks5://:secret@proxy", "a user name for SOCKS5 has 1 to 255 bytes"},
      {"socks5://" + long_name + ":secret@proxy", "a user name for SOCKS5 has 1 to 255 bytes"},
      {"socks5://me:secret" + long_name + "@proxy", "a password for SOCKS5 has at most 255 bytes"},
  };
  for (const auto& [text, fault] : table) {
    const std::string said = complaint(text);
    CAPTURE(text, said);
    CHECK(said.find(fault) != std::string::npos);
    CHECK(said.rfind("proxy \"", 0) == 0);
    CHECK(said.find("secret") == std::string::npos);
  }
}

TEST_CASE("the environment names a proxy for each scheme, in small letters first", "[net][proxy]") {
  const Environment environment({{"http_proxy", "http://plain"},
                                 {"https_proxy", "http://secure"},
                                 {"HTTPS_PROXY", "http://never"},
                                 {"ALL_PROXY", "socks5://all"}});
  CHECK(named("ws") == "plain");
  CHECK(named("wss") == "secure");
  CHECK(named("mqtts") == "secure");
  CHECK(named("mqtt") == "all");
}

TEST_CASE("an environment without a proxy, or with an empty one, is none", "[net][proxy]") {
  const Environment environment({{"http_proxy", ""}, {"all_proxy", ""}});
  for (const char* scheme : {"mqtt", "mqtts", "ws", "wss"})
    CHECK(named(scheme) == "");
}

TEST_CASE("HTTP_PROXY in capitals is not trusted: a CGI program has it from its client", "[net][proxy]") {
  const Environment environment({{"HTTP_PROXY", "http://evil"}, {"HTTPS_PROXY", "http://secure"}});
  CHECK(named("ws") == "");
  CHECK(named("wss") == "secure");
}

TEST_CASE("the environment's proxy may lack its scheme, and may be wrong, and the error says so",
          "[net][proxy]") {
  const Environment environment({{"https_proxy", "me:secret@proxy:8080/"}, {"all_proxy", "https://proxy"}});
  const auto proxy = proxy_from_environment("wss", "broker");
  REQUIRE(proxy);
  CHECK(proxy->kind == Kind::http);
  CHECK(proxy->port == 8080);
  CHECK(proxy->user_name == "me");
  CHECK_THROWS_AS(named("mqtt"), std::invalid_argument);
}

TEST_CASE("hosts that no_proxy names are reached without a proxy", "[net][proxy]") {
  const Environment environment({{"all_proxy", "http://proxy"},
                                 {"NO_PROXY", "localhost, Example.COM ,.plant.example,,127.0.0.1,[::1]"}});
  for (const char* host : {"localhost", "example.com", "EXAMPLE.com", "a.example.com", "plant.example",
                           "b.a.plant.example", "127.0.0.1", "::1"}) {
    CAPTURE(host);
    CHECK(named("mqtt", host) == "");
  }
  for (const char* host :
       {"notexample.com", "example.com.evil", "com", "xlocalhost", "127.0.0.10", "10.127.0.0.1x"}) {
    CAPTURE(host);
    CHECK(named("mqtt", host) == "proxy");
  }
}

TEST_CASE("no_proxy with a star is no proxy at all", "[net][proxy]") {
  const Environment environment({{"all_proxy", "http://proxy"}, {"no_proxy", "*"}});
  CHECK(named("mqtt") == "");
}
