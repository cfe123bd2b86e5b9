// Judges the certificate that a peer shows, and says in words what is wrong with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct mbedtls_x509_crt;

namespace holdfast::net {

/// For one handshake.
class CertificateCheck {
 public:
  /// `host`: whose certificate it has to be, a name or a numeric address.
  CertificateCheck(std::string host, bool verify_host);

  /// For each certificate of the chain from the authority down to the peer's own (depth 0), with what
  /// mbedTLS has found so far; may change it.
  void check(const mbedtls_x509_crt& certificate, int depth, std::uint32_t& flags);
  /// What mbedTLS found of the peer's own certificate after check(): what it may be used for.
  void check_usage(std::uint32_t flags);
  /// Whether a certificate was shown at all: not when a session is resumed.
  [[nodiscard]] bool made() const noexcept { return made_; }
  /// All that is wrong, one clause each, the peer's own first. Empty: nothing.
  [[nodiscard]] std::string problems() const;
  /// Whether the host is a numeric address: such a one has no SNI.
  [[nodiscard]] bool host_is_address() const noexcept { return !address_.empty(); }

 private:
  [[nodiscard]] bool is_for_address(const mbedtls_x509_crt& certificate) const;

  const std::string host_;
  const bool verify_host_;
  std::vector<unsigned char> address_;  ///< Of a numeric host: 4 or 16 bytes.
  bool made_ = false;
  std::vector<std::string> problems_;
};

}  // namespace holdfast::net
