#include "net/tls_key.hpp"

#include <mbedtls/asn1.h>
#include <mbedtls/cipher.h>
#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/pkcs5.h>

#include <array>
#include <string_view>
#include <vector>

#include "net/tls_error.hpp"
#include "net/transport_error.hpp"

namespace holdfast::net {

namespace {

constexpr std::string_view encrypted_begin = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

int parse(mbedtls_pk_context* key, const std::string& text, const std::string& password) {
  // PEM has to come with its terminating zero, DER without.
  const bool pem = text.find("-----BEGIN") != std::string::npos;
  return tls_compat::parse_key(key, tls_compat::bytes(text), text.size() + (pem ? 1 : 0), password);
}

#if MBEDTLS_VERSION_MAJOR < 3

constexpr std::string_view encrypted_end = "-----END ENCRYPTED PRIVATE KEY-----";

// mbedTLS 2.28 decrypts PBES2 with DES only. OpenSSL 3 writes AES, so that is ours to do. [RFC 8018, 6.2]

using Cipher = tls_compat::Owned<mbedtls_cipher_context_t, mbedtls_cipher_init, mbedtls_cipher_free>;
using Digest = tls_compat::Owned<mbedtls_md_context_t, mbedtls_md_init, mbedtls_md_free>;
using Pem = tls_compat::Owned<mbedtls_pem_context, mbedtls_pem_init, mbedtls_pem_free>;

// What PBES2 says of itself.
struct Encryption {
  mbedtls_cipher_type_t cipher = MBEDTLS_CIPHER_NONE;
  mbedtls_md_type_t digest = MBEDTLS_MD_SHA1;
  int iterations = 0;
  std::string_view salt;
  std::string_view iv;
  std::string_view encrypted;
};

// Walks through DER; each step fails for good once one has failed.
class Der {
 public:
  explicit Der(std::string_view bytes)
      : at_(reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()))), end_(at_ + bytes.size()) {}

  std::string_view take(int tag) {
    std::size_t size = 0;
    if (failed_ || mbedtls_asn1_get_tag(&at_, end_, &size, tag) != 0) {
      failed_ = true;
      return {};
    }
    const std::string_view value(reinterpret_cast<const char*>(at_), size);
    at_ += size;
    return value;
  }
  std::string_view sequence() { return take(MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE); }
  int number() {
    int value = 0;
    failed_ = failed_ || mbedtls_asn1_get_int(&at_, end_, &value) != 0;
    return value;
  }
  [[nodiscard]] bool next_is(int tag) const { return !failed_ && at_ != end_ && *at_ == tag; }
  [[nodiscard]] bool failed() const noexcept { return failed_; }

 private:
  unsigned char* at_;
  unsigned char* end_;
  bool failed_ = false;
};

mbedtls_cipher_type_t cipher_of(std::string_view oid) {
  // 2.16.840.1.101.3.4.1.x: AES in CBC mode.
  if (oid == "\x60\x86\x48\x01\x65\x03\x04\x01\x02") return MBEDTLS_CIPHER_AES_128_CBC;
  if (oid == "\x60\x86\x48\x01\x65\x03\x04\x01\x16") return MBEDTLS_CIPHER_AES_192_CBC;
  if (oid == "\x60\x86\x48\x01\x65\x03\x04\x01\x2A") return MBEDTLS_CIPHER_AES_256_CBC;
  return MBEDTLS_CIPHER_NONE;
}

mbedtls_md_type_t digest_of(std::string_view oid) {
  mbedtls_asn1_buf buffer{MBEDTLS_ASN1_OID, oid.size(),
                          reinterpret_cast<unsigned char*>(const_cast<char*>(oid.data()))};
  mbedtls_md_type_t digest = MBEDTLS_MD_NONE;
  return mbedtls_oid_get_md_hmac(&buffer, &digest) == 0 ? digest : MBEDTLS_MD_NONE;
}

// Whether it is PBES2 with PBKDF2 and AES.
bool read_encryption(std::string_view der, Encryption& made) {
  Der whole(der);
  Der info(whole.sequence());
  Der algorithm(info.sequence());
  made.encrypted = info.take(MBEDTLS_ASN1_OCTET_STRING);
  if (algorithm.take(MBEDTLS_ASN1_OID) != MBEDTLS_OID_PKCS5_PBES2) return false;
  Der parameters(algorithm.sequence());
  Der derivation(parameters.sequence());
  Der scheme(parameters.sequence());
  if (derivation.take(MBEDTLS_ASN1_OID) != MBEDTLS_OID_PKCS5_PBKDF2) return false;
  Der pbkdf2(derivation.sequence());
  made.salt = pbkdf2.take(MBEDTLS_ASN1_OCTET_STRING);
  made.iterations = pbkdf2.number();
  if (pbkdf2.next_is(MBEDTLS_ASN1_INTEGER))
    static_cast<void>(pbkdf2.number());  // The cipher's own key length.
  if (pbkdf2.next_is(MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)) {
    Der function(pbkdf2.sequence());
    made.digest = digest_of(function.take(MBEDTLS_ASN1_OID));
  }
  made.cipher = cipher_of(scheme.take(MBEDTLS_ASN1_OID));
  made.iv = scheme.take(MBEDTLS_ASN1_OCTET_STRING);
  constexpr int iterations_max = 10'000'000;  // Half a minute: more is no key but a mistake.
  return !info.failed() && !pbkdf2.failed() && !scheme.failed() && made.iv.size() == 16 &&
         made.cipher != MBEDTLS_CIPHER_NONE && made.digest != MBEDTLS_MD_NONE && made.iterations > 0 &&
         made.iterations <= iterations_max;
}

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::vector<unsigned char> decrypt(const Encryption& with, const std::string& password) {
  const mbedtls_cipher_info_t* cipher = mbedtls_cipher_info_from_type(with.cipher);
  const mbedtls_md_info_t* digest = mbedtls_md_info_from_type(with.digest);
  if (cipher == nullptr || digest == nullptr) return {};
  const auto bits = static_cast<int>(cipher->key_bitlen);
  std::array<unsigned char, 32> key{};
  Digest hmac;
  Cipher aes;
  std::vector<unsigned char> plain(with.encrypted.size() + 16);
  std::size_t size = 0;
  const bool done =
      mbedtls_md_setup(hmac.get(), digest, 1) == 0 &&
      mbedtls_pkcs5_pbkdf2_hmac(hmac.get(), octets(password), password.size(), octets(with.salt),
                                with.salt.size(), static_cast<unsigned>(with.iterations),
                                static_cast<std::uint32_t>(bits / 8), key.data()) == 0 &&
      mbedtls_cipher_setup(aes.get(), cipher) == 0 &&
      mbedtls_cipher_setkey(aes.get(), key.data(), bits, MBEDTLS_DECRYPT) == 0 &&
      mbedtls_cipher_crypt(aes.get(), octets(with.iv), with.iv.size(), octets(with.encrypted),
                           with.encrypted.size(), plain.data(), &size) == 0;
  mbedtls_platform_zeroize(key.data(), key.size());
  plain.resize(done ? size : 0);
  return plain;
}

// The code of mbedTLS, or one of its own that says the same.
int parse_pbes2_aes(mbedtls_pk_context* key, const std::string& text, const std::string& password) {
  const std::size_t begin = text.find(encrypted_begin);
  if (begin == std::string::npos) return MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE;
  Pem pem;
  std::size_t used = 0;
  const int result = mbedtls_pem_read_buffer(pem.get(), encrypted_begin.data(), encrypted_end.data(),
                                             tls_compat::bytes(text) + begin, nullptr, 0, &used);
  if (result != 0) return result;
  Encryption encryption;
  const std::string_view der(reinterpret_cast<const char*>(pem.get()->buf), pem.get()->buflen);
  if (!read_encryption(der, encryption)) return MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE;
  std::vector<unsigned char> plain = decrypt(encryption, password);
  const int parsed = plain.empty() ? MBEDTLS_ERR_PK_PASSWORD_MISMATCH
                                   : tls_compat::parse_key(key, plain.data(), plain.size(), {});
  mbedtls_platform_zeroize(plain.data(), plain.size());
  return parsed == 0 ? 0 : MBEDTLS_ERR_PK_PASSWORD_MISMATCH;
}

#else

int parse_pbes2_aes(mbedtls_pk_context* /*key*/, const std::string& /*text*/,
                    const std::string& /*password*/) {
  return MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE;
}

#endif

}  // namespace

void parse_private_key(mbedtls_pk_context* key, const std::string& text, const std::string& password,
                       const std::string& what) {
  int result = parse(key, text, password);
  if (result == 0) return;
  if (!password.empty() && result != MBEDTLS_ERR_PK_PASSWORD_MISMATCH) {
    const int again = parse_pbes2_aes(key, text, password);
    if (again == 0) return;
    if (again != MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE) result = again;
  }
  const bool encrypted =
      text.find(encrypted_begin) != std::string::npos || text.find("ENCRYPTED") != std::string::npos;
  std::string why = mbedtls_words(result);
  if (encrypted && password.empty()) {
    why = "it is encrypted: set key_password";
  } else if (result == MBEDTLS_ERR_PK_PASSWORD_MISMATCH) {
    why = "key_password does not open it";
  }
  throw TransportError(TransportErrc::tls, "cannot use " + what + ": " + why);
}

}  // namespace holdfast::net
