// What one state of the options and files means for mbedTLS.
#pragma once

#include <string>
#include <vector>

#include "net/tls.hpp"
#include "net/tls_compat.hpp"
#include "net/tls_error.hpp"
#include "net/tls_files.hpp"
#include "net/tls_key_log.hpp"

namespace holdfast::net {

/// Constant once made; connections refer to it.
class TlsContext {
 public:
  /// Reads all files. Throws TransportError.
  explicit TlsContext(const TlsOptions& options);

  [[nodiscard]] const mbedtls_ssl_config* config() const noexcept { return config_.get(); }
  [[nodiscard]] const TlsOptions& options() const noexcept { return options_; }
  [[nodiscard]] const KeyLog& key_log() const noexcept { return key_log_; }
  [[nodiscard]] AlertContext ours() const noexcept { return {has_certificate(), has_psk()}; }
  [[nodiscard]] bool may_resume() const noexcept;

 private:
  [[nodiscard]] bool has_certificate() const noexcept;
  [[nodiscard]] bool has_psk() const noexcept { return !options_.psk.empty(); }
  void load_authorities();
  void load_directory(const std::string& directory, const std::string& what);
  void load_system_authorities();
  void load_revocation_list();
  void load_identity();
  void choose_ciphers();
  void configure();

  const TlsOptions options_;
  const KeyLog key_log_;
  tls_compat::Certificates authorities_;
  tls_compat::RevocationLists revoked_;
  tls_compat::Certificates certificate_;
  tls_compat::Key key_;
  std::vector<int> ciphers_;       ///< Ends with 0.
  std::vector<const char*> alpn_;  ///< Ends with nullptr.
  tls_compat::Config config_;
};

/// All files of the options as they are now.
[[nodiscard]] FileStamps stamps_of(const TlsOptions& options);

}  // namespace holdfast::net
