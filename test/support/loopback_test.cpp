#include "support/loopback.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <set>

#include "support/catch.hpp"
#include "support/descriptor.hpp"

using namespace holdfast::support;

namespace {

/// What a process that is forked for it gets; 0 if it gets none.
std::uint16_t free_port_of_a_child() {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    std::uint16_t port = 0;
    try {
      port = free_port();
    } catch (...) {
    }
    ::_exit(::write(writing.get(), &port, sizeof port) == sizeof port ? 0 : 1);
  }
  writing.close();
  std::uint16_t port = 0;
  CHECK(::read(reading.get(), &port, sizeof port) == sizeof port);
  ::waitpid(child, nullptr, 0);
  return port;
}

}  // namespace

TEST_CASE("free_port() gives a process hundreds of ports before it gives one again", "[support][loopback]") {
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 300; ++i)
    ports.insert(free_port());
  CHECK(ports.size() == 300);
}

// Each process chooses at random where it looks first: among so many there are some that look where this one
// has been.
TEST_CASE("free_port() gives no process a port of one that lives", "[support][loopback]") {
  static_cast<void>(free_port());
  int shared = 0;
  for (int i = 0; i < 200; ++i) {
    const std::uint16_t of_a_child = free_port_of_a_child();
    REQUIRE(of_a_child != 0);
    if (of_a_child == free_port()) ++shared;  // Both have counted alike.
  }
  CHECK(shared == 0);
}
