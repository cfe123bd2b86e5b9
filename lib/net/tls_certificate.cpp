#include "net/tls_certificate.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "net/tls_compat.hpp"

namespace holdfast::net {

namespace {

constexpr std::size_t names_told = 10;
constexpr std::size_t name_size_told = 80;
constexpr int general_name_kind = 0x1F;  // The low bits of its tag [RFC 5280, 4.2.1.6].
constexpr int dns_name = 2;
constexpr int ip_address = 7;

std::vector<unsigned char> parse_address(std::string host) {
  host = host.substr(0, host.find('%'));  // The zone of a link-local address is no part of a certificate.
  std::vector<unsigned char> address(4);
  if (inet_pton(AF_INET, host.c_str(), address.data()) == 1) return address;
  address.resize(16);
  if (inet_pton(AF_INET6, host.c_str(), address.data()) == 1) return address;
  return {};
}

// What a peer says goes to a log only as plain text of bounded length.
std::string printable(std::string_view text) {
  std::string clean(text.substr(0, name_size_told));
  for (char& c : clean) {
    if (c < 0x20 || c > 0x7E || c == '"') c = '?';
  }
  return clean;
}

std::string_view view(const mbedtls_asn1_buf& buffer) {
  return {reinterpret_cast<const char*>(buffer.p), buffer.len};
}

bool has_alternative_names(const mbedtls_x509_crt& certificate) {
  return certificate.subject_alt_names.buf.p != nullptr;
}

std::string common_name(const mbedtls_x509_crt& certificate) {
  constexpr std::string_view common_name_oid = "\x55\x04\x03";
  for (const mbedtls_x509_name* name = &certificate.subject; name != nullptr; name = name->next) {
    if (name->oid.p != nullptr && view(name->oid) == common_name_oid) return std::string(view(name->val));
  }
  return {};
}

std::string text_of(const mbedtls_x509_name& name) {
  std::array<char, 256> text{};
  const int size = mbedtls_x509_dn_gets(text.data(), text.size(), &name);
  return size < 0 ? "(unreadable)" : printable({text.data(), static_cast<std::size_t>(size)});
}

std::string text_of(const mbedtls_x509_time& time) {
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02d %02d:%02d:%02d UTC", time.year, time.mon, time.day,
                time.hour, time.min, time.sec);
  return text.data();
}

std::string text_of_address(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if (bytes.size() != 4 && bytes.size() != 16) return "?";
  return inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr ? "?" : text.data();
}

// Whom a certificate is for.
std::string names_of(const mbedtls_x509_crt& certificate) {
  if (!has_alternative_names(certificate)) return '"' + printable(common_name(certificate)) + '"';
  std::string names;
  std::size_t count = 0;
  for (const auto* name = &certificate.subject_alt_names; name != nullptr; name = name->next) {
    const int kind = name->buf.tag & general_name_kind;
    if (kind != dns_name && kind != ip_address) continue;
    if (++count > names_told) return names + " and others";
    if (!names.empty()) names += ", ";
    names += kind == dns_name ? printable(view(name->buf)) : text_of_address(view(name->buf));
  }
  return names.empty() ? "no host at all" : names;
}

bool is_self_issued(const mbedtls_x509_crt& certificate) {
  return view(certificate.subject_raw) == view(certificate.issuer_raw);
}

std::string distrust(const mbedtls_x509_crt& certificate, int depth) {
  if (!is_self_issued(certificate)) {
    return "was issued by an unknown authority: \"" + text_of(certificate.issuer) +
           "\" is none of those that are trusted";
  }
  return depth == 0 ? "is self-signed, and none of those that are trusted"
                    : "is that of an unknown authority: it is none of those that are trusted";
}

struct Problem {
  std::uint32_t flag;
  const char* words;
};
constexpr Problem usage_problems[] = {
    {MBEDTLS_X509_BADCERT_KEY_USAGE, "may not be used for this (key usage)"},
    {MBEDTLS_X509_BADCERT_EXT_KEY_USAGE, "is not meant for servers (extended key usage)"},
    {MBEDTLS_X509_BADCERT_NS_CERT_TYPE, "is not meant for servers (certificate type)"},
};
constexpr Problem simple_problems[] = {
    {MBEDTLS_X509_BADCERT_REVOKED, "has been revoked"},
    {MBEDTLS_X509_BADCRL_NOT_TRUSTED,
     "cannot be looked up: the revocation list is not signed by its authority"},
    {MBEDTLS_X509_BADCRL_EXPIRED, "cannot be looked up: the revocation list has expired"},
    {MBEDTLS_X509_BADCRL_FUTURE, "cannot be looked up: the revocation list is not valid yet"},
    {MBEDTLS_X509_BADCERT_MISSING, "is missing"},
    {MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCRL_BAD_MD, "is signed with too weak a hash"},
    {MBEDTLS_X509_BADCERT_BAD_PK | MBEDTLS_X509_BADCRL_BAD_PK,
     "is signed with an algorithm that is not accepted"},
    {MBEDTLS_X509_BADCERT_BAD_KEY | MBEDTLS_X509_BADCRL_BAD_KEY, "is signed with too weak a key"},
    {MBEDTLS_X509_BADCERT_OTHER, "is not acceptable"},
};

}  // namespace

CertificateCheck::CertificateCheck(std::string host, bool verify_host)
    : host_(std::move(host)), verify_host_(verify_host), address_(parse_address(host_)) {}

void CertificateCheck::check(const mbedtls_x509_crt& certificate, int depth, std::uint32_t& flags) {
  made_ = true;
  if (depth == 0) {
    // mbedTLS 2.28 compares no addresses, so both versions leave them to us.
    if (host_is_address()) {
      flags &= ~static_cast<std::uint32_t>(MBEDTLS_X509_BADCERT_CN_MISMATCH);
      if (!is_for_address(certificate)) flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    }
    if (!verify_host_) flags &= ~static_cast<std::uint32_t>(MBEDTLS_X509_BADCERT_CN_MISMATCH);
  }
  if (flags == 0) return;
  std::vector<std::string> found;
  if ((flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) != 0) {
    found.push_back("is not for \"" + host_ + "\" but for " + names_of(certificate));
  }
  if ((flags & MBEDTLS_X509_BADCERT_EXPIRED) != 0) {
    found.push_back("expired on " + text_of(certificate.valid_to));
  }
  if ((flags & MBEDTLS_X509_BADCERT_FUTURE) != 0) {
    found.push_back("is not valid before " + text_of(certificate.valid_from) +
                    " (is this machine's clock right?)");
  }
  if ((flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0) found.push_back(distrust(certificate, depth));
  for (const Problem& problem : simple_problems) {
    if ((flags & problem.flag) != 0) found.emplace_back(problem.words);
  }
  const std::string whose =
      depth == 0 ? "the certificate " : "the certificate \"" + text_of(certificate.subject) + "\" ";
  std::string clause;
  for (const std::string& one : found)
    clause += (clause.empty() ? whose : ", and ") + one;
  problems_.insert(problems_.begin(), clause);
}

void CertificateCheck::check_usage(std::uint32_t flags) {
  constexpr std::uint32_t none_made = 0xFFFFFFFF;
  if (flags == none_made) return;
  for (const Problem& problem : usage_problems) {
    if ((flags & problem.flag) != 0) problems_.push_back(std::string("the certificate ") + problem.words);
  }
}

std::string CertificateCheck::problems() const {
  std::string all;
  for (const std::string& one : problems_)
    all += (all.empty() ? "" : "; ") + one;
  return all;
}

bool CertificateCheck::is_for_address(const mbedtls_x509_crt& certificate) const {
  if (!has_alternative_names(certificate)) return common_name(certificate) == host_;
  for (const auto* name = &certificate.subject_alt_names; name != nullptr; name = name->next) {
    if ((name->buf.tag & general_name_kind) != ip_address) continue;
    if (std::equal(address_.begin(), address_.end(), name->buf.p, name->buf.p + name->buf.len)) return true;
  }
  return false;
}

}  // namespace holdfast::net
