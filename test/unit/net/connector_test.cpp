#include "net/connector.hpp"

#include <netinet/in.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "peer.hpp"

using namespace holdfast;
using namespace holdfast::net;
using namespace holdfast::test;
using namespace std::chrono_literals;

namespace {

// Time stands still unless a test moves it.
using Time = std::chrono::steady_clock::time_point;
using TestConnector = Connector<Time>;
constexpr Time start{1'000s};

// Goes on at time `now` until there is a stream, or no address left, or (at the deadline) neither.
std::unique_ptr<ByteStream> run(TestConnector& connector, Time now) {
  for (;;) {
    auto stream = connector.advance(now);
    if (stream || connector.failed()) return stream;
    if (!polls(connector.descriptor(), connector.poll_events())) return nullptr;
  }
}

std::uint16_t peer_port(const ByteStream& stream) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  REQUIRE(::getpeername(stream.descriptor(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  // Both families have the port at the same place.
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Listens but answers no SYN: its queue of connections is full.
class Silent {
 public:
  Silent() : port_(support::free_port()), listener_(support::listen_on(port_)) {
    REQUIRE(::listen(listener_.get(), 0) == 0);
    for (bool full = false; !full;) {
      REQUIRE(waiting_.size() < 100);
      waiting_.push_back(support::connect_to(port_));
      full = !polls(waiting_.back().get(), POLLOUT, 200ms);
    }
  }
  [[nodiscard]] Address address() const { return loopback(port_); }

 private:
  std::uint16_t port_;
  support::Descriptor listener_;
  std::vector<support::Descriptor> waiting_;
};

// ::1, if this machine has it.
support::Descriptor listen_on_ipv6(std::uint16_t port) {
  support::Descriptor listener(::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const Address address = resolve("::1", port).front();
  if (!listener || ::bind(listener.get(), address.get(), address.size) != 0) return {};
  REQUIRE(::listen(listener.get(), 1) == 0);
  return listener;
}

}  // namespace

TEST_CASE("the first address that answers is taken, and the others are left alone", "[net][connector]") {
  const std::uint16_t first = support::free_port();
  const std::uint16_t second = support::free_port();
  const auto first_listener = support::listen_on(first);
  const auto second_listener = support::listen_on(second);
  TestConnector connector({loopback(first), loopback(second)}, {}, start + 10s);
  const auto stream = run(connector, start);
  REQUIRE(stream);
  CHECK(peer_port(*stream) == first);
  CHECK(accept_soon(first_listener));
  CHECK_FALSE(support::accept_from(second_listener));
  CHECK(connector.what().empty());
}

TEST_CASE("addresses that refuse are passed over in their order", "[net][connector]") {
  const std::uint16_t port = support::free_port();
  const auto listener = support::listen_on(port);
  const Address refused = loopback(support::free_port());
  const Address refused_too = loopback(support::free_port());
  TestConnector connector({refused, refused_too, loopback(port)}, {}, start + 10s);
  const auto stream = run(connector, start);
  REQUIRE(stream);
  CHECK(peer_port(*stream) == port);
  const std::string& what = connector.what();
  CAPTURE(what);
  CHECK(what.find(refused.text() + ": ") == 0);
  CHECK(mentions(what, ", " + refused_too.text() + ": "));
}

TEST_CASE("when no address answers, every one is accounted for and the last gives the error",
          "[net][connector]") {
  const Silent silent;
  const Address refused = loopback(support::free_port());
  SECTION("the last refuses") {
    TestConnector connector({silent.address(), refused}, {}, start + 10s);
    CHECK_FALSE(connector.advance(start));
    CHECK_FALSE(run(connector, start + 5s));
    CHECK(connector.failed());
    CHECK(connector.error() == std::errc::connection_refused);
    CHECK(mentions(connector.what(), silent.address().text() + ": Connection timed out"));
    CHECK(mentions(connector.what(), refused.text() + ": "));
  }
  SECTION("the last says nothing") {
    TestConnector connector({refused, silent.address()}, {}, start + 10s);
    while (!connector.failed() && connector.what().empty())
      CHECK_FALSE(connector.advance(start));
    CHECK_FALSE(connector.failed());
    CHECK_FALSE(connector.advance(start + 10s));
    CHECK(connector.failed());
    CHECK(connector.error() == std::errc::timed_out);
    CHECK(mentions(connector.what(), refused.text() + ": "));
    CHECK(mentions(connector.what(), "Connection refused"));
  }
}

TEST_CASE("an address that swallows packets costs no more than its share of the time", "[net][connector]") {
  const Silent silent;
  const std::uint16_t port = support::free_port();
  const auto listener = support::listen_on(port);
  TestConnector connector({silent.address(), silent.address(), loopback(port)}, {}, start + 9s);
  CHECK_FALSE(connector.advance(start));
  CHECK(connector.deadline() == start + 3s);
  CHECK(connector.descriptor() >= 0);
  CHECK_FALSE(connector.advance(start + 2'999ms));
  CHECK(connector.deadline() == start + 3s);
  CHECK_FALSE(connector.advance(start + 3s));
  CHECK(connector.deadline() == start + 6s);
  const auto stream = run(connector, start + 6s);
  REQUIRE(stream);
  CHECK(peer_port(*stream) == port);
}

TEST_CASE("what a quick refusal did not use of its time is left to the others", "[net][connector]") {
  const Silent silent;
  const Address refused = loopback(support::free_port());
  TestConnector connector({refused, silent.address()}, {}, start + 10s);
  while (connector.what().empty())
    CHECK_FALSE(connector.advance(start));
  CHECK_FALSE(connector.failed());
  CHECK(connector.deadline() == start + 10s);
}

TEST_CASE("the deadline holds although nothing answers", "[net][connector]") {
  const Silent silent;
  TestConnector connector({silent.address(), silent.address()}, {}, start + 10s);
  CHECK_FALSE(connector.advance(start));
  CHECK_FALSE(connector.failed());
  CHECK_FALSE(connector.advance(start + 10s));
  CHECK_FALSE(connector.advance(start + 10s));
  CHECK(connector.failed());
  CHECK(connector.error() == std::errc::timed_out);
  CHECK(connector.descriptor() == -1);
}

TEST_CASE("options that the system refuses fail every address", "[net][connector]") {
  const std::uint16_t port = support::free_port();
  const auto listener = support::listen_on(port);
  TestConnector connector({loopback(port), loopback(port)}, {.bind_device = "nosuchdevice0"}, start + 10s);
  CHECK_FALSE(connector.advance(start));
  CHECK(connector.failed());
  CHECK(connector.error());
  CHECK(mentions(connector.what(), "bind_device \"nosuchdevice0\""));
}

TEST_CASE("both address families connect, and one stands in for the other", "[net][connector]") {
  const std::uint16_t port = support::free_port();
  const auto ipv6 = listen_on_ipv6(port);
  if (!ipv6) {
    WARN("this machine has no ::1");
    return;
  }
  const Address ipv6_address = resolve("::1", port).front();
  SECTION("IPv6") {
    TestConnector connector({ipv6_address}, {}, start + 10s);
    CHECK(run(connector, start));
  }
  SECTION("IPv6 after IPv4 refused") {
    TestConnector connector({loopback(port), ipv6_address}, {}, start + 10s);
    CHECK(run(connector, start));
    CHECK(mentions(connector.what(), "127.0.0.1:" + std::to_string(port)));
  }
  SECTION("IPv4 after IPv6 refused") {
    const std::uint16_t other = support::free_port();
    const auto ipv4 = support::listen_on(other);
    TestConnector connector({resolve("::1", other).front(), loopback(other)}, {}, start + 10s);
    CHECK(run(connector, start));
    CHECK(mentions(connector.what(), "[::1]:" + std::to_string(other)));
  }
}
