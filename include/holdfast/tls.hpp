// TLS: whom to trust, and how to show who we are. For `mqtts://` and `wss://` servers.
//
// Files are read again for each connection when they have changed, so certificates can be replaced while the
// client runs. Whatever cannot be read or parsed makes the attempt fail with Errc::tls_failed and a sentence
// that names the file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast {

/// The oldest version of TLS to speak.
enum class TlsVersion : std::uint8_t {
  tls_1_2,  ///< Spoken by every build.
  tls_1_3,  ///< Needs mbedTLS 3.6 or newer, built with its threading; with another the options are refused.
};

/// Whom to trust, and how to show who we are. Files are read again for each connection when they have
/// changed.
struct TlsSettings {
  // ---- Whom to trust. All that is given counts; without any of the three, the system's store. ----

  /// PEM or DER file of certificate authorities.
  std::string ca_file = {};
  /// Directory whose files are such files; what is none is skipped.
  std::string ca_directory = {};
  /// The PEM text itself.
  std::string ca_pem = {};
  /// PEM or DER file of revoked certificates. Default: none is consulted.
  std::string crl_file = {};
  /// The name that the broker's certificate has to be for, and that is sent as SNI. Default: the host of
  /// the server's URL.
  std::string server_name = {};
  /// Whether the certificate has to be for the host that was asked for. Off, anybody with any trusted
  /// certificate can pass for the broker, and each connection is a warning to Options::logger. Default: on.
  bool verify_host = true;

  // ---- Who we are ----

  /// PEM or DER file of the client's certificate with its chain. A certificate needs its key, and the other
  /// way round. Default: none is shown.
  std::string certificate_file = {};
  /// The PEM text itself, instead of a file.
  std::string certificate_pem = {};
  /// PEM or DER file of the certificate's private key.
  std::string key_file = {};
  /// The PEM text itself, instead of a file.
  std::string key_pem = {};
  /// Of an encrypted private key.
  std::string key_password = {};
  /// The identity that a pre-shared key belongs to: instead of certificates. Default: none.
  std::string psk_identity = {};
  /// The key, 1 to 32 bytes (not hexadecimal).
  std::string psk = {};

  // ---- How ----

  /// The oldest version that is spoken. Default: TLS 1.2.
  TlsVersion minimum_version = TlsVersion::tls_1_2;
  /// Cipher suites in order of preference, as IANA ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), mbedTLS or
  /// OpenSSL ("ECDHE-RSA-AES128-GCM-SHA256") name them. Only suites of TLS 1.2 also mean at most 1.2, and
  /// only those of 1.3 at least 1.3. Default: mbedTLS's own, in its order.
  std::vector<std::string> ciphers = {};
  /// Application protocols to offer (ALPN), for example "mqtt", or "x-amzn-mqtt-ca" for AWS IoT on port 443.
  std::vector<std::string> alpn = {};
  /// Resume the TLS session on reconnect, which saves most of the handshake; never after a file has changed.
  /// With a pre-shared key, whose handshake is short anyway, there is nothing to resume. Default: on.
  bool session_resumption = true;
  /// File to which the secrets of each connection are appended in the format of SSLKEYLOGFILE, for
  /// Wireshark. Whoever can read it can read the traffic; each connection is a warning to
  /// Options::logger. Default: none.
  std::string key_log_file = {};
};

}  // namespace holdfast
