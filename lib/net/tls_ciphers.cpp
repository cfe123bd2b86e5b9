#include "net/tls_ciphers.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "net/tls_compat.hpp"

namespace holdfast::net {

namespace {

constexpr std::string_view tls_1_3_prefix = "TLS1-3-";

void replace(std::string& text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  if (at != std::string::npos) text.replace(at, what.size(), with);
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// mbedTLS writes IANA's names with dashes, and those of TLS 1.3 with a prefix of its own.
std::string iana_name(std::string name) {
  if (name.rfind(tls_1_3_prefix, 0) == 0) name.replace(0, tls_1_3_prefix.size(), "TLS-");
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256" is "ECDHE-RSA-AES128-GCM-SHA256" to OpenSSL; it leaves out an RSA
// key exchange, and CBC but with pre-shared keys.
std::string openssl_name(std::string name) {
  const bool psk = name.find("PSK") != std::string::npos;
  replace(name, "TLS-", "");
  if (name.rfind("RSA-WITH-", 0) == 0) name.erase(0, std::string_view("RSA-").size());
  replace(name, "WITH-", "");
  for (const std::string_view cipher : {"AES", "CAMELLIA", "ARIA"}) {
    replace(name, std::string(cipher) + "-1", std::string(cipher) + "1");
    replace(name, std::string(cipher) + "-2", std::string(cipher) + "2");
  }
  replace(name, "3DES-EDE-CBC", psk ? "3DES-EDE-CBC" : "DES-CBC3");
  if (!psk) replace(name, "-CBC-", "-");
  replace(name, "CCM-8", "CCM8");
  if (ends_with(name, "CHACHA20-POLY1305-SHA256"))
    name.resize(name.size() - std::string_view("-SHA256").size());
  return name;
}

std::string upper(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

const char* name_of(int number) {
  return mbedtls_ssl_get_ciphersuite_name(number);
}

int find_cipher(const std::string& name) {
  const std::string wanted = upper(name);
  for (const int* number = mbedtls_ssl_list_ciphersuites(); *number != 0; ++number) {
    const std::string known = name_of(*number);
    if (wanted == known || wanted == iana_name(known) || wanted == openssl_name(known)) return *number;
  }
  throw std::invalid_argument("ciphers: \"" + name +
                              "\" is no cipher suite of this mbedTLS (" MBEDTLS_VERSION_STRING
                              "): write it as IANA, OpenSSL or mbedTLS do, for example "
                              "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
}

}  // namespace

std::vector<int> parse_ciphers(const std::vector<std::string>& names) {
  std::vector<int> numbers;
  numbers.reserve(names.size());
  for (const std::string& name : names)
    numbers.push_back(find_cipher(name));
  return numbers;
}

std::vector<int> default_ciphers(bool psk) {
  std::vector<int> numbers;
  for (const int* number = mbedtls_ssl_list_ciphersuites(); *number != 0; ++number) {
    const std::string_view name = name_of(*number);
    const bool with_psk = name.find("PSK-") != std::string_view::npos;
    // RSA-PSK wants a certificate as well, and there is no authority to judge it.
    if (name.find("RSA-PSK-") != std::string_view::npos) continue;
    if (is_tls_1_3_cipher(*number) || with_psk == psk) numbers.push_back(*number);
  }
  return numbers;
}

bool is_tls_1_3_cipher(int number) {
  return std::string_view(name_of(number)).substr(0, tls_1_3_prefix.size()) == tls_1_3_prefix;
}

}  // namespace holdfast::net
