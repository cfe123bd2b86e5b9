#include "net/tls_error.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>

#include "net/tls_compat.hpp"

namespace holdfast::net {

namespace {

struct Alert {
  int description;
  const char* name;
  const char* meaning;
};

constexpr const char* our_certificate = "it does not accept the client's certificate";

// [RFC 8446, 6]
constexpr Alert alerts[] = {
    {0, "close_notify", "it closed the connection"},
    {10, "unexpected_message", "it did not expect what we sent"},
    {20, "bad_record_mac", "it could not decrypt what we sent"},
    {22, "record_overflow", "a record was too long for it"},
    {40, "handshake_failure", "it has no cipher suite or curve in common with us"},
    {42, "bad_certificate", our_certificate},
    {43, "unsupported_certificate", our_certificate},
    {44, "certificate_revoked", "the client's certificate has been revoked"},
    {45, "certificate_expired", "the client's certificate has expired"},
    {46, "certificate_unknown", our_certificate},
    {47, "illegal_parameter", "it found our handshake wrong"},
    {48, "unknown_ca", "it does not trust the authority that issued the client's certificate"},
    {49, "access_denied", "it does not let this client in"},
    {50, "decode_error", "it could not read what we sent"},
    {51, "decrypt_error", "a signature or key of ours is wrong for it"},
    {70, "protocol_version", "it speaks none of the TLS versions that we do: 1.2 is the oldest"},
    {71, "insufficient_security", "it wants stronger ciphers than ours"},
    {80, "internal_error", "it has a problem of its own"},
    {86, "inappropriate_fallback", "it speaks a newer version of TLS"},
    {90, "user_canceled", "it does not want to go on"},
    {109, "missing_extension", "it wants a TLS extension that we did not send"},
    {110, "unsupported_extension", "it does not know a TLS extension that we sent"},
    {112, "unrecognized_name", "it knows no host of the name that was asked for: see server_name"},
    {115, "unknown_psk_identity", "it does not know the pre-shared key's identity: see psk_identity"},
    {116, "certificate_required", "it wants a client's certificate: set certificate_file and key_file"},
    {120, "no_application_protocol", "it speaks none of the protocols in alpn"},
};

}  // namespace

std::string mbedtls_words(int code) {
  std::array<char, 160> words{};
  mbedtls_strerror(code, words.data(), words.size());
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), "-0x%04X", static_cast<unsigned>(-code));
  return std::string(words.data()) + " (mbedTLS " + number.data() + ")";
}

std::string alert_words(int description, const AlertContext& ours) {
  const auto* const found = std::find_if(std::begin(alerts), std::end(alerts),
                                         [&](const Alert& a) { return a.description == description; });
  if (found == std::end(alerts)) return "the peer refused by TLS alert " + std::to_string(description);
  std::string words = std::string("the peer refused by TLS alert ") + found->name + ": " + found->meaning;
  // Before TLS 1.3 this one stands for much.
  if (description == 40 && ours.has_psk) {
    words += ", or does not know the pre-shared key";
  } else if (description == 40 && !ours.has_certificate) {
    words += ", or wants a client's certificate: then set certificate_file and key_file";
  } else if (description == 40) {
    words += ", or does not accept the client's certificate";
  }
  if ((description == 20 || description == 51) && ours.has_psk) words += ": is the pre-shared key right?";
  return words;
}

std::string failure_words(int code) {
  switch (code) {
    case MBEDTLS_ERR_SSL_CONN_EOF:
      return "the peer closed the connection in the middle of the TLS handshake";
#if MBEDTLS_VERSION_MAJOR >= 3
    case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION:
#else
    case MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION:
#endif
      return "the peer's TLS is too old: 1.2 is the oldest that is accepted";
    case MBEDTLS_ERR_SSL_INVALID_MAC:
      return "a record from the peer is not what it sent: it was damaged on the way, or somebody tampers "
             "with it";
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
      return "the peer ended TLS in the middle of the handshake";
    default:
      return "the peer broke the rules of TLS: " + mbedtls_words(code);
  }
}

}  // namespace holdfast::net
