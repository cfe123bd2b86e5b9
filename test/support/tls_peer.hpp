// The other end of our TLS, by OpenSSL, in a test's hand: bytes in, bytes out, no socket.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/certificates.hpp"

namespace holdfast::support {

enum class TlsPeerVersion : std::uint8_t { any, tls_1_1, tls_1_2, tls_1_3 };

struct TlsPeerConfig {
  Certificate certificate = {};
  /// Set: clients have to show a certificate of this authority.
  std::string client_ca = {};
  TlsPeerVersion version = TlsPeerVersion::any;
  /// What it speaks, if anything.
  std::vector<std::string> alpn = {};
  std::string psk_identity = {};
  std::string psk = {};
  /// As OpenSSL names them; of TLS 1.2.
  std::string ciphers = {};
  bool tickets = true;
};

/// What the connections of one server have in common: so its sessions can be resumed.
class TlsServer {
 public:
  explicit TlsServer(TlsPeerConfig config);
  ~TlsServer();
  /// The secrets of all its connections, in the format of SSLKEYLOGFILE, as OpenSSL writes it.
  [[nodiscard]] const std::vector<std::string>& key_log() const noexcept;
  struct State;
  [[nodiscard]] State& state() const noexcept { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// One connection.
class TlsPeer {
 public:
  explicit TlsPeer(const TlsServer& server);
  ~TlsPeer();

  /// Bytes that came from the client: goes on with the handshake, or decrypts them into received().
  void feed(const std::string& bytes);
  /// Bytes for the client, made since the last call.
  [[nodiscard]] std::string take_output();

  [[nodiscard]] bool up() const;
  [[nodiscard]] bool failed() const noexcept;
  /// OpenSSL's words for why it failed.
  [[nodiscard]] const std::string& error() const noexcept;
  [[nodiscard]] const std::string& received() const noexcept;
  /// The client said close_notify.
  [[nodiscard]] bool client_closed() const noexcept;

  /// In one record for each 16 KiB.
  void write(const std::string& plain);
  void close_notify();

  [[nodiscard]] bool resumed() const;
  [[nodiscard]] std::string version() const;
  [[nodiscard]] std::string cipher() const;
  [[nodiscard]] std::string server_name() const;
  [[nodiscard]] std::string alpn() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::support
