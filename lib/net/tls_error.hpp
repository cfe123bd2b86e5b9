// What goes wrong with TLS, in words.
#pragma once

#include <string>

namespace holdfast::net {

/// mbedTLS's own words for one of its codes, with the code.
[[nodiscard]] std::string mbedtls_words(int code);

/// What a peer's alert says, and what to do about it.
struct AlertContext {
  bool has_certificate = false;  ///< We have a certificate to show.
  bool has_psk = false;
};
[[nodiscard]] std::string alert_words(int description, const AlertContext& ours);

/// Why a handshake, or what came after it, failed: one clause.
[[nodiscard]] std::string failure_words(int code);

}  // namespace holdfast::net
