#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>

#include "support/certificates.hpp"
#include "support/gateway.hpp"
#include "support/gateway_layer.hpp"

namespace holdfast::support {
namespace {

[[noreturn]] void fail(const std::string& what) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  throw std::runtime_error("TLS: " + what + ": " + reason.data());
}

CertificateAuthority& authority() {
  static CertificateAuthority made("Holdfast Gateway CA");
  return made;
}

std::unique_ptr<BIO, decltype(&BIO_free)> reading(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

/// One for all connections, so that a TLS session begun at one gateway can be resumed at any.
SSL_CTX* context() {
  static const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> made = [] {
    // Gateways that live until the process ends are ended after OpenSSL would have cleaned up.
    OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, nullptr);
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()),
                                                              &SSL_CTX_free);
    const Certificate own = authority().issue(for_this_machine());
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(reading(own.certificate).get(), nullptr, nullptr, nullptr), &X509_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(reading(own.key).get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
    if (SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
      fail("the gateway's certificate");
    }
    return context;
  }();
  return made.get();
}

class TlsGatewayLayer final : public GatewayLayer {
 public:
  TlsGatewayLayer() : ssl_(SSL_new(context()), &SSL_free) {
    if (ssl_ == nullptr) fail("a new connection");
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl_.get());
    // Records from half a kilobyte to the largest there are.
    const auto record_size = std::uniform_int_distribution<long>(512, 16'384)(random_);
    SSL_set_max_send_fragment(ssl_.get(), record_size);
  }

  void take(std::string_view bytes) override {
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    ERR_clear_error();
    std::array<char, 16 * 1024> plain;
    int count = 0;
    while ((count = SSL_read(ssl_.get(), plain.data(), static_cast<int>(plain.size()))) > 0)
      received.append(plain.data(), static_cast<std::size_t>(count));
    const int error = SSL_get_error(ssl_.get(), count);
    if (error == SSL_ERROR_ZERO_RETURN) {
      ended = true;
    } else if (error != SSL_ERROR_WANT_READ) {
      fail("from the client");
    }
    if (SSL_is_init_finished(ssl_.get()) == 1 && !held_.empty()) send(std::exchange(held_, {}));
    collect();
  }

  void send(std::string_view bytes) override {
    if (bytes.empty()) return;
    if (SSL_is_init_finished(ssl_.get()) != 1) {
      held_ += bytes;
      return;
    }
    ERR_clear_error();
    if (SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) fail("to the client");
    collect();
  }

  void end() override {
    if (SSL_is_init_finished(ssl_.get()) != 1) return;
    SSL_shutdown(ssl_.get());
    collect();
  }

  std::string broken_record() override {
    if (SSL_is_init_finished(ssl_.get()) != 1) return {};
    // The header of a record of application data, and as much of 1,000 bytes as comes before it breaks.
    std::string record("\x17\x03\x03\x03\xE8", 5);
    record.append(1'000, 'x');
    record.resize(std::uniform_int_distribution<std::size_t>(1, record.size() - 1)(random_));
    return record;
  }

 private:
  /// What OpenSSL has to say to the client.
  void collect() {
    std::array<char, 16 * 1024> bytes;
    int count = 0;
    while ((count = BIO_read(SSL_get_wbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()))) > 0)
      to_send.append(bytes.data(), static_cast<std::size_t>(count));
  }

  std::mt19937 random_{std::random_device{}()};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  std::string held_;
};

}  // namespace

std::unique_ptr<GatewayLayer> tls_gateway_layer() {
  return std::make_unique<TlsGatewayLayer>();
}

std::string gateway_ca_pem() {
  context();  // The authority serves one thread at a time, and is done once this stands.
  return authority().pem();
}

}  // namespace holdfast::support
