// One exchange of SCRAM-SHA-256, the server's side, by OpenSSL: a peer for our client that shares no code
// with it. [RFC 5802, 7677]
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::support {

/// Who may come in, and what the server asks.
struct ScramAccount {
  std::string user_name = "user";
  std::string password = "pencil";
  unsigned iterations = 4096;
  std::string salt = "salt of 16 bytes";
  std::string nonce = "server-nonce";  ///< What it adds to the client's.
};

/// One exchange.
class ScramServer {
 public:
  explicit ScramServer(ScramAccount account) : account_(std::move(account)) {}

  /// The server-first-message; nothing for a message that is none, or for another user.
  [[nodiscard]] std::optional<std::string> on_first(std::string_view client_first);
  /// The server-final-message; nothing if the client does not know the password.
  [[nodiscard]] std::optional<std::string> on_final(std::string_view client_final) const;

 private:
  const ScramAccount account_;
  std::string first_bare_;
  std::string server_first_;
};

}  // namespace holdfast::support
