// HTTP CONNECT (RFC 9110, 9.3.6): the handshake with an HTTP proxy.
#pragma once

#include <cstdint>
#include <string>

#include "net/handshake.hpp"
#include "net/http_head.hpp"
#include "net/proxy.hpp"

namespace holdfast::net {

class HttpConnect final : public Handshake {
 public:
  HttpConnect(const ProxyUrl& proxy, const std::string& host, std::uint16_t port);

  void begin(std::string& output) override { output += request_; }
  Step take(std::string_view& input, std::string& output) override;
  [[nodiscard]] std::string fault() const override;
  [[nodiscard]] const char* doubt() const noexcept override { return "is this an HTTP proxy?"; }

 private:
  const std::string server_;  ///< host:port
  const bool with_log_in_;
  std::string request_;
  HttpHead head_;
};

}  // namespace holdfast::net
