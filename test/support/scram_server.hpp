// The server's side of SCRAM-SHA-256, by OpenSSL: a peer for our client that shares no code with it.
// [RFC 5802, 7677]
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "support/behaviour.hpp"

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

/// A broker that lets in whoever knows the password, and authenticates again when asked: by CONNACK and
/// DISCONNECT with 0x87 it refuses.
[[nodiscard]] Behaviour asking_for_scram(const ScramAccount& account = {});

/// An AUTH packet.
[[nodiscard]] std::string auth(ReasonCode reason_code, const std::string& method,
                               const std::optional<std::string>& data = std::nullopt);

}  // namespace holdfast::support
