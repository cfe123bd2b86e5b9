#include "net/tls_context.hpp"

#include <algorithm>
#include <system_error>

#include "net/tls_ciphers.hpp"
#include "net/tls_key.hpp"
#include "net/tls_random.hpp"
#include "net/transport_error.hpp"

namespace holdfast::net {

namespace {

[[noreturn]] void fail(const std::string& why) {
  throw TransportError(TransportErrc::tls, why);
}

void require(int result, const char* what) {
  if (result != 0) fail(std::string(what) + ": " + mbedtls_words(result));
}

// PEM has to come with its terminating zero, DER without.
std::size_t size_to_parse(const std::string& text) {
  return text.size() + (text.find("-----BEGIN") != std::string::npos ? 1 : 0);
}

bool has_certificates(const mbedtls_x509_crt& chain) {
  return chain.raw.p != nullptr;
}

// Bundles may hold what this mbedTLS does not know: the rest of them counts.
void add_authorities(mbedtls_x509_crt* chain, const std::string& text, const std::string& what) {
  const int result = mbedtls_x509_crt_parse(chain, tls_compat::bytes(text), size_to_parse(text));
  if (result < 0) fail(what + " holds no certificate: " + mbedtls_words(result));
  const bool none_parsed = result > 0 && !has_certificates(*chain);
  if (none_parsed) fail(what + " holds no certificate that mbedTLS can read");
}

std::string quoted(const std::string& what, const std::string& path) {
  return what + " \"" + path + "\"";
}

bool uses_system_authorities(const TlsOptions& options) {
  return options.ca_file.empty() && options.ca_directory.empty() && options.ca_pem.empty() &&
         options.psk.empty();
}

}  // namespace

FileStamps stamps_of(const TlsOptions& options) {
  FileStamps stamps;
  for (const std::string* path : {&options.ca_file, &options.ca_directory, &options.crl_file,
                                  &options.certificate_file, &options.key_file}) {
    if (!path->empty()) add_stamps(*path, stamps);
  }
  if (uses_system_authorities(options)) add_stamps(system_authorities(), stamps);
  return stamps;
}

TlsContext::TlsContext(const TlsOptions& options) : options_(options), key_log_(options.key_log_file) {
  if (!tls_compat::begin()) fail("mbedTLS's cryptography does not start");
  load_authorities();
  load_revocation_list();
  load_identity();
  choose_ciphers();
  configure();
}

bool TlsContext::has_certificate() const noexcept {
  return has_certificates(*certificate_.get());
}

// The handshake with a pre-shared key is as short as a resumed one.
bool TlsContext::may_resume() const noexcept {
  return options_.session_resumption && !has_psk();
}

void TlsContext::load_authorities() {
  if (!options_.ca_pem.empty()) add_authorities(authorities_.get(), options_.ca_pem, "ca_pem");
  if (!options_.ca_file.empty()) {
    add_authorities(authorities_.get(), read_file(options_.ca_file, "ca_file"),
                    quoted("ca_file", options_.ca_file));
  }
  if (!options_.ca_directory.empty()) load_directory(options_.ca_directory, "ca_directory");
  if (uses_system_authorities(options_)) load_system_authorities();
}

void TlsContext::load_directory(const std::string& directory, const std::string& what) {
  std::vector<std::string> files;
  try {
    files = files_in(directory);
  } catch (const std::system_error& error) {
    fail("cannot read " + quoted(what, directory) + ": " + error.code().message());
  }
  const mbedtls_x509_crt* chain = authorities_.get();
  const auto count = [chain] {
    std::size_t certificates = 0;
    for (const auto* one = chain; one != nullptr && has_certificates(*one); one = one->next)
      ++certificates;
    return certificates;
  };
  const std::size_t before = count();
  for (const std::string& file : files) {
    try {
      const std::string text = read_file(file, what);
      mbedtls_x509_crt_parse(authorities_.get(), tls_compat::bytes(text), size_to_parse(text));
    } catch (const TransportError&) {
      continue;  // What cannot be read is no certificate of ours.
    }
  }
  if (count() == before) fail(quoted(what, directory) + " holds no certificate");
}

void TlsContext::load_system_authorities() {
  const std::string place = system_authorities();
  if (place.empty()) {
    fail("this system has no certificate authorities in any of " + system_authorities_words() +
         ": install them (ca-certificates), or set ca_file, ca_directory or ca_pem");
  }
  struct stat status {};
  if (::stat(place.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return load_directory(place, "the system's authorities");
  }
  const char* what = "the system's authorities";
  add_authorities(authorities_.get(), read_file(place, what), quoted(what, place));
}

void TlsContext::load_revocation_list() {
  if (options_.crl_file.empty()) return;
  const std::string text = read_file(options_.crl_file, "crl_file");
  const int result = mbedtls_x509_crl_parse(revoked_.get(), tls_compat::bytes(text), size_to_parse(text));
  if (result != 0)
    fail(quoted("crl_file", options_.crl_file) + " holds no revocation list: " + mbedtls_words(result));
}

void TlsContext::load_identity() {
  const bool from_file = !options_.certificate_file.empty();
  if (!from_file && options_.certificate_pem.empty()) return;
  const std::string certificate_name =
      from_file ? quoted("certificate_file", options_.certificate_file) : "certificate_pem";
  const std::string certificate =
      from_file ? read_file(options_.certificate_file, "certificate_file") : options_.certificate_pem;
  const int result =
      mbedtls_x509_crt_parse(certificate_.get(), tls_compat::bytes(certificate), size_to_parse(certificate));
  if (result != 0) {
    fail(certificate_name + " holds no certificate" +
         (result > 0 ? " that mbedTLS can read" : ": " + mbedtls_words(result)));
  }
  const bool key_from_file = !options_.key_file.empty();
  const std::string key_name = key_from_file ? quoted("key_file", options_.key_file) : "key_pem";
  const std::string key = key_from_file ? read_file(options_.key_file, "key_file") : options_.key_pem;
  parse_private_key(key_.get(), key, options_.key_password, key_name);
  if (!tls_compat::belong_together(certificate_.get()->pk, *key_.get())) {
    fail("the private key in " + key_name + " is not that of the certificate in " + certificate_name);
  }
}

void TlsContext::choose_ciphers() {
  ciphers_ = options_.ciphers.empty() ? default_ciphers(has_psk()) : parse_ciphers(options_.ciphers);
  const auto is_1_3 = [](int cipher) { return is_tls_1_3_cipher(cipher); };
  const bool some_1_3 = std::any_of(ciphers_.begin(), ciphers_.end(), is_1_3);
  const bool only_1_3 = std::all_of(ciphers_.begin(), ciphers_.end(), is_1_3);
  ciphers_.push_back(0);
  require(mbedtls_ssl_config_defaults(config_.get(), MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                      MBEDTLS_SSL_PRESET_DEFAULT),
          "TLS cannot be configured");
  mbedtls_ssl_conf_ciphersuites(config_.get(), ciphers_.data());
  tls_compat::set_versions(config_.get(), !options_.at_least_tls_1_3 && !only_1_3, some_1_3);
}

void TlsContext::configure() {
  mbedtls_ssl_config* config = config_.get();
  mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
  mbedtls_ssl_conf_rng(config, system_random, nullptr);
  mbedtls_ssl_conf_ca_chain(config, authorities_.get(), options_.crl_file.empty() ? nullptr : revoked_.get());
  if (has_certificate()) {
    require(mbedtls_ssl_conf_own_cert(config, certificate_.get(), key_.get()), "the client's certificate");
  }
  if (has_psk()) {
    require(mbedtls_ssl_conf_psk(config, tls_compat::bytes(options_.psk), options_.psk.size(),
                                 tls_compat::bytes(options_.psk_identity), options_.psk_identity.size()),
            "the pre-shared key");
    tls_compat::use_psk_only(config);
  }
  for (const std::string& protocol : options_.alpn)
    alpn_.push_back(protocol.c_str());
  alpn_.push_back(nullptr);
  if (!options_.alpn.empty()) require(mbedtls_ssl_conf_alpn_protocols(config, alpn_.data()), "alpn");
  mbedtls_ssl_conf_session_tickets(
      config, may_resume() ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
  if (may_resume()) tls_compat::signal_tickets(config);
  key_log_.attach_to(config);
}

}  // namespace holdfast::net
