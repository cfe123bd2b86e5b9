// The many names of cipher suites.
#pragma once

#include <string>
#include <vector>

namespace holdfast::net {

/// The numbers of cipher suites that IANA, mbedTLS or OpenSSL name like that. Throws std::invalid_argument
/// for a name that is unknown, or of a suite that this mbedTLS does not have.
[[nodiscard]] std::vector<int> parse_ciphers(const std::vector<std::string>& names);
/// All suites that this mbedTLS has and that suit a pre-shared key (`psk`), or certificates.
[[nodiscard]] std::vector<int> default_ciphers(bool psk);

[[nodiscard]] bool is_tls_1_3_cipher(int number);

}  // namespace holdfast::net
