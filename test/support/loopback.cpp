#include "support/loopback.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace holdfast::support {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Descriptor tcp_socket() {
  Descriptor made(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made) fail("socket");
  return made;
}

void set_option(const Descriptor& socket, int level, int option, int value) {
  if (::setsockopt(socket.get(), level, option, &value, sizeof value) != 0) fail("setsockopt");
}

bool bind_to(const Descriptor& socket, std::uint16_t port) {
  const sockaddr_in address = loopback(port);
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

constexpr unsigned ports_of_a_process = 500;

/// A name in the network's namespace is the lock, which ends with the process: so nobody else takes a port on
/// which nobody listens for the moment, and no client of another test comes to ours.
bool reserve_ports(unsigned block) {
  static Descriptor held;
  Descriptor lock(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "holdfast-test-ports-" + std::to_string(block);
  name.copy(address.sun_path + 1, name.size());  // One that begins with a null character is in no directory.
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(lock.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return false;
  held = std::move(lock);
  return true;
}

unsigned lowest_of_a_block() {
  constexpr unsigned lowest = 15'000, blocks = 34;
  const unsigned first = std::random_device{}();
  for (unsigned i = 0; i < blocks; ++i) {
    const unsigned block = (first % blocks + i) % blocks;
    if (reserve_ports(block)) return lowest + block * ports_of_a_process;
  }
  throw std::runtime_error("free_port: 34 test processes run already");
}

/// A fork has other ones than its parent.
unsigned lowest_port_of_our_own() {
  static std::mutex mutex;
  static pid_t owner = -1;
  static unsigned lowest = 0;
  const std::lock_guard lock(mutex);
  if (owner != ::getpid()) {
    lowest = lowest_of_a_block();
    owner = ::getpid();
  }
  return lowest;
}

}  // namespace

std::uint16_t free_port() {
  const unsigned lowest = lowest_port_of_our_own();
  static std::atomic<unsigned> place{0};
  for (unsigned attempt = 0; attempt < ports_of_a_process; ++attempt) {
    const auto port = static_cast<std::uint16_t>(lowest + place++ % ports_of_a_process);
    const Descriptor probe = tcp_socket();
    set_option(probe, SOL_SOCKET, SO_REUSEADDR, 1);
    if (bind_to(probe, port) && ::listen(probe.get(), 1) == 0) return port;
  }
  fail("no free port on 127.0.0.1");
}

Descriptor listen_on(std::uint16_t port, int receive_buffer) {
  Descriptor listener = tcp_socket();
  set_option(listener, SOL_SOCKET, SO_REUSEADDR, 1);
  if (receive_buffer > 0) set_option(listener, SOL_SOCKET, SO_RCVBUF, receive_buffer);
  if (!bind_to(listener, port)) fail("bind");
  if (::listen(listener.get(), 100) != 0) fail("listen");
  return listener;
}

void stop_listening(Descriptor& listener) noexcept {
  // A poll in another thread keeps a closed socket alive until it returns; a shut down one listens no more.
  ::shutdown(listener.get(), SHUT_RDWR);
  listener.close();
}

Descriptor accept_from(const Descriptor& listener) {
  Descriptor accepted(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (accepted) set_option(accepted, IPPROTO_TCP, TCP_NODELAY, 1);
  return accepted;
}

Descriptor connect_to(std::uint16_t port, int receive_buffer) {
  Descriptor connection = tcp_socket();
  // Now or never: one that shrinks later drops what was sent for the larger one.
  if (receive_buffer > 0) set_option(connection, SOL_SOCKET, SO_RCVBUF, receive_buffer);
  set_option(connection, IPPROTO_TCP, TCP_NODELAY, 1);
  const sockaddr_in address = loopback(port);
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS && errno != ECONNREFUSED) {
    fail("connect");
  }
  return connection;
}

bool is_listening(std::uint16_t port) {
  const Descriptor connection = connect_to(port);
  pollfd waiting{connection.get(), POLLOUT, 0};
  if (::poll(&waiting, 1, 1'000) != 1) return false;
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(connection.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  return error == 0 && (waiting.revents & (POLLERR | POLLHUP)) == 0;
}

void reset(Descriptor& connection) noexcept {
  const linger at_once{1, 0};
  ::setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  connection.close();
}

WakeUp::WakeUp() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!event_) fail("eventfd");
}

void WakeUp::signal() const noexcept {
  ::eventfd_write(event_.get(), 1);
}

void WakeUp::drain() const noexcept {
  eventfd_t ignored = 0;
  ::eventfd_read(event_.get(), &ignored);
}

}  // namespace holdfast::support
