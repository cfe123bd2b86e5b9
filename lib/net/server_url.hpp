// Where a server is, as users write it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::net {

/// `scheme://[user[:password]@]host[:port][/path]`, or `host`, or `host:port`; IPv6 addresses in brackets.
/// Schemes: mqtt, mqtts, ws, wss (these two with a path); or `unix://` and a path, or @ and a name.
struct ServerUrl {
  std::string scheme = "mqtt";
  std::optional<std::string> user_name = std::nullopt;
  std::optional<std::string> password = std::nullopt;
  std::string host = {};      ///< Empty for a Unix domain socket.
  std::uint16_t port = 1883;  ///< 0 for a Unix domain socket.
  std::string path = {};      ///< Of a WebSocket, with the query; or of a Unix domain socket.

  /// Throws std::invalid_argument with a sentence that says what is wrong and what to write.
  [[nodiscard]] static ServerUrl parse(std::string_view text);
  [[nodiscard]] bool is_secure() const noexcept { return scheme == "mqtts" || scheme == "wss"; }
  [[nodiscard]] bool is_websocket() const noexcept { return scheme == "ws" || scheme == "wss"; }
  [[nodiscard]] bool is_unix() const noexcept { return scheme == "unix"; }
  /// `host:port`, for a WebSocket with its path, `unix:` and the path for a Unix domain socket: which server
  /// it is, however it was written. Without spaces.
  [[nodiscard]] std::string endpoint() const;
  /// `host`, or `host:port` where the port is not the scheme's own: what a Host header says.
  [[nodiscard]] std::string authority() const;
};

/// A server as users write it, fit for logs and error messages: without user and password, and without the
/// query, which signs some URLs.
[[nodiscard]] std::string without_credentials(std::string_view text);

}  // namespace holdfast::net
