// TLS as a client, by mbedTLS: what is configured, and the stream that lies over another one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/byte_stream.hpp"

namespace holdfast::net {

/// As the public TlsSettings.
struct TlsOptions {
  std::string ca_file = {};
  std::string ca_directory = {};
  std::string ca_pem = {};
  std::string crl_file = {};
  std::string server_name = {};
  bool verify_host = true;
  std::string certificate_file = {};
  std::string certificate_pem = {};
  std::string key_file = {};
  std::string key_pem = {};
  std::string key_password = {};
  std::string psk_identity = {};
  std::string psk = {};
  bool at_least_tls_1_3 = false;
  std::vector<std::string> ciphers = {};
  std::vector<std::string> alpn = {};
  bool session_resumption = true;
  std::string key_log_file = {};
};

/// Throws std::invalid_argument with a sentence for options that contradict each other or that this build
/// does not have. Reads no file.
void check_tls(const TlsOptions& options);

/// How many handshakes of one client were full ones, and how many took up an earlier session.
struct TlsCounters {
  std::uint64_t handshakes = 0;
  std::uint64_t resumed = 0;
};

class TlsContext;

/// TLS of one client over all its connections: the files as they were read, and the sessions to resume.
class Tls {
 public:
  explicit Tls(TlsOptions options);
  ~Tls();
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;

  /// Any thread. Reads the files if they are new or have changed: blocks, so it is for a DetachedTask. Throws
  /// TransportError.
  [[nodiscard]] std::shared_ptr<const TlsContext> prepare();
  /// One thread, as all below. TLS over a stream, which may still be connecting. `host` is whose certificate
  /// is expected, `endpoint` whose session may be resumed.
  [[nodiscard]] std::unique_ptr<ByteStream> over(std::unique_ptr<ByteStream> below,
                                                 std::shared_ptr<const TlsContext> context,
                                                 const std::string& host, const std::string& endpoint);
  [[nodiscard]] TlsCounters counters() const noexcept;

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace holdfast::net
