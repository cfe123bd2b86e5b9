#include "bench/tls_stream.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <memory>
#include <stdexcept>
#include <utility>

namespace holdfast::bench {

namespace {

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

std::shared_ptr<SSL_CTX> make_context(const std::string& certificate, const std::string& key) {
  std::shared_ptr<SSL_CTX> context(::SSL_CTX_new(::TLS_server_method()), ::SSL_CTX_free);
  const auto memory = [](const std::string& text) {
    return std::unique_ptr<BIO, int (*)(BIO*)>(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                                               ::BIO_free);
  };
  const std::unique_ptr<X509, void (*)(X509*)> own(
      ::PEM_read_bio_X509(memory(certificate).get(), nullptr, nullptr, nullptr), ::X509_free);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> own_key(
      ::PEM_read_bio_PrivateKey(memory(key).get(), nullptr, nullptr, nullptr), ::EVP_PKEY_free);
  require(::SSL_CTX_use_certificate(context.get(), own.get()) == 1, "certificate");
  require(::SSL_CTX_use_PrivateKey(context.get(), own_key.get()) == 1, "key");
  return context;
}

std::shared_ptr<SSL_CTX> make_client_context(const std::string& ca_file) {
  std::shared_ptr<SSL_CTX> context(::SSL_CTX_new(::TLS_client_method()), ::SSL_CTX_free);
  require(::SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr) == 1, "CA file");
  ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

class TlsStream : public SocketStream {
 public:
  enum class Side { server, client };

  TlsStream(support::Descriptor connection, SSL_CTX* context, Side side)
      : SocketStream(std::move(connection)), tls_(::SSL_new(context), ::SSL_free) {
    // What is not taken at once is offered again, from wherever it lies then.
    ::SSL_set_mode(tls_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    ::SSL_set_read_ahead(tls_.get(), 1);
    ::SSL_set_fd(tls_.get(), this->connection().get());
    if (side == Side::server) {
      ::SSL_set_accept_state(tls_.get());
    } else {
      ::SSL_set_connect_state(tls_.get());
    }
  }

  std::size_t read(std::span<char> into) override {
    std::size_t filled = 0;
    // One record each time: several make a batch, as a plain connection has it.
    while (filled < into.size()) {
      std::size_t count = 0;
      const int result = ::SSL_read_ex(tls_.get(), into.data() + filled, into.size() - filled, &count);
      if (result != 1) {
        if (filled > 0) break;
        return nothing_now(result);
      }
      filled += count;
    }
    return filled;
  }
  std::size_t write(std::string_view bytes) override {
    std::size_t count = 0;
    const int result = ::SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &count);
    return result == 1 ? count : nothing_now(result);
  }

 private:
  std::size_t nothing_now(int result) {
    const int error = ::SSL_get_error(tls_.get(), result);
    ::ERR_clear_error();
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) throw EndOfStream{};
    return 0;
  }

  std::unique_ptr<SSL, void (*)(SSL*)> tls_;
};

}  // namespace

MakeStream tls_streams(const std::string& certificate, const std::string& key) {
  return [context = make_context(certificate, key)](support::Descriptor connection) {
    return std::make_unique<TlsStream>(std::move(connection), context.get(), TlsStream::Side::server);
  };
}

MakeStream tls_client_streams(const std::string& ca_file) {
  return [context = make_client_context(ca_file)](support::Descriptor connection) {
    return std::make_unique<TlsStream>(std::move(connection), context.get(), TlsStream::Side::client);
  };
}

}  // namespace holdfast::bench
