// Moves bytes between a byte stream and the engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "client/packet_log.hpp"
#include "client/trace.hpp"
#include "net/byte_stream.hpp"
#include "session/engine.hpp"

namespace holdfast::client {

/// One connection that is up. Network thread only.
class Connection {
 public:
  struct Counters {
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t writes = 0;
    std::uint64_t reads = 0;
  };

  /// `trace` may be null.
  Connection(std::unique_ptr<net::ByteStream> stream, session::Engine& engine,
             std::chrono::milliseconds write_timeout, Counters& counters, Trace* trace);

  /// Reads what is there, up to one buffer, into the engine.
  void read(session::TimePoint now);
  /// Writes the engine's output as far as the stream takes it.
  void write(session::TimePoint now);
  /// Says that no more bytes will come from us, and from now on throws away what is read.
  void begin_goodbye();
  void end_trace() noexcept { trace_ = nullptr; }
  /// From now on, as `log` does.
  void log_packets(PacketLog log) { packet_log_.emplace(std::move(log)); }

  /// The stream has ended: by the broker (no error) or by an error.
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] std::error_code error() const noexcept { return error_; }
  /// How it ended, in words, if there is anything to say.
  [[nodiscard]] std::string failure() const;
  [[nodiscard]] bool saying_goodbye() const noexcept { return goodbye_; }
  /// Whether bytes wait to be read although the descriptor may not say so.
  [[nodiscard]] bool has_more_input() const { return full_read_ || stream_->has_pending_input(); }
  [[nodiscard]] bool output_blocked() const noexcept { return output_blocked_; }

  [[nodiscard]] int descriptor() const { return stream_->descriptor(); }
  [[nodiscard]] short poll_events(bool want_read) const {
    return stream_->poll_events(want_read, output_blocked_);
  }
  /// When the broker has read nothing for too long.
  [[nodiscard]] session::TimePoint write_deadline() const noexcept { return write_deadline_; }

 private:
  /// Writes what the stream has to say by itself, such as a WebSocket's pong.
  void flush_stream(session::TimePoint now);
  void end_writing(const net::IoResult& result, session::TimePoint now);
  void end(const net::IoResult& result);

  const std::unique_ptr<net::ByteStream> stream_;
  session::Engine& engine_;
  const std::chrono::milliseconds write_timeout_;
  Counters& counters_;
  Trace* trace_;
  std::optional<PacketLog> packet_log_;
  const std::unique_ptr<std::byte[]> buffer_;
  session::TimePoint write_deadline_ = session::never;
  std::error_code error_;
  bool output_blocked_ = false;
  bool full_read_ = false;
  bool goodbye_ = false;
  bool ended_ = false;
};

}  // namespace holdfast::client
