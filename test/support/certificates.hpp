// Certificates for tests, made in memory by OpenSSL: good ones, and those that have to be refused.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::support {

enum class CertificateUsage : std::uint8_t { server, client, both };

/// What is asked of an authority.
struct CertificateRequest {
  std::string common_name = "localhost";
  /// The names and addresses it is for. With neither, the common name is all there is.
  std::vector<std::string> dns_names = {};
  std::vector<std::string> ip_addresses = {};
  /// From now on; negative: in the past.
  std::chrono::seconds valid_from{-3600};
  std::chrono::seconds valid_until{24 * 3600};
  CertificateUsage usage = CertificateUsage::server;
};

/// A certificate and its private key as PEM text.
struct Certificate {
  std::string certificate;
  std::string key;
};

/// What a broker on this machine shows: for localhost, 127.0.0.1 and ::1.
[[nodiscard]] CertificateRequest for_this_machine();

/// Keys are of the curve P-256, so that making one takes no time. One thread at a time.
class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& common_name = "Holdfast Test CA");
  ~CertificateAuthority();
  CertificateAuthority(CertificateAuthority&&) noexcept;
  CertificateAuthority& operator=(CertificateAuthority&&) noexcept;

  /// The authority's own certificate.
  [[nodiscard]] std::string pem() const;
  [[nodiscard]] Certificate issue(const CertificateRequest& request);
  /// A list of revoked certificates, signed.
  [[nodiscard]] std::string revocation_list(const std::vector<Certificate>& revoked) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Signed with its own key: nobody vouches for it.
[[nodiscard]] Certificate self_signed(const CertificateRequest& request);

enum class KeyFormat : std::uint8_t {
  pkcs8,        ///< PBES2 with AES-256, as OpenSSL 3 writes it by default.
  traditional,  ///< "Proc-Type: 4,ENCRYPTED".
};
/// The private key, encrypted.
[[nodiscard]] std::string encrypted_key(const std::string& key_pem, const std::string& password,
                                        KeyFormat format = KeyFormat::pkcs8);

/// Writes beside the file and renames, as who rotates certificates should. The path as text.
std::string write_file(const std::filesystem::path& path, const std::string& text);

}  // namespace holdfast::support
