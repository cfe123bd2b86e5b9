#include "net/tls_stream.hpp"

#include <algorithm>
#include <utility>

#include "net/transport_error.hpp"

namespace holdfast::net {

namespace {

// TLS 1.3 takes one byte of a record's 16 KiB for the type of what is in it. [RFC 8446, 5.1, 5.2]
constexpr std::size_t record_payload_max = (std::size_t{1} << 14) - 1;
// Encrypted together and written by one system call. More would only wait here if the peer reads slowly.
constexpr std::size_t plain_bytes_a_write = 4 * record_payload_max;
// Of one read(), without data: whoever sends nothing but tickets shall not keep us.
constexpr int messages_a_read = 16;
// mbedTLS passes over warnings by itself: whoever sends nothing but those shall not keep us either.
constexpr int receives_a_call = 4;
// Any code that mbedTLS passes through: the real error is in below_end_.
constexpr int below_failed = MBEDTLS_ERR_SSL_INTERNAL_ERROR;

bool is_certificate_problem(int code) {
  constexpr int x509_first = -0x2080;
  constexpr int x509_last = -0x3000;
  return code <= x509_first && code >= x509_last;
}

// mbedTLS is C: nothing can be thrown through it.
template <typename Function>
int without_exceptions(const Function& function) noexcept {
  try {
    return function();
  } catch (...) {
    return MBEDTLS_ERR_SSL_ALLOC_FAILED;
  }
}

bool waits(int code) {
  return code == MBEDTLS_ERR_SSL_WANT_READ || code == MBEDTLS_ERR_SSL_WANT_WRITE;
}

// Goes through pieces in chunks that suit a record, without copying those that are large enough themselves.
class Chunks {
 public:
  Chunks(std::span<const std::span<const std::byte>> pieces, std::vector<std::byte>& gathered)
      : pieces_(pieces), gathered_(gathered) {}

  [[nodiscard]] std::span<const std::byte> next() {
    skip_empty();
    if (piece_ == pieces_.size()) return {};
    const std::span<const std::byte> rest = pieces_[piece_].subspan(offset_);
    if (rest.size() >= record_payload_max) return rest.first(record_payload_max);
    if (piece_ + 1 == pieces_.size()) return rest;
    gathered_.assign(rest.begin(), rest.end());
    for (std::size_t i = piece_ + 1; i < pieces_.size() && gathered_.size() < record_payload_max; ++i) {
      const std::size_t taken = std::min(pieces_[i].size(), record_payload_max - gathered_.size());
      gathered_.insert(gathered_.end(), pieces_[i].begin(),
                       pieces_[i].begin() + static_cast<std::ptrdiff_t>(taken));
    }
    return gathered_;
  }
  void consume(std::size_t bytes) {
    while (bytes != 0) {
      skip_empty();
      const std::size_t taken = std::min(bytes, pieces_[piece_].size() - offset_);
      offset_ += taken;
      bytes -= taken;
    }
  }

 private:
  void skip_empty() {
    while (piece_ != pieces_.size() && offset_ == pieces_[piece_].size()) {
      ++piece_;
      offset_ = 0;
    }
  }

  const std::span<const std::span<const std::byte>> pieces_;
  std::vector<std::byte>& gathered_;
  std::size_t piece_ = 0;
  std::size_t offset_ = 0;
};

}  // namespace

TlsStream::TlsStream(std::unique_ptr<ByteStream> below, std::shared_ptr<const TlsContext> context,
                     std::shared_ptr<TlsSessions> sessions, std::string host, std::string endpoint)
    : context_(std::move(context)),
      sessions_(std::move(sessions)),
      host_(std::move(host)),
      endpoint_(std::move(endpoint)),
      below_(std::move(below)),
      certificate_(host_, context_->options().verify_host) {}

short TlsStream::poll_events(bool want_read, bool want_write) const noexcept {
  // What mbedTLS says of its own accord (close_notify, an alert) leaves without a write() of the caller's.
  const bool own_output = !output_.empty() && !output_.has_unreported();
  if (phase_ != Phase::handshaking) return below_->poll_events(want_read, want_write || own_output);
  return below_->poll_events(output_.empty(), !output_.empty());
}

IoResult TlsStream::advance() {
  if (end_) return *end_;
  if (phase_ == Phase::up) return {};
  if (phase_ == Phase::connecting) {
    const IoResult below = below_->advance();
    if (below.status != IoStatus::ok) return below;
    if (!begin()) return end({IoStatus::failed, 0, TransportErrc::tls}, why_);
    phase_ = Phase::handshaking;
  }
  return shake_hands();
}

bool TlsStream::begin() {
  const int result = mbedtls_ssl_setup(ssl_.get(), context_->config());
  // An address is no name: there is no SNI of it, and CertificateCheck compares it. [RFC 6066, 3]
  const char* name = certificate_.host_is_address() ? nullptr : host_.c_str();
  const int named = result != 0 ? result : mbedtls_ssl_set_hostname(ssl_.get(), name);
  if (named != 0) {
    why_ = "TLS to \"" + host_ + "\" cannot begin: " + mbedtls_words(named);
    return false;
  }
  mbedtls_ssl_set_bio(ssl_.get(), this, send, receive, nullptr);
  mbedtls_ssl_set_verify(ssl_.get(), judge, this);
  context_->key_log().attach_to(ssl_.get());
  // A session that mbedTLS does not take costs a full handshake, no more.
  const mbedtls_ssl_session* session = sessions_->find(endpoint_);
  if (session != nullptr && mbedtls_ssl_set_session(ssl_.get(), session) != 0) sessions_->forget(endpoint_);
  return true;
}

IoResult TlsStream::shake_hands() {
  receives_left_ = receives_a_call;
  while (!handshake_over_) {
    may_receive_ = true;
    const std::uint64_t taken = input_.taken();
    const int result = mbedtls_ssl_handshake(ssl_.get());
    handshake_over_ = result == 0;
    if (result == 0 || (waits(result) && input_.taken() != taken)) continue;
    if (!waits(result)) return fail_handshake(result);
    break;
  }
  const IoResult flushed = output_.flush(*below_);
  if (flushed.status != IoStatus::ok) {
    below_end_ = flushed;
    return fail_handshake(below_failed);
  }
  if (!handshake_over_ || !output_.empty()) return {IoStatus::would_block};
  finish_handshake();
  return {};
}

void TlsStream::finish_handshake() {
  phase_ = Phase::up;
  // Without a session to resume there is no such thing; with a pre-shared key there is no certificate.
  const bool full = certificate_.made() || !context_->may_resume() || sessions_->find(endpoint_) == nullptr;
  ++(full ? sessions_->counters.handshakes : sessions_->counters.resumed);
  if (!tls_compat::has_tickets_later(ssl_.get())) sessions_->save(endpoint_, context_, ssl_.get());
}

IoResult TlsStream::fail_handshake(int code) {
  // If it was the session that the peer did not like, the next attempt does without.
  sessions_->forget(endpoint_);
  flush_quietly();  // It may hold an alert that says why.
  certificate_.check_usage(mbedtls_ssl_get_verify_result(ssl_.get()));
  const std::string problems = certificate_.problems();
  if (!problems.empty()) return end({IoStatus::failed, 0, TransportErrc::certificate}, problems);
  const IoResult failed{IoStatus::failed, 0, TransportErrc::tls};
  if (below_end_ && below_end_->status == IoStatus::failed) return end_below(*below_end_);
  if (below_end_ && !input_.anything()) {
    return end(failed, "the peer closed the connection without a word of TLS: is this a TLS port?");
  }
  if (below_end_) return end(failed, failure_words(MBEDTLS_ERR_SSL_CONN_EOF));
  if (input_.garbage()) return end(failed, "what the peer sent is not TLS: is this a TLS port?");
  if (code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
    return end(failed, alert_words(tls_compat::last_alert(ssl_.get()), context_->ours()));
  }
  if (is_certificate_problem(code)) {
    return end({IoStatus::failed, 0, TransportErrc::certificate},
               "the peer's certificate cannot be read: " + mbedtls_words(code));
  }
  return end(failed, failure_words(code));
}

// A reset in mid handshake is the peer's as much as the network's; anything else is the network's alone.
IoResult TlsStream::end_below(const IoResult& how) {
  const bool reset = how.error == std::errc::connection_reset || how.error == std::errc::broken_pipe;
  if (!reset) return end(how, "TLS handshake: " + how.error.message());
  const std::string advice = input_.anything() ? "" : ", without a word of TLS: is this a TLS port?";
  return end({IoStatus::failed, 0, TransportErrc::tls},
             "the peer reset the connection in the middle of the TLS handshake" + advice);
}

IoResult TlsStream::end(const IoResult& how, const std::string& why) {
  phase_ = Phase::ended;
  end_ = how;
  why_ = why;
  return how;
}

std::string TlsStream::failure() const {
  return why_.empty() ? below_->failure() : why_;
}

IoResult TlsStream::read(std::span<std::byte> into) {
  if (end_) return *end_;
  flush_quietly();
  std::size_t filled = 0;
  int messages = 0;
  may_receive_ = true;
  receives_left_ = receives_a_call;
  while (filled < into.size() && messages < messages_a_read) {
    const std::uint64_t taken = input_.taken();
    const int result = mbedtls_ssl_read(ssl_.get(), reinterpret_cast<unsigned char*>(into.data()) + filled,
                                        into.size() - filled);
    if (result > 0) {
      filled += static_cast<std::size_t>(result);
      // What came later than the last read wakes poll(): no system call just to hear that there is no more.
      may_receive_ = !short_read_;
      continue;
    }
    ++messages;
    if (tls_compat::is_new_ticket(result)) {
      sessions_->save(endpoint_, context_, ssl_.get());
    } else if (!waits(result)) {
      const IoResult ended = end_of_reading(result);
      if (filled == 0) return ended;
      break;
    } else if (input_.taken() == taken && !input_.has_record()) {
      break;  // Else mbedTLS took something that is not data, and may have more to say of it.
    }
  }
  flush_quietly();  // mbedTLS may have answered something.
  return filled == 0 ? IoResult{IoStatus::would_block} : IoResult{IoStatus::ok, filled};
}

IoResult TlsStream::end_of_reading(int code) {
  // Whether the peer said goodbye in TLS does not matter: MQTT has an end of its own.
  if (code == 0 || code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || code == MBEDTLS_ERR_SSL_CONN_EOF) {
    return end({IoStatus::closed}, {});
  }
  if (below_end_) return end(*below_end_, {});
  flush_quietly();
  const IoResult failed{IoStatus::failed, 0, TransportErrc::tls};
  if (code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
    return end(failed, alert_words(tls_compat::last_alert(ssl_.get()), context_->ours()));
  }
  return end(failed, failure_words(code));
}

IoResult TlsStream::write(std::span<const std::span<const std::byte>> pieces) {
  if (end_)
    return end_->status == IoStatus::failed
               ? *end_
               : IoResult{IoStatus::failed, 0, std::make_error_code(std::errc::broken_pipe)};
  if (pieces.empty()) {
    flush_quietly();
    return {};
  }
  // What is encrypted already is at the front of `pieces`, and has to leave first.
  if (!output_.has_unreported()) {
    const int result = encrypt(pieces);
    if (result < 0) return end({IoStatus::failed, 0, TransportErrc::tls}, failure_words(result));
  }
  return report_written();
}

int TlsStream::encrypt(std::span<const std::span<const std::byte>> pieces) {
  Chunks chunks(pieces, gathered_);
  std::size_t taken = 0;
  while (taken < plain_bytes_a_write) {
    const std::span<const std::byte> chunk = chunks.next();
    if (chunk.empty()) break;
    const int result =
        mbedtls_ssl_write(ssl_.get(), reinterpret_cast<const unsigned char*>(chunk.data()), chunk.size());
    if (tls_compat::is_new_ticket(result)) {  // One whose reading was interrupted.
      sessions_->save(endpoint_, context_, ssl_.get());
      continue;
    }
    if (result < 0) return result;
    const auto size = static_cast<std::size_t>(result);
    output_.end_record(size);
    chunks.consume(size);
    taken += size;
  }
  return 0;
}

IoResult TlsStream::report_written() {
  const IoResult flushed = output_.flush(*below_);
  if (flushed.status != IoStatus::ok) return flushed;
  const bool blocked = output_.has_unreported();
  const std::size_t written = output_.take_written();
  return written == 0 && blocked ? IoResult{IoStatus::would_block} : IoResult{IoStatus::ok, written};
}

// What is wrong below shows at the next write(), or behind what can still be read.
void TlsStream::flush_quietly() noexcept {
  if (!output_.empty() && output_.flush(*below_).status != IoStatus::ok) return;
  if (goodbye_ && output_.empty()) {
    goodbye_ = false;
    below_->shutdown_write();
  }
}

bool TlsStream::has_pending_input() const noexcept {
  if (phase_ == Phase::connecting) return false;
  return end_.has_value() || mbedtls_ssl_get_bytes_avail(ssl_.get()) != 0 || input_.has_record() ||
         below_->has_pending_input();
}

void TlsStream::shutdown_write() noexcept {
  if (phase_ != Phase::up) return below_->shutdown_write();
  mbedtls_ssl_close_notify(ssl_.get());
  goodbye_ = true;
  flush_quietly();
}

int TlsStream::receive(unsigned char* into, std::size_t size) {
  for (;;) {
    const std::size_t taken = input_.take(into, size);
    if (taken != 0) return static_cast<int>(taken);
    if (below_end_) return below_end_->status == IoStatus::closed ? 0 : below_failed;
    if (!may_receive_ || receives_left_ == 0) return MBEDTLS_ERR_SSL_WANT_READ;
    --receives_left_;
    const std::span<std::byte> room = input_.room();
    const IoResult result = below_->read(room);
    if (result.status == IoStatus::ok) {
      short_read_ = result.bytes < room.size();
      input_.commit(result.bytes);
    } else if (result.status == IoStatus::would_block) {
      may_receive_ = false;
    } else {
      below_end_ = result;
    }
  }
}

int TlsStream::receive(void* stream, unsigned char* into, std::size_t size) {
  return without_exceptions([&] { return static_cast<TlsStream*>(stream)->receive(into, size); });
}

// Takes everything: how much that is, the one who calls mbedTLS limits.
int TlsStream::send(void* stream, const unsigned char* bytes, std::size_t size) {
  return without_exceptions([&] {
    static_cast<TlsStream*>(stream)->output_.append(bytes, size);
    return static_cast<int>(size);
  });
}

int TlsStream::judge(void* stream, mbedtls_x509_crt* certificate, int depth, std::uint32_t* flags) {
  return without_exceptions([&] {
    static_cast<TlsStream*>(stream)->certificate_.check(*certificate, depth, *flags);
    return 0;
  });
}

}  // namespace holdfast::net
