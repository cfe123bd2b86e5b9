#include "net/tls.hpp"

#include <mutex>
#include <stdexcept>
#include <utility>

#include "net/tls_ciphers.hpp"
#include "net/tls_compat.hpp"
#include "net/tls_context.hpp"
#include "net/tls_sessions.hpp"
#include "net/tls_stream.hpp"

namespace holdfast::net {

namespace {

void refuse(const std::string& why) {
  throw std::invalid_argument("tls." + why);
}

void check_identity(const TlsOptions& options) {
  if (!options.certificate_file.empty() && !options.certificate_pem.empty()) {
    refuse("certificate_file and certificate_pem: give one of them");
  }
  if (!options.key_file.empty() && !options.key_pem.empty()) refuse("key_file and key_pem: give one of them");
  const bool certificate = !options.certificate_file.empty() || !options.certificate_pem.empty();
  const bool key = !options.key_file.empty() || !options.key_pem.empty();
  if (certificate && !key) refuse("key_file or key_pem is missing: a certificate needs its private key");
  if (key && !certificate) {
    refuse("certificate_file or certificate_pem is missing: a private key needs its certificate");
  }
  if (!options.key_password.empty() && !key) refuse("key_password is of no use without key_file or key_pem");
  if (options.psk.empty() != options.psk_identity.empty()) {
    refuse("psk and psk_identity: one is of no use without the other");
  }
  constexpr std::size_t psk_max = 32;  // Of mbedTLS as it is built by default.
  if (options.psk.size() > psk_max) {
    refuse("psk: " + std::to_string(options.psk.size()) + " bytes: at most 32 (bytes, not hexadecimal)");
  }
  if (!options.psk.empty() && certificate) refuse("psk: either a pre-shared key or certificates, not both");
}

void check_ciphers(const TlsOptions& options) {
  const std::vector<int> ciphers = parse_ciphers(options.ciphers);
  if (ciphers.empty() || !options.at_least_tls_1_3) return;
  for (const int cipher : ciphers) {
    if (is_tls_1_3_cipher(cipher)) return;
  }
  refuse("ciphers: none of them is of TLS 1.3, which is what minimum_version asks for");
}

void check_names(const TlsOptions& options) {
  constexpr std::size_t name_max = 255;  // [RFC 7301, 3.1; RFC 1035, 2.3.4]
  for (const std::string& protocol : options.alpn) {
    if (protocol.empty() || protocol.size() > name_max) {
      refuse("alpn: \"" + protocol + "\": a protocol's name has 1 to 255 bytes");
    }
    if (protocol.find('\0') != std::string::npos) refuse("alpn: a name with a zero byte in it");
  }
  if (options.server_name.size() > name_max || options.server_name.find('\0') != std::string::npos) {
    refuse("server_name: no host has such a name");
  }
}

}  // namespace

void check_tls(const TlsOptions& options) {
  if (options.at_least_tls_1_3 && !tls_compat::has_tls_1_3) {
    refuse("minimum_version: mbedTLS " MBEDTLS_VERSION_STRING
           " has no TLS 1.3: ask for tls_1_2, or build with mbedTLS 3.6");
  }
  check_identity(options);
  try {
    check_ciphers(options);
  } catch (const std::invalid_argument& error) {
    const std::string what = error.what();
    if (what.rfind("tls.", 0) == 0) throw;
    refuse(what);
  }
  check_names(options);
}

struct Tls::State {
  explicit State(TlsOptions wanted) : options(std::move(wanted)) {}

  const TlsOptions options;
  const std::shared_ptr<TlsSessions> sessions = std::make_shared<TlsSessions>();  // One thread's.
  std::mutex mutex;
  // Guarded by mutex.
  FileStamps stamps;
  std::shared_ptr<const TlsContext> context;
};

Tls::Tls(TlsOptions options) : state_(std::make_shared<State>(std::move(options))) {}
Tls::~Tls() = default;

// Never reads a file under the lock: the helper that hangs on a dead network drive shall not keep the next
// one.
std::shared_ptr<const TlsContext> Tls::prepare() {
  check_tls(state_->options);  // A hook or a reference may lead to TLS where nobody checked before.
  FileStamps stamps = stamps_of(state_->options);
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->context && state_->stamps == stamps) return state_->context;
  }
  auto context = std::make_shared<const TlsContext>(state_->options);
  const std::lock_guard lock(state_->mutex);
  state_->context = context;
  state_->stamps = std::move(stamps);
  return context;
}

std::unique_ptr<ByteStream> Tls::over(std::unique_ptr<ByteStream> below,
                                      std::shared_ptr<const TlsContext> context, const std::string& host,
                                      const std::string& endpoint) {
  state_->sessions->use(context);
  std::string name = state_->options.server_name.empty() ? host : state_->options.server_name;
  if (!name.empty() && name.back() == '.') name.pop_back();  // As in DNS; certificates have none.
  return std::make_unique<TlsStream>(std::move(below), std::move(context), state_->sessions, std::move(name),
                                     endpoint + '|' + host);
}

TlsCounters Tls::counters() const noexcept {
  return state_->sessions->counters;
}

}  // namespace holdfast::net
