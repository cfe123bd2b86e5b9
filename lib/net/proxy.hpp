// Through a proxy: HTTP CONNECT (RFC 9110, 9.3.6) and SOCKS5 (RFC 1928, RFC 1929). The proxy resolves the
// server's name.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/byte_stream.hpp"

namespace holdfast::net {

struct ProxyUrl {
  enum class Kind : std::uint8_t { http, socks5 };

  Kind kind = Kind::http;
  std::optional<std::string> user_name = std::nullopt;
  std::optional<std::string> password = std::nullopt;
  std::string host = {};
  std::uint16_t port = 0;

  /// Throws std::invalid_argument with a sentence that says what is wrong and what to write.
  [[nodiscard]] static ProxyUrl parse(std::string_view text);
};

/// The proxy that the environment names for a server, if it names one; throws as parse().
[[nodiscard]] std::optional<ProxyUrl> proxy_from_environment(std::string_view scheme, std::string_view host);

/// The way through a proxy to which `below` connects; behind it lies `host`:`port`.
[[nodiscard]] std::unique_ptr<ByteStream> proxy_over(std::unique_ptr<ByteStream> below, const ProxyUrl& proxy,
                                                     const std::string& host, std::uint16_t port);

}  // namespace holdfast::net
