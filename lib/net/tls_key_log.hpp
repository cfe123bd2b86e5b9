// Writes the secrets of connections for Wireshark, in the format of SSLKEYLOGFILE.
#pragma once

#include <string>

#include "net/tls_compat.hpp"

namespace holdfast::net {

class KeyLog {
 public:
  /// Throws TransportError if the file cannot be written. Empty: writes nothing.
  explicit KeyLog(std::string path);

  /// Before connections are made of the configuration.
  void attach_to(mbedtls_ssl_config* config) const;
  void attach_to(mbedtls_ssl_context* connection) const;
  /// One line.
  void write(const char* label, const unsigned char* client_random, const unsigned char* secret,
             std::size_t secret_size) const noexcept;

 private:
  const std::string path_;
};

}  // namespace holdfast::net
