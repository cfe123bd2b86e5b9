// The client's side of SCRAM-SHA-256, message by message, without channel binding. [RFC 5802, 7677]
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace holdfast::client {

class Scram {
 public:
  /// `nonce` gives another one for each exchange: printable ASCII without a comma.
  Scram(std::string_view user_name, std::string password, std::function<std::string()> nonce);
  ~Scram();
  Scram(const Scram&) = delete;
  Scram& operator=(const Scram&) = delete;

  /// The client-first-message.
  [[nodiscard]] std::string start();
  /// The client-final-message, to the server-first-message. Throws std::runtime_error for one that breaks the
  /// rules, as finish() does.
  [[nodiscard]] std::string respond(std::string_view server_first);
  /// Takes the server-final-message: whether it proves that the server knows the password.
  void finish(std::string_view server_final);

 private:
  /// In brackets: what may follow.
  enum class Step : std::uint8_t {
    idle,           ///< [first_sent]
    first_sent,     ///< [response_sent, idle]
    response_sent,  ///< [idle]
  };
  struct Challenge {
    std::string nonce;
    std::string salt;
    std::uint32_t iterations = 0;
  };
  [[nodiscard]] Challenge parse(std::string_view server_first) const;
  void derive_keys(const Challenge& challenge);

  const std::string name_;  // Escaped.
  std::string password_;
  const std::function<std::string()> nonce_;
  Step step_ = Step::idle;
  std::string first_bare_;  // Of this exchange: what both sides sign begins with it.
  std::string own_nonce_;
  std::string signature_;  // The one that the server has to send.
  // What the password comes to with this salt: kept, since it is dear and the next challenge asks the same.
  std::string salt_;
  std::uint32_t iterations_ = 0;
  std::string client_key_;
  std::string server_key_;
};

}  // namespace holdfast::client
