// Where a server is, as users write it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::net {

/// `mqtt://[user[:password]@]host[:port]`, or `host`, or `host:port`; IPv6 addresses in brackets.
struct ServerUrl {
  std::string scheme = "mqtt";
  std::optional<std::string> user_name = std::nullopt;
  std::optional<std::string> password = std::nullopt;
  std::string host = {};
  std::uint16_t port = 1883;

  /// Throws std::invalid_argument with a sentence that says what is wrong and what to write.
  [[nodiscard]] static ServerUrl parse(std::string_view text);
  /// `host:port`: which server it is, however it was written.
  [[nodiscard]] std::string endpoint() const;
};

/// A server as users write it, fit for logs and error messages.
[[nodiscard]] std::string without_credentials(std::string_view text);

}  // namespace holdfast::net
