#include "client/connection.hpp"

#include <poll.h>

#include <array>
#include <span>
#include <utility>

namespace holdfast::client {

namespace {
// Holds a thousand small packets: what comes between two turns under load goes into one read.
constexpr std::size_t read_buffer_size = std::size_t{128} << 10;
// Well below every system's limit for one sendmsg (IOV_MAX is 1024 on Linux, 16 at the least).
constexpr std::size_t pieces_a_write = 16;
// One turn writes no more than this, so that a fast broker cannot keep us from reading.
constexpr std::size_t written_a_turn = std::size_t{1} << 20;
}  // namespace

Connection::Connection(std::unique_ptr<net::ByteStream> stream, session::Engine& engine,
                       std::chrono::milliseconds write_timeout, Counters& counters, Trace* trace)
    : stream_(std::move(stream)),
      engine_(engine),
      write_timeout_(write_timeout),
      counters_(counters),
      trace_(trace),
      // Its pages are nobody's until something comes.
      buffer_(std::make_unique_for_overwrite<std::byte[]>(read_buffer_size)) {}

void Connection::read(session::TimePoint now) {
  if (ended_) return;
  const net::IoResult result = stream_->read({buffer_.get(), read_buffer_size});
  full_read_ = result.status == net::IoStatus::ok && result.bytes == read_buffer_size;
  if (result.status == net::IoStatus::would_block) return;
  if (result.status != net::IoStatus::ok) return end(result);
  ++counters_.reads;
  counters_.bytes_received += result.bytes;
  if (trace_ != nullptr) trace_->on_received({buffer_.get(), result.bytes});
  if (packet_log_) packet_log_->on_received({buffer_.get(), result.bytes});
  if (!goodbye_) engine_.on_bytes({buffer_.get(), result.bytes}, now);
}

void Connection::write(session::TimePoint now) {
  std::size_t written = 0;
  output_blocked_ = false;
  flush_stream(now);
  while (!ended_ && !goodbye_ && !engine_.output().empty()) {
    if (written >= written_a_turn) {
      output_blocked_ = true;
      break;
    }
    std::array<std::span<const std::byte>, pieces_a_write> pieces;
    const std::size_t count = engine_.output().gather(pieces);
    const net::IoResult result = stream_->write(std::span(pieces).first(count));
    if (result.status == net::IoStatus::would_block) {
      output_blocked_ = true;
      break;
    }
    if (result.status != net::IoStatus::ok) return end_writing(result, now);
    ++counters_.writes;
    counters_.bytes_sent += result.bytes;
    written += result.bytes;
    if (trace_ != nullptr) trace_->on_sent(std::span(pieces).first(count), result.bytes);
    if (packet_log_) packet_log_->on_sent(std::span(pieces).first(count), result.bytes);
    engine_.on_written(result.bytes, now);
  }
  if (!output_blocked_) {
    write_deadline_ = session::never;
  } else if (written != 0 || write_deadline_ == session::never) {
    write_deadline_ = now + write_timeout_;
  }
}

void Connection::flush_stream(session::TimePoint now) {
  if (ended_ || (stream_->poll_events(false, false) & POLLOUT) == 0) return;
  const net::IoResult result = stream_->write({});
  if (result.status == net::IoStatus::closed || result.status == net::IoStatus::failed)
    end_writing(result, now);
}

// What the broker said before it closed tells more than that it takes nothing any more: acknowledgements,
// DISCONNECT with its reason, an alert of TLS. One buffer of it, as of every turn: the inbox may be full.
void Connection::end_writing(const net::IoResult& result, session::TimePoint now) {
  read(now);
  if (!ended_) end(result);
}

void Connection::begin_goodbye() {
  goodbye_ = true;
  output_blocked_ = false;
  write_deadline_ = session::never;
  stream_->shutdown_write();
}

std::string Connection::failure() const {
  const std::string words = stream_->failure();
  return words.empty() && error_ ? error_.message() : words;
}

void Connection::end(const net::IoResult& result) {
  ended_ = true;
  error_ = result.status == net::IoStatus::failed ? result.error : std::error_code();
}

}  // namespace holdfast::client
