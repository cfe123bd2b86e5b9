#include "net/transport_error.hpp"

namespace holdfast::net {

namespace {

class Category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "transport"; }
  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<TransportErrc>(value)) {
      case TransportErrc::tls:
        return "TLS failed";
      case TransportErrc::certificate:
        return "the certificate is not trusted";
      case TransportErrc::proxy:
        return "the proxy failed";
      case TransportErrc::websocket:
        return "WebSocket failed";
    }
    return "unknown error";
  }
};

}  // namespace

const std::error_category& transport_category() noexcept {
  static const Category category;
  return category;
}

}  // namespace holdfast::net
