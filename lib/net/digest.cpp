#include "net/digest.hpp"

#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>

#include <stdexcept>

#include "net/tls_compat.hpp"
#include "net/tls_random.hpp"

namespace holdfast::net {

namespace {

constexpr std::size_t digest_size = 32;

using Context = tls_compat::Owned<mbedtls_md_context_t, mbedtls_md_init, mbedtls_md_free>;

void check(int status) {
  if (status != 0) throw std::runtime_error("SHA-256 failed");
}

const mbedtls_md_info_t* sha_256_info() {
  const mbedtls_md_info_t* info = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
  if (info == nullptr) throw std::runtime_error("this mbedTLS has no SHA-256");
  return info;
}

const unsigned char* bytes(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) noexcept {
  return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace

std::string sha_256(std::string_view data) {
  std::string digest(digest_size, '\0');
  check(mbedtls_md(sha_256_info(), bytes(data), data.size(), bytes(digest)));
  return digest;
}

std::string hmac_sha_256(std::string_view key, std::string_view data) {
  std::string digest(digest_size, '\0');
  check(mbedtls_md_hmac(sha_256_info(), bytes(key), key.size(), bytes(data), data.size(), bytes(digest)));
  return digest;
}

// Of our own, since mbedTLS's has another name in each of its versions.
std::string pbkdf2_sha_256(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  Context context;
  check(mbedtls_md_setup(context.get(), sha_256_info(), 1));
  check(mbedtls_md_hmac_starts(context.get(), bytes(password), password.size()));
  const std::string first = std::string(salt) + std::string("\0\0\0\1", 4);
  std::string block(digest_size, '\0');
  check(mbedtls_md_hmac_update(context.get(), bytes(first), first.size()));
  check(mbedtls_md_hmac_finish(context.get(), bytes(block)));
  std::string key = block;
  for (std::uint32_t i = 1; i < iterations; ++i) {
    check(mbedtls_md_hmac_reset(context.get()));
    check(mbedtls_md_hmac_update(context.get(), bytes(block), block.size()));
    check(mbedtls_md_hmac_finish(context.get(), bytes(block)));
    for (std::size_t k = 0; k < digest_size; ++k)
      key[k] = static_cast<char>(key[k] ^ block[k]);
  }
  wipe(block);
  return key;
}

std::string random_bytes(std::size_t size) {
  std::string random(size, '\0');
  if (system_random(nullptr, bytes(random), size) != 0)
    throw std::runtime_error("the system has no random bytes to give");
  return random;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned>(static_cast<unsigned char>(b[i]));
  return difference == 0;
}

void wipe(std::string& secret) noexcept {
  mbedtls_platform_zeroize(secret.data(), secret.size());
}

}  // namespace holdfast::net
