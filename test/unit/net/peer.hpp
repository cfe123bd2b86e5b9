// The other end of a SocketStream, in the test's hand.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/resolver.hpp"
#include "net/socket_stream.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/loopback.hpp"

namespace holdfast::test {

/// Whether poll(2) reports one of `events` (or an error) on the descriptor before the deadline.
inline bool polls(int descriptor, short events, std::chrono::milliseconds deadline = support::patience) {
  pollfd waiting{descriptor, events, 0};
  return ::poll(&waiting, 1, static_cast<int>(deadline.count())) == 1;
}

inline net::Address loopback(std::uint16_t port) {
  return net::resolve("127.0.0.1", port).front();
}

/// Goes on connecting until the stream is up or has failed.
inline net::IoResult finish_connecting(net::ByteStream& stream) {
  net::IoResult result = stream.advance();
  while (result.status == net::IoStatus::would_block &&
         polls(stream.descriptor(), stream.poll_events(false, false)))
    result = stream.advance();
  return result;
}

/// The next connection that waits, or is about to.
inline support::Descriptor accept_soon(const support::Descriptor& listener) {
  if (!polls(listener.get(), POLLIN)) return {};
  return support::accept_from(listener);
}

/// A connected stream and its peer, which is non-blocking as well.
struct Link {
  std::unique_ptr<net::SocketStream> stream;
  support::Descriptor peer;
};

/// A small `peer_buffer` makes a peer that does not read felt soon.
inline Link link(const net::TcpOptions& options = {}, int peer_buffer = 0) {
  const std::uint16_t port = support::free_port();
  const support::Descriptor listener = support::listen_on(port, peer_buffer);
  Link made{net::SocketStream::start_connect(loopback(port), options), {}};
  REQUIRE(finish_connecting(*made.stream).status == net::IoStatus::ok);
  made.peer = accept_soon(listener);
  REQUIRE(made.peer);
  return made;
}

/// Appends what has come so far; false once the stream has ended.
inline bool peer_reads(const support::Descriptor& peer, std::string& into) {
  char bytes[4096];
  for (;;) {
    const auto got = ::recv(peer.get(), bytes, sizeof bytes, 0);
    if (got <= 0) return got < 0;
    into.append(bytes, static_cast<std::size_t>(got));
  }
}

/// Sends all of it; for what fits into the socket's buffers.
inline void peer_writes(const support::Descriptor& peer, std::string_view bytes) {
  REQUIRE(::send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// Bytes in which every shift, loss or repetition shows.
inline std::string pattern(std::size_t size) {
  std::string made;
  for (std::size_t i = 0; made.size() < size; ++i)
    made += std::to_string(i) + ' ';
  made.resize(size);
  return made;
}

}  // namespace holdfast::test
