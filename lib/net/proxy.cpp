// The stream through a proxy: a handshake, and from then on the proxy is not there.
#include "net/proxy.hpp"

#include <algorithm>
#include <cstring>

#include "net/handshake.hpp"
#include "net/http_connect.hpp"
#include "net/socks5.hpp"
#include "net/transport_error.hpp"
#include "net/url_parts.hpp"

namespace holdfast::net {

namespace {

std::unique_ptr<Handshake> handshake_with(const ProxyUrl& proxy, const std::string& host,
                                          std::uint16_t port) {
  if (proxy.kind == ProxyUrl::Kind::socks5) return std::make_unique<Socks5>(proxy, host, port);
  return std::make_unique<HttpConnect>(proxy, host, port);
}

class ProxyStream final : public ByteStream {
 public:
  ProxyStream(std::unique_ptr<ByteStream> below, const ProxyUrl& proxy, const std::string& host,
              std::uint16_t port)
      : below_(std::move(below)),
        proxy_(host_and_port(proxy.host, proxy.port)),
        handshake_(handshake_with(proxy, host, port), make_error_code(TransportErrc::proxy)) {}

  [[nodiscard]] int descriptor() const noexcept override { return below_->descriptor(); }
  [[nodiscard]] short poll_events(bool want_read, bool want_write) const noexcept override {
    return handshake_.done() ? below_->poll_events(want_read, want_write) : handshake_.poll_events(*below_);
  }
  IoResult advance() override { return handshake_.advance(*below_); }
  IoResult read(std::span<std::byte> into) override;
  IoResult write(std::span<const std::span<const std::byte>> pieces) override {
    return below_->write(pieces);
  }
  [[nodiscard]] bool has_pending_input() const noexcept override {
    return !handshake_.rest().empty() || below_->has_pending_input();
  }
  [[nodiscard]] std::string failure() const override;
  void shutdown_write() noexcept override { below_->shutdown_write(); }

 private:
  const std::unique_ptr<ByteStream> below_;
  const std::string proxy_;  ///< host:port
  HandshakeRunner handshake_;
};

IoResult ProxyStream::read(std::span<std::byte> into) {
  std::string& rest = handshake_.rest();
  if (rest.empty()) return below_->read(into);
  const std::size_t size = std::min(rest.size(), into.size());
  std::memcpy(into.data(), rest.data(), size);
  rest.erase(0, size);
  return {IoStatus::ok, size};
}

std::string ProxyStream::failure() const {
  const std::string why = handshake_.failure(*below_);
  return handshake_.done() || why.empty() ? why : "proxy " + proxy_ + ": " + why;
}

}  // namespace

std::unique_ptr<ByteStream> proxy_over(std::unique_ptr<ByteStream> below, const ProxyUrl& proxy,
                                       const std::string& host, std::uint16_t port) {
  return std::make_unique<ProxyStream>(std::move(below), proxy, host, port);
}

}  // namespace holdfast::net
