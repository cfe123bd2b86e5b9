// mbedTLS 2.28 and 3.x behind one set of names, and its objects with destructors.
#pragma once

#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>

#include <cstddef>
#include <string>

#include "net/tls_random.hpp"

#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#endif

namespace holdfast::net::tls_compat {

template <typename T, void (*init)(T*), void (*release)(T*)>
class Owned {
 public:
  Owned() noexcept { init(&object_); }
  ~Owned() { release(&object_); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;

  [[nodiscard]] T* get() noexcept { return &object_; }
  [[nodiscard]] const T* get() const noexcept { return &object_; }

 private:
  T object_;
};

using Config = Owned<mbedtls_ssl_config, mbedtls_ssl_config_init, mbedtls_ssl_config_free>;
using Ssl = Owned<mbedtls_ssl_context, mbedtls_ssl_init, mbedtls_ssl_free>;
using Session = Owned<mbedtls_ssl_session, mbedtls_ssl_session_init, mbedtls_ssl_session_free>;
using Certificates = Owned<mbedtls_x509_crt, mbedtls_x509_crt_init, mbedtls_x509_crt_free>;
using RevocationLists = Owned<mbedtls_x509_crl, mbedtls_x509_crl_init, mbedtls_x509_crl_free>;
using Key = Owned<mbedtls_pk_context, mbedtls_pk_init, mbedtls_pk_free>;

inline const unsigned char* bytes(const std::string& text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

#if MBEDTLS_VERSION_MAJOR >= 3

// Without its locks several clients at once would break the state that TLS 1.3 shares in PSA.
#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_THREADING_C)
inline constexpr bool has_tls_1_3 = true;
#else
inline constexpr bool has_tls_1_3 = false;
#endif

/// Once a process, before the first handshake of TLS 1.3.
inline bool begin() {
  static const bool begun = psa_crypto_init() == PSA_SUCCESS;
  return begun;
}
inline void set_versions(mbedtls_ssl_config* config, bool may_1_2, bool may_1_3) {
  mbedtls_ssl_conf_min_tls_version(config, may_1_2 ? MBEDTLS_SSL_VERSION_TLS1_2 : MBEDTLS_SSL_VERSION_TLS1_3);
  mbedtls_ssl_conf_max_tls_version(
      config, may_1_3 && has_tls_1_3 ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2);
}
inline void use_psk_only([[maybe_unused]] mbedtls_ssl_config* config) {
#ifdef MBEDTLS_SSL_PROTO_TLS1_3
  mbedtls_ssl_conf_tls13_key_exchange_modes(config, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_ALL);
#endif
}
inline void signal_tickets([[maybe_unused]] mbedtls_ssl_config* config) {
// 3.6.0 always does, and has no switch.
#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_SSL_SESSION_TICKETS) && \
    MBEDTLS_VERSION_NUMBER >= 0x03060100
  mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
      config, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#endif
}
inline bool is_new_ticket(int result) noexcept {
  return result == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
}
/// Whether the session comes in tickets after the handshake.
inline bool has_tickets_later(const mbedtls_ssl_context* ssl) noexcept {
  return mbedtls_ssl_get_version_number(ssl) == MBEDTLS_SSL_VERSION_TLS1_3;
}
inline int parse_key(mbedtls_pk_context* key, const unsigned char* text, std::size_t size,
                     const std::string& password) {
  const unsigned char* secret = password.empty() ? nullptr : bytes(password);
  return mbedtls_pk_parse_key(key, text, size, secret, password.size(), system_random, nullptr);
}
inline bool belong_together(const mbedtls_pk_context& in_certificate, const mbedtls_pk_context& key) {
  return mbedtls_pk_check_pair(&in_certificate, &key, system_random, nullptr) == 0;
}
/// The description of the alert that came last. (There is no accessor.)
inline int last_alert(const mbedtls_ssl_context* ssl) noexcept {
  const unsigned char* message = ssl->MBEDTLS_PRIVATE(in_msg);
  return message == nullptr ? -1 : message[1];
}

#else  // 2.28

inline constexpr bool has_tls_1_3 = false;

inline bool begin() {
  return true;
}
inline void set_versions(mbedtls_ssl_config* config, bool /*may_1_2*/, bool /*may_1_3*/) {
  mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
}
inline void use_psk_only(mbedtls_ssl_config* /*config*/) {}
inline void signal_tickets(mbedtls_ssl_config* /*config*/) {}
inline bool is_new_ticket(int /*result*/) noexcept {
  return false;
}
inline bool has_tickets_later(const mbedtls_ssl_context* /*ssl*/) noexcept {
  return false;
}
inline int parse_key(mbedtls_pk_context* key, const unsigned char* text, std::size_t size,
                     const std::string& password) {
  const unsigned char* secret = password.empty() ? nullptr : bytes(password);
  return mbedtls_pk_parse_key(key, text, size, secret, password.size());
}
inline bool belong_together(const mbedtls_pk_context& in_certificate, const mbedtls_pk_context& key) {
  return mbedtls_pk_check_pair(&in_certificate, &key) == 0;
}
inline int last_alert(const mbedtls_ssl_context* ssl) noexcept {
  return ssl->in_msg == nullptr ? -1 : ssl->in_msg[1];
}

#endif

}  // namespace holdfast::net::tls_compat
