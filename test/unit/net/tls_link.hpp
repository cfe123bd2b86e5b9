// A TLS stream, OpenSSL at the other end, and between them a wire of which the test says what it lets
// through.
#pragma once

#include <poll.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/tls.hpp"
#include "net/transport_error.hpp"
#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/tls_peer.hpp"

namespace holdfast::test {

inline constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

/// The client's end of the wire.
class Wire final : public net::ByteStream {
 public:
  std::string to_client;  ///< Came, and was not read yet.
  std::string to_peer;    ///< Was written.
  std::size_t read_at_most = unlimited;
  std::size_t write_room = unlimited;  ///< Bytes that it still takes.
  std::size_t write_at_most = unlimited;
  bool closed = false;  ///< By the peer, behind to_client.
  bool broken = false;  ///< Reset.
  bool writing_ended = false;
  std::size_t reads = 0;
  std::size_t writes = 0;

  [[nodiscard]] int descriptor() const noexcept override { return -1; }
  [[nodiscard]] short poll_events(bool want_read, bool want_write) const noexcept override {
    return static_cast<short>((want_read ? POLLIN : 0) | (want_write ? POLLOUT : 0));
  }
  net::IoResult advance() override { return {}; }
  net::IoResult read(std::span<std::byte> into) override {
    ++reads;
    if (broken) return reset();
    if (to_client.empty()) return {closed ? net::IoStatus::closed : net::IoStatus::would_block};
    const std::size_t size = std::min({to_client.size(), into.size(), read_at_most});
    std::copy_n(reinterpret_cast<const std::byte*>(to_client.data()), size, into.data());
    to_client.erase(0, size);
    return {net::IoStatus::ok, size};
  }
  net::IoResult write(std::span<const std::span<const std::byte>> pieces) override {
    ++writes;
    if (broken) return reset();
    if (write_room == 0) return {net::IoStatus::would_block};
    const auto piece = pieces.front();
    const std::size_t size = std::min({piece.size(), write_room, write_at_most});
    to_peer.append(reinterpret_cast<const char*>(piece.data()), size);
    if (write_room != unlimited) write_room -= size;
    return {net::IoStatus::ok, size};
  }
  void shutdown_write() noexcept override { writing_ended = true; }

 private:
  static net::IoResult reset() {
    return {net::IoStatus::failed, 0, std::make_error_code(std::errc::connection_reset)};
  }
};

/// Certificates made once for all tests of a program: those of a server for localhost.
inline support::CertificateAuthority& authority() {
  static support::CertificateAuthority made;
  return made;
}
inline const support::Certificate& server_certificate() {
  static const support::Certificate made = authority().issue(support::for_this_machine());
  return made;
}
inline support::TlsPeerConfig server(support::TlsPeerVersion version = support::TlsPeerVersion::any) {
  support::TlsPeerConfig config;
  config.certificate = server_certificate();
  config.version = version;
  return config;
}
inline net::TlsOptions trusting() {
  net::TlsOptions options;
  options.ca_pem = authority().pem();
  return options;
}

/// The versions of TLS that this build speaks.
inline std::vector<support::TlsPeerVersion> versions() {
  std::vector<support::TlsPeerVersion> spoken{support::TlsPeerVersion::tls_1_2};
  net::TlsOptions newest;
  newest.at_least_tls_1_3 = true;
  try {
    net::check_tls(newest);
    spoken.push_back(support::TlsPeerVersion::tls_1_3);
  } catch (const std::invalid_argument&) {
    static_cast<void>(newest);  // mbedTLS 2.28.
  }
  return spoken;
}

/// One connection.
struct TlsLink {
  TlsLink(net::Tls& tls, const support::TlsServer& other, const std::string& host = "localhost",
          const std::string& endpoint = "localhost:8883")
      : peer(other) {
    auto made = std::make_unique<Wire>();
    wire = made.get();
    stream = tls.over(std::move(made), tls.prepare(), host, endpoint);
  }

  /// Carries everything that is on the way, both ways.
  void carry() {
    if (!wire->to_peer.empty()) peer.feed(std::exchange(wire->to_peer, {}));
    wire->to_client += peer.take_output();
  }
  net::IoResult shake_hands() {
    net::IoResult result = stream->advance();
    for (int turn = 0; turn < 100 && result.status == net::IoStatus::would_block; ++turn) {
      carry();
      result = stream->advance();
    }
    carry();
    return result;
  }
  /// Reads what has come, again and again as poll(2) would have it.
  net::IoResult read_all(std::string& into, std::size_t at_a_time = 4096) {
    std::vector<std::byte> buffer(at_a_time);
    for (;;) {
      const std::size_t waiting = wire->to_client.size();
      const net::IoResult result = stream->read(buffer);
      const bool goes_on = result.status == net::IoStatus::ok || wire->to_client.size() < waiting;
      if (!goes_on) return result;
      into.append(reinterpret_cast<const char*>(buffer.data()), result.bytes);
    }
  }
  net::IoResult write(const std::string& text) {
    const std::span<const std::byte> piece = std::as_bytes(std::span(text));
    return stream->write(std::span(&piece, 1));
  }

  support::TlsPeer peer;
  Wire* wire;  ///< The stream's.
  std::unique_ptr<net::ByteStream> stream;
};

/// Bytes in which every shift, loss or repetition shows.
inline std::string numbered(std::size_t size) {
  std::string made;
  for (std::size_t i = 0; made.size() < size; ++i)
    made += std::to_string(i) + ' ';
  made.resize(size);
  return made;
}

/// Prints the text if it does not contain the part.
inline bool contains(const std::string& text, const std::string& part) {
  UNSCOPED_INFO('"' << text << '"');
  return text.find(part) != std::string::npos;
}

}  // namespace holdfast::test
