#include "net/socket_stream.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace holdfast::net {

namespace {

constexpr std::size_t pieces_a_write = 16;

[[noreturn]] void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::system_category(), what);
}

[[noreturn, maybe_unused]] void throw_unknown(const std::string& option) {
  throw std::system_error(std::make_error_code(std::errc::not_supported),
                          option + " on this system: leave it out");
}

std::error_code last_error() {
  return {errno, std::system_category()};
}

bool is_would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK ||
         error == EINTR;  // The two are one number on most systems.
}

FileDescriptor open_socket(int family) {
#ifdef SOCK_CLOEXEC
  FileDescriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw_errno("socket");
#else
  FileDescriptor socket(::socket(family, SOCK_STREAM, 0));
  if (!socket) throw_errno("socket");
  ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
  ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
#endif
#ifdef SO_NOSIGPIPE
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
  return socket;
}

void set_option(const FileDescriptor& socket, int level, int option, int value, const char* name) {
  if (::setsockopt(socket.get(), level, option, &value, sizeof value) != 0) throw_errno(name);
}

void bind_device(const FileDescriptor& socket, const std::string& device) {
#ifdef SO_BINDTODEVICE
  const auto size = static_cast<socklen_t>(device.size());
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, device.data(), size) != 0) {
    throw_errno("bind_device \"" + device + "\"");
  }
#else
  (void)socket;
  throw_unknown("bind_device \"" + device + "\"");
#endif
}

void bind_address(const FileDescriptor& socket, const std::string& address, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), nullptr, &hints, &found) != 0) {
    throw std::system_error(std::make_error_code(std::errc::address_not_available),
                            "bind_address \"" + address + "\": not a numeric address of the broker's family");
  }
  const int failed = ::bind(socket.get(), found->ai_addr, found->ai_addrlen);
  const int error = errno;
  freeaddrinfo(found);
  errno = error;
  if (failed != 0) throw_errno("bind_address \"" + address + "\"");
}

void apply(const TcpOptions& options, const FileDescriptor& socket, int family) {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, options.no_delay ? 1 : 0, "TCP_NODELAY");
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, options.keep_alive ? 1 : 0, "SO_KEEPALIVE");
#ifdef TCP_NOTSENT_LOWAT
  // More in the kernel only delays what comes after it: on a slow line a ping would wait behind megabytes.
  set_option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 256 << 10, "TCP_NOTSENT_LOWAT");
#endif
  if (options.send_buffer) set_option(socket, SOL_SOCKET, SO_SNDBUF, *options.send_buffer, "SO_SNDBUF");
  if (options.receive_buffer) set_option(socket, SOL_SOCKET, SO_RCVBUF, *options.receive_buffer, "SO_RCVBUF");
  if (options.user_timeout) {
#ifdef TCP_USER_TIMEOUT
    set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(options.user_timeout->count()),
               "TCP_USER_TIMEOUT");
#else
    throw_unknown("user_timeout");
#endif
  }
  if (!options.bind_device.empty()) bind_device(socket, options.bind_device);
  if (!options.bind_address.empty()) bind_address(socket, options.bind_address, family);
}

}  // namespace

std::unique_ptr<SocketStream> SocketStream::start_connect(const Address& address, const TcpOptions& options) {
  FileDescriptor socket = open_socket(address.family());
  if (address.family() != AF_UNIX) apply(options, socket, address.family());
  const bool pending = ::connect(socket.get(), address.get(), address.size) != 0;
  if (pending && errno != EINPROGRESS && errno != EINTR) throw_errno("connect to " + address.text());
  return std::unique_ptr<SocketStream>(new SocketStream(std::move(socket)));
}

short SocketStream::poll_events(bool want_read, bool want_write) const noexcept {
  if (!connected_) return POLLOUT;
  return static_cast<short>((want_read ? POLLIN : 0) | (want_write ? POLLOUT : 0));
}

IoResult SocketStream::advance() {
  if (connected_) return {};
  pollfd writable{socket_.get(), POLLOUT, 0};
  if (::poll(&writable, 1, 0) <= 0) return {IoStatus::would_block};
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return {IoStatus::failed, 0, {error, std::system_category()}};
  connected_ = true;
  return {};
}

IoResult SocketStream::read(std::span<std::byte> into) {
  const auto received = ::recv(socket_.get(), into.data(), into.size(), 0);
  if (received > 0) return {IoStatus::ok, static_cast<std::size_t>(received)};
  if (received == 0) return {IoStatus::closed};
  return is_would_block(errno) ? IoResult{IoStatus::would_block}
                               : IoResult{IoStatus::failed, 0, last_error()};
}

IoResult SocketStream::write(std::span<const std::span<const std::byte>> pieces) {
  std::array<iovec, pieces_a_write> vectors;
  const std::size_t count = std::min(pieces.size(), vectors.size());
  for (std::size_t i = 0; i < count; ++i) {
    // sendmsg does not write through the pointer; its type has no room for saying so.
    vectors[i] = {const_cast<std::byte*>(pieces[i].data()), pieces[i].size()};
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
#ifdef MSG_NOSIGNAL
  constexpr int flags = MSG_NOSIGNAL;
#else
  constexpr int flags = 0;
#endif
  const auto sent = ::sendmsg(socket_.get(), &message, flags);
  if (sent >= 0) return {IoStatus::ok, static_cast<std::size_t>(sent)};
  return is_would_block(errno) ? IoResult{IoStatus::would_block}
                               : IoResult{IoStatus::failed, 0, last_error()};
}

void SocketStream::shutdown_write() noexcept {
  ::shutdown(socket_.get(), SHUT_WR);
}

}  // namespace holdfast::net
