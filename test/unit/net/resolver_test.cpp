#include "net/resolver.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <string>
#include <system_error>

#include "support/catch.hpp"

using namespace holdfast::net;

TEST_CASE("a numeric address is itself, with its port", "[net][resolver]") {
  const auto ipv4 = resolve("127.0.0.1", 1883);
  REQUIRE(ipv4.size() == 1);
  CHECK(ipv4.front().family() == AF_INET);
  CHECK(ipv4.front().text() == "127.0.0.1:1883");
  const auto ipv6 = resolve("2001:db8::17", 65535);
  REQUIRE(ipv6.size() == 1);
  CHECK(ipv6.front().family() == AF_INET6);
  CHECK(ipv6.front().text() == "[2001:db8::17]:65535");
}

TEST_CASE("a name becomes the addresses it stands for, each with the port", "[net][resolver]") {
  const auto addresses = resolve("localhost", 1884);
  REQUIRE_FALSE(addresses.empty());
  for (const Address& address : addresses) {
    CAPTURE(address.text());
    CHECK((address.text() == "127.0.0.1:1884" || address.text() == "[::1]:1884"));
  }
}

TEST_CASE("a name that nobody knows is an error of the resolver's own that says which name",
          "[net][resolver]") {
  for (const char* host : {"no such host", "", "..", "[::1]"}) {
    CAPTURE(host);
    try {
      static_cast<void>(resolve(host, 1883));
      FAIL_CHECK("it resolved");
    } catch (const std::system_error& error) {
      const std::string what = error.what();
      CAPTURE(what);
      CHECK(error.code().category() == resolver_category());
      CHECK(what.find("host \"" + std::string(host) + "\"") == 0);
      CHECK(what.size() > std::string(host).size() + 10);  // Why not is there too.
    }
  }
}

TEST_CASE("an address that is none has a text too", "[net][resolver]") {
  CHECK(Address{}.text() == "unknown address");
}
