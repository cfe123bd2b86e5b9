// SHA-256 and what is made of it, by mbedTLS: for authentication, in builds with TLS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::net {

/// 32 bytes each. Throw std::runtime_error where mbedTLS fails.
[[nodiscard]] std::string sha_256(std::string_view data);
[[nodiscard]] std::string hmac_sha_256(std::string_view key, std::string_view data);
/// PBKDF2 with HMAC-SHA-256, of one block. [RFC 8018, 5.2]
[[nodiscard]] std::string pbkdf2_sha_256(std::string_view password, std::string_view salt,
                                         std::uint32_t iterations);
[[nodiscard]] std::string random_bytes(std::size_t size);

/// Takes as long whether they are equal or not, for equal lengths.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;
/// Overwrites what was secret, so that it does not linger in freed memory.
void wipe(std::string& secret) noexcept;

}  // namespace holdfast::net
