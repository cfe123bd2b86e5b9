#include "support/tls_peer.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace holdfast::support {

struct TlsServer::State {
  TlsPeerConfig config;
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  std::string alpn;  // In wire format.
  std::vector<std::string> key_log;
};

namespace {

int version_number(TlsPeerVersion version) {
  switch (version) {
    case TlsPeerVersion::any:
      return 0;
    case TlsPeerVersion::tls_1_1:
      return TLS1_1_VERSION;
    case TlsPeerVersion::tls_1_2:
      return TLS1_2_VERSION;
    case TlsPeerVersion::tls_1_3:
      return TLS1_3_VERSION;
  }
  return 0;
}

BIO* bio_of(const std::string& text) {
  return BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
}

void use_certificate(SSL_CTX* context, const Certificate& own) {
  BIO* bio = bio_of(own.certificate);
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  bio = bio_of(own.key);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  const bool used =
      SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!used) throw std::runtime_error("TlsServer: OpenSSL does not take the certificate");
}

void demand_certificate(SSL_CTX* context, const std::string& ca) {
  BIO* bio = bio_of(ca);
  X509* authority = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority);
  X509_free(authority);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

TlsServer::State& state_of(SSL* connection) {
  return *static_cast<TlsServer::State*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection)));
}

unsigned find_psk(SSL* connection, const char* identity, unsigned char* key, unsigned size_max) {
  const TlsPeerConfig& config = state_of(connection).config;
  if (config.psk_identity != identity || config.psk.size() > size_max) return 0;
  std::memcpy(key, config.psk.data(), config.psk.size());
  return static_cast<unsigned>(config.psk.size());
}

void log_key(const SSL* connection, const char* line) {
  static_cast<TlsServer::State*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection)))
      ->key_log.emplace_back(line);
}

int choose_alpn(SSL* connection, const unsigned char** chosen, unsigned char* size,
                const unsigned char* offered, unsigned offered_size, void* /*unused*/) {
  const std::string& own = state_of(connection).alpn;
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(own.data()),
                                           static_cast<unsigned>(own.size()), offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

TlsServer::TlsServer(TlsPeerConfig config) : state_(std::make_unique<State>()) {
  state_->config = std::move(config);
  SSL_CTX* context = state_->context;
  const TlsPeerConfig& wanted = state_->config;
  SSL_CTX_set_app_data(context, state_.get());
  const int version = version_number(wanted.version);
  // 1.1 needs signatures that OpenSSL allows at level 0 only.
  if (wanted.version == TlsPeerVersion::tls_1_1) SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, version);
  SSL_CTX_set_max_proto_version(context, version);
  if (!wanted.certificate.certificate.empty()) use_certificate(context, wanted.certificate);
  if (!wanted.client_ca.empty()) demand_certificate(context, wanted.client_ca);
  if (!wanted.psk.empty()) SSL_CTX_set_psk_server_callback(context, find_psk);
  if (!wanted.ciphers.empty()) SSL_CTX_set_cipher_list(context, wanted.ciphers.c_str());
  SSL_CTX_set_dh_auto(context, 1);
  SSL_CTX_set_keylog_callback(context, log_key);
  for (const std::string& name : wanted.alpn)
    state_->alpn += static_cast<char>(name.size()) + name;
  if (!wanted.alpn.empty()) SSL_CTX_set_alpn_select_cb(context, choose_alpn, nullptr);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("test"), 4);
  if (!wanted.tickets) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
  }
}

TlsServer::~TlsServer() {
  SSL_CTX_free(state_->context);
}

const std::vector<std::string>& TlsServer::key_log() const noexcept {
  return state_->key_log;
}

struct TlsPeer::State {
  SSL* connection = nullptr;
  BIO* in = nullptr;
  BIO* out = nullptr;
  std::string received;
  std::string error;
  bool failed = false;
  bool client_closed = false;
};

TlsPeer::TlsPeer(const TlsServer& server) : state_(std::make_unique<State>()) {
  state_->connection = SSL_new(server.state().context);
  state_->in = BIO_new(BIO_s_mem());
  state_->out = BIO_new(BIO_s_mem());
  SSL_set_bio(state_->connection, state_->in, state_->out);
  SSL_set_accept_state(state_->connection);
}

TlsPeer::~TlsPeer() {
  SSL_free(state_->connection);
}

void TlsPeer::feed(const std::string& bytes) {
  BIO_write(state_->in, bytes.data(), static_cast<int>(bytes.size()));
  ERR_clear_error();
  std::array<char, 16384> plain{};
  for (;;) {
    const int size = SSL_read(state_->connection, plain.data(), static_cast<int>(plain.size()));
    if (size > 0) {
      state_->received.append(plain.data(), static_cast<std::size_t>(size));
      continue;
    }
    const int error = SSL_get_error(state_->connection, size);
    if (error == SSL_ERROR_ZERO_RETURN) state_->client_closed = true;
    if (error == SSL_ERROR_SSL && !state_->failed) {
      state_->failed = true;
      const char* reason = ERR_reason_error_string(ERR_get_error());
      state_->error = reason == nullptr ? "unknown" : reason;
    }
    return;
  }
}

std::string TlsPeer::take_output() {
  std::string bytes(BIO_ctrl_pending(state_->out), '\0');
  if (!bytes.empty()) BIO_read(state_->out, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

bool TlsPeer::up() const {
  return SSL_is_init_finished(state_->connection) == 1;
}
bool TlsPeer::failed() const noexcept {
  return state_->failed;
}
const std::string& TlsPeer::error() const noexcept {
  return state_->error;
}
const std::string& TlsPeer::received() const noexcept {
  return state_->received;
}
bool TlsPeer::client_closed() const noexcept {
  return state_->client_closed;
}

void TlsPeer::write(const std::string& plain) {
  if (SSL_write(state_->connection, plain.data(), static_cast<int>(plain.size())) <= 0) {
    throw std::runtime_error("TlsPeer: SSL_write failed");
  }
}

void TlsPeer::close_notify() {
  SSL_shutdown(state_->connection);
}

bool TlsPeer::resumed() const {
  return SSL_session_reused(state_->connection) == 1;
}
std::string TlsPeer::version() const {
  return SSL_get_version(state_->connection);
}
std::string TlsPeer::cipher() const {
  return SSL_get_cipher_name(state_->connection);
}
std::string TlsPeer::server_name() const {
  const char* name = SSL_get_servername(state_->connection, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}
std::string TlsPeer::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(state_->connection, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

}  // namespace holdfast::support
