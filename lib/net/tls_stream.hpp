// TLS over another stream.
//
// Between mbedTLS and the stream below lie two buffers (tls_records.hpp). What is encrypted is written from
// there at once, several records together; write() reports bytes as written only when their records have left
// this stream, so that nobody waits for an answer to what still lies here. In between the caller offers the
// same bytes again, as ByteStream wants it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/byte_stream.hpp"
#include "net/tls_certificate.hpp"
#include "net/tls_context.hpp"
#include "net/tls_records.hpp"
#include "net/tls_sessions.hpp"

namespace holdfast::net {

class TlsStream final : public ByteStream {
 public:
  /// `host`: whose certificate is expected. `endpoint`: whose session may be resumed.
  TlsStream(std::unique_ptr<ByteStream> below, std::shared_ptr<const TlsContext> context,
            std::shared_ptr<TlsSessions> sessions, std::string host, std::string endpoint);

  [[nodiscard]] int descriptor() const noexcept override { return below_->descriptor(); }
  [[nodiscard]] short poll_events(bool want_read, bool want_write) const noexcept override;
  IoResult advance() override;
  IoResult read(std::span<std::byte> into) override;
  IoResult write(std::span<const std::span<const std::byte>> pieces) override;
  [[nodiscard]] bool has_pending_input() const noexcept override;
  [[nodiscard]] std::string failure() const override;
  void shutdown_write() noexcept override;

 private:
  enum class Phase : std::uint8_t { connecting, handshaking, up, ended };

  [[nodiscard]] bool begin();
  IoResult shake_hands();
  void finish_handshake();
  IoResult fail_handshake(int code);
  IoResult end_of_reading(int code);
  IoResult end(const IoResult& how, const std::string& why);
  IoResult end_below(const IoResult& how);
  IoResult report_written();
  [[nodiscard]] int encrypt(std::span<const std::span<const std::byte>> pieces);
  void flush_quietly() noexcept;
  // What mbedTLS calls.
  static int receive(void* stream, unsigned char* into, std::size_t size);
  static int send(void* stream, const unsigned char* bytes, std::size_t size);
  static int judge(void* stream, mbedtls_x509_crt* certificate, int depth, std::uint32_t* flags);
  int receive(unsigned char* into, std::size_t size);

  const std::shared_ptr<const TlsContext> context_;
  const std::shared_ptr<TlsSessions> sessions_;
  const std::string host_;
  const std::string endpoint_;
  const std::unique_ptr<ByteStream> below_;
  CertificateCheck certificate_;
  RecordInput input_;
  RecordOutput output_;
  std::vector<std::byte> gathered_;    ///< Small pieces, for one record.
  std::optional<IoResult> below_end_;  ///< How the stream below has ended.
  std::optional<IoResult> end_;        ///< How this one has.
  std::string why_;
  Phase phase_ = Phase::connecting;
  bool handshake_over_ = false;
  bool goodbye_ = false;     ///< The stream below ends its writing once close_notify has left.
  bool may_receive_ = true;  ///< Whether to ask the stream below.
  int receives_left_ = 0;    ///< How often it may still be asked in this call.
  bool short_read_ = false;  ///< It gave less than it could the last time: there is no more for now.
  tls_compat::Ssl ssl_;      // Last: it refers to what stands above.
};

}  // namespace holdfast::net
