// A two-way stream of bytes: what a socket is, and what everything laid over it (proxy, TLS, WebSocket) is,
// too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>

namespace holdfast::net {

enum class IoStatus : std::uint8_t {
  ok,           ///< Done; for read and write, `bytes` says how many.
  would_block,  ///< Nothing happened; poll for poll_events() and try again.
  closed,       ///< The peer ended the stream in good order.
  failed,       ///< `error` says why; the stream is of no more use.
};

struct IoResult {
  IoStatus status = IoStatus::ok;
  std::size_t bytes = 0;
  std::error_code error = {};
};

/// Non-blocking throughout; one thread at a time. The destructor closes at once.
class ByteStream {
 public:
  ByteStream() = default;
  virtual ~ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  /// What to poll.
  [[nodiscard]] virtual int descriptor() const noexcept = 0;
  /// The poll(2) events to wait for, given what the caller wants next. (A TLS stream may have to read to
  /// write.) POLLOUT that the caller does not want is for what the stream says by itself, such as the pong of
  /// a WebSocket: write() it with no pieces.
  [[nodiscard]] virtual short poll_events(bool want_read, bool want_write) const noexcept = 0;
  /// Goes on with connecting and handshakes; `ok` once the stream is up. Called until then.
  virtual IoResult advance() = 0;
  /// Reads what is there, at least a byte.
  virtual IoResult read(std::span<std::byte> into) = 0;
  /// Writes the pieces one after the other, as far as they go. What did not go is to be written again, as it
  /// was: a layer may have begun with it.
  virtual IoResult write(std::span<const std::span<const std::byte>> pieces) = 0;
  /// Whether bytes wait to be read that poll(2) does not know of.
  [[nodiscard]] virtual bool has_pending_input() const noexcept { return false; }
  /// After IoStatus::failed: more than the error's own message, one clause for people; after
  /// IoStatus::closed: what the peer said of it; before the stream is up: what it waits for. Empty: there is
  /// no more.
  [[nodiscard]] virtual std::string failure() const { return {}; }
  /// Says that no more bytes will come from this side; reading goes on.
  virtual void shutdown_write() noexcept = 0;
};

}  // namespace holdfast::net
