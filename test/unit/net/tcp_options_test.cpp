#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <string>
#include <system_error>
#include <vector>

#include "peer.hpp"

using namespace holdfast;
using namespace holdfast::net;
using namespace holdfast::test;
using namespace std::chrono_literals;

namespace {

int option_of(const SocketStream& stream, int level, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  REQUIRE(::getsockopt(stream.descriptor(), level, option, &value, &size) == 0);
  return value;
}

// What start_connect() throws with these options; no error if it throws nothing.
std::error_code refusal(const TcpOptions& options, std::string& what) {
  const std::uint16_t port = support::free_port();
  const support::Descriptor listener = support::listen_on(port);
  try {
    static_cast<void>(SocketStream::start_connect(loopback(port), options));
  } catch (const std::system_error& error) {
    what = error.what();
    return error.code();
  }
  return {};
}

}  // namespace

TEST_CASE("small packets leave at once and a dead peer is noticed, unless told otherwise", "[net][tcp]") {
  SECTION("by default") {
    const Link ends = link();
    CHECK(option_of(*ends.stream, IPPROTO_TCP, TCP_NODELAY) != 0);
    CHECK(option_of(*ends.stream, SOL_SOCKET, SO_KEEPALIVE) != 0);
  }
  SECTION("switched off") {
    const Link ends = link({.no_delay = false, .keep_alive = false});
    CHECK(option_of(*ends.stream, IPPROTO_TCP, TCP_NODELAY) == 0);
    CHECK(option_of(*ends.stream, SOL_SOCKET, SO_KEEPALIVE) == 0);
  }
}

#ifdef TCP_USER_TIMEOUT
TEST_CASE("the user time-out is set in milliseconds, and left alone by default", "[net][tcp]") {
  CHECK(option_of(*link().stream, IPPROTO_TCP, TCP_USER_TIMEOUT) == 0);
  CHECK(option_of(*link({.user_timeout = 12'345ms}).stream, IPPROTO_TCP, TCP_USER_TIMEOUT) == 12'345);
}
#endif

#ifdef TCP_NOTSENT_LOWAT
TEST_CASE("the kernel is not filled with more than a ping can wait for", "[net][tcp]") {
  CHECK(option_of(*link().stream, IPPROTO_TCP, TCP_NOTSENT_LOWAT) == 256 * 1024);
}
#endif

TEST_CASE("buffers have the size that was asked for", "[net][tcp]") {
  constexpr int asked = 32 * 1024;
  const Link ends = link({.send_buffer = asked, .receive_buffer = asked});
  // Linux reports twice what was set: its own book-keeping is in it. [socket(7)]
  for (const int option : {SO_SNDBUF, SO_RCVBUF}) {
    const int found = option_of(*ends.stream, SOL_SOCKET, option);
    CHECK((found == asked || found == 2 * asked));
  }
}

TEST_CASE("a connection comes from the address it was bound to", "[net][tcp]") {
  const Link ends = link({.bind_address = "127.0.0.2"});
  sockaddr_in from{};
  socklen_t size = sizeof from;
  REQUIRE(::getpeername(ends.peer.get(), reinterpret_cast<sockaddr*>(&from), &size) == 0);
  char text[INET_ADDRSTRLEN];
  REQUIRE(::inet_ntop(AF_INET, &from.sin_addr, text, sizeof text) != nullptr);
  CHECK(std::string(text) == "127.0.0.2");
}

TEST_CASE("an address that is none of ours, or none at all, is refused by name", "[net][tcp]") {
  for (const char* address : {"192.0.2.77", "::1", "localhost", "no address"}) {
    CAPTURE(address);
    std::string what;
    CHECK(refusal({.bind_address = address}, what) == std::errc::address_not_available);
    CHECK(what.find("bind_address \"" + std::string(address) + "\"") != std::string::npos);
  }
}

TEST_CASE("a device that does not exist is refused by name", "[net][tcp]") {
  for (const char* device : {"nosuchdevice0", "a name longer than any device has"}) {
    CAPTURE(device);
    std::string what;
    CHECK(refusal({.bind_device = device}, what));
    CHECK(what.find("bind_device \"" + std::string(device) + "\"") != std::string::npos);
  }
}

TEST_CASE("an option that the system refuses is refused by name", "[net][tcp]") {
  std::string what;
  CHECK(refusal({.user_timeout = -1ms}, what) == std::errc::invalid_argument);
  CHECK(what.find("TCP_USER_TIMEOUT") != std::string::npos);
}
