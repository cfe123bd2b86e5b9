#include "bench/stream.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace holdfast::bench {

std::size_t SocketStream::read(std::span<char> into) {
  const ssize_t count = ::recv(connection_.get(), into.data(), into.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (count <= 0) throw EndOfStream{};
  return static_cast<std::size_t>(count);
}

std::size_t SocketStream::write(std::string_view bytes) {
  const ssize_t count = ::send(connection_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (count < 0) throw EndOfStream{};
  return static_cast<std::size_t>(count);
}

void SocketStream::wait(bool writing) {
  wait_for(connection_, writing);
}

std::unique_ptr<Stream> make_plain(support::Descriptor connection) {
  return std::make_unique<SocketStream>(std::move(connection));
}

void wait_for(const support::Descriptor& descriptor, bool writing) {
  pollfd waiting{descriptor.get(), static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN), 0};
  ::poll(&waiting, 1, -1);
}

}  // namespace holdfast::bench
