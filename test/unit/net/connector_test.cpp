#include "net/connector.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>

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
    std::vector<pollfd> polled;
    connector.add_to(polled);
    if (::poll(polled.data(), polled.size(), static_cast<int>(support::patience.count())) <= 0)
      return nullptr;
  }
}

std::size_t sockets_of(const TestConnector& connector) {
  std::vector<pollfd> polled;
  connector.add_to(polled);
  return polled.size();
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

TEST_CASE("when no address answers, every one is accounted for and the one that failed last gives the error",
          "[net][connector]") {
  const Silent silent;
  const Address refused = loopback(support::free_port());
  const bool silent_first = GENERATE(true, false);
  const auto addresses =
      silent_first ? std::vector{silent.address(), refused} : std::vector{refused, silent.address()};
  TestConnector connector(addresses, {}, start + 10s);
  CHECK_FALSE(connector.advance(start));
  while (connector.what().empty())
    CHECK_FALSE(connector.advance(start + 5s));
  CHECK_FALSE(connector.failed());
  CHECK_FALSE(connector.advance(start + 10s));
  CHECK(connector.failed());
  CHECK(connector.error() == std::errc::timed_out);
  CHECK(mentions(connector.what(), refused.text() + ": "));
  CHECK(mentions(connector.what(), "Connection refused"));
  CHECK(mentions(connector.what(), silent.address().text() + ": Connection timed out"));
}

TEST_CASE(
    "an address that does not answer costs the next one a quarter of a second, not its share of the time",
    "[net][connector]") {
  const Silent silent;
  const std::uint16_t port = support::free_port();
  const auto listener = support::listen_on(port);
  TestConnector connector({silent.address(), silent.address(), loopback(port)}, {}, start + 60s);
  CHECK_FALSE(connector.advance(start));
  CHECK(connector.deadline() == start + 250ms);
  CHECK_FALSE(connector.advance(start + 249ms));
  CHECK(sockets_of(connector) == 1);
  CHECK_FALSE(connector.advance(start + 250ms));
  CHECK(sockets_of(connector) == 2);
  CHECK(connector.deadline() == start + 500ms);
  const auto stream = run(connector, start + 500ms);
  REQUIRE(stream);
  CHECK(peer_port(*stream) == port);
  CHECK(connector.what().empty());
}

TEST_CASE("a refused address costs nothing", "[net][connector]") {
  const std::uint16_t port = support::free_port();
  const auto listener = support::listen_on(port);
  TestConnector connector({loopback(support::free_port()), loopback(port)}, {}, start + 10s);
  const auto stream = run(connector, start);
  REQUIRE(stream);
  CHECK(peer_port(*stream) == port);
}

TEST_CASE("the losers of the race are closed", "[net][connector]") {
  const Silent silent;
  const std::uint16_t port = support::free_port();
  const auto listener = support::listen_on(port);
  TestConnector connector({silent.address(), loopback(port)}, {}, start + 10s);
  CHECK_FALSE(connector.advance(start));
  std::vector<pollfd> polled;
  connector.add_to(polled);
  REQUIRE(polled.size() == 1);
  const int loser = polled[0].fd;
  const auto stream = run(connector, start + 250ms);
  REQUIRE(stream);
  CHECK(peer_port(*stream) == port);
  CHECK(sockets_of(connector) == 0);
  CHECK(::fcntl(loser, F_GETFD) == -1);
}

TEST_CASE("with little time and many addresses each still gets its turn", "[net][connector]") {
  const Silent silent;
  const std::vector<Address> addresses(10, silent.address());
  TestConnector connector(addresses, {}, start + 1s);
  for (int turn = 0; turn < 10; ++turn) {
    CHECK_FALSE(connector.advance(start + turn * 100ms));
    CHECK(sockets_of(connector) == static_cast<std::size_t>(turn) + 1);
  }
}

TEST_CASE("a name with very many addresses takes few sockets, and each address gets its turn",
          "[net][connector]") {
  const Silent silent;
  const std::uint16_t port = support::free_port();
  const auto listener = support::listen_on(port);
  std::vector<Address> addresses(100, silent.address());
  addresses.push_back(loopback(port));
  TestConnector connector(addresses, {}, start + 10s);
  auto now = start;
  auto stream = connector.advance(now);
  while (!stream && now < start + 10s) {
    CHECK(sockets_of(connector) <= 16);
    now = std::min(connector.deadline(), start + 10s);
    stream = connector.advance(now);
    if (!stream && now > start + 9'800ms) stream = run(connector, now);
  }
  REQUIRE(stream);
  CHECK(peer_port(*stream) == port);
}

TEST_CASE("IPv6 and IPv4 take turns, beginning with the system's first choice", "[net][connector]") {
  const auto six = [](int number) { return resolve("::" + std::to_string(number), 1).front(); };
  const auto four = [](int number) { return resolve("127.0.0." + std::to_string(number), 1).front(); };
  const auto texts = [](const std::vector<Address>& addresses) {
    std::vector<std::string> found;
    for (const Address& address : addresses)
      found.push_back(address.text());
    return found;
  };
  CHECK(texts(interleaved({six(1), six(2), six(3), four(1), four(2)})) ==
        texts({six(1), four(1), six(2), four(2), six(3)}));
  CHECK(texts(interleaved({four(1), four(2), six(1)})) == texts({four(1), six(1), four(2)}));
  CHECK(texts(interleaved({four(1), four(2)})) == texts({four(1), four(2)}));
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
  CHECK(sockets_of(connector) == 0);
  CHECK(mentions(connector.what(), ", "));
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
