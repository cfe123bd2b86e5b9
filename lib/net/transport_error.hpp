// What fails in the layers over a socket: proxy, TLS, WebSocket.
#pragma once

#include <string>
#include <system_error>

namespace holdfast::net {

enum class TransportErrc {
  tls = 1,      ///< TLS broke, could not begin, or its files cannot be used.
  certificate,  ///< The peer's certificate is not to be trusted.
  proxy,        ///< The proxy refused, or broke its protocol.
  websocket,    ///< The server did not switch to WebSocket, or broke its rules.
};

[[nodiscard]] const std::error_category& transport_category() noexcept;
[[nodiscard]] inline std::error_code make_error_code(TransportErrc code) noexcept {
  return {static_cast<int>(code), transport_category()};
}

/// Thrown by what prepares a layer; what() is one sentence for people.
class TransportError : public std::system_error {
 public:
  TransportError(TransportErrc code, const std::string& what)
      : std::system_error(make_error_code(code)), what_(what) {}
  [[nodiscard]] const char* what() const noexcept override { return what_.c_str(); }

 private:
  std::string what_;
};

}  // namespace holdfast::net

template <>
struct std::is_error_code_enum<holdfast::net::TransportErrc> : std::true_type {};
