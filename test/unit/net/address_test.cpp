#include "net/address.hpp"

#include <sys/un.h>

#include <cstddef>
#include <string>
#include <system_error>

#include "net/resolver.hpp"
#include "support/catch.hpp"

using namespace holdfast::net;

TEST_CASE("a Unix socket's address is its path, or the whole of its abstract name", "[net][address]") {
  const Address path = Address::unix_socket("/run/mqtt.sock");
  CHECK(path.family() == AF_UNIX);
  CHECK(path.text() == "/run/mqtt.sock");
  const Address abstract = Address::unix_socket("@mqtt");
  CHECK(abstract.text() == "@mqtt");
  CHECK(abstract.size == offsetof(sockaddr_un, sun_path) + 5);
  CHECK(reinterpret_cast<const sockaddr_un&>(abstract.storage).sun_path[0] == '\0');
  CHECK(resolve("127.0.0.1", 1883).front().text() == "127.0.0.1:1883");
  CHECK(resolve("::1", 1883).front().text() == "[::1]:1883");
}

TEST_CASE("an address is never made of a path that is too long", "[net][address]") {
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  CHECK(Address::unix_socket(std::string(longest, 'x')).text() == std::string(longest, 'x'));
  for (const std::string& path : {std::string(), std::string(longest + 1, 'x')}) {
    try {
      static_cast<void>(Address::unix_socket(path));
      FAIL("taken");
    } catch (const std::system_error& error) {
      CHECK(error.code() == std::errc::filename_too_long);
      CHECK(std::string(error.what()).find("a path has 1 to 107 bytes") != std::string::npos);
    }
  }
}
