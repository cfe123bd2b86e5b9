#include <holdfast/authenticator.hpp>

#include <algorithm>
#include <span>
#include <utility>

#include "client/check_argument.hpp"
#include "client/scram.hpp"
#include "net/base64.hpp"
#include "net/digest.hpp"
#include "wire/utf8.hpp"

namespace holdfast {

namespace {

constexpr std::size_t nonce_bytes = 18;  // 24 digits of Base64, without padding.

std::string random_nonce() {
  const std::string bytes = net::random_bytes(nonce_bytes);
  return net::base64(std::as_bytes(std::span(bytes)));
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; });
}

class ScramSha256 final : public Authenticator {
 public:
  ScramSha256(std::string_view user_name, std::string password)
      : scram_(user_name, std::move(password), random_nonce) {}

  [[nodiscard]] std::string method() const override { return "SCRAM-SHA-256"; }
  [[nodiscard]] std::optional<std::string> start() override { return scram_.start(); }
  [[nodiscard]] std::string respond(std::string_view challenge) override { return scram_.respond(challenge); }
  void finish(std::string_view data) override { scram_.finish(data); }

 private:
  client::Scram scram_;
};

}  // namespace

std::shared_ptr<Authenticator> scram_sha_256(std::string_view user_name, std::string password) {
  client::require_utf8("scram_sha_256: user name", user_name);
  client::require(!user_name.empty(), [] { return "scram_sha_256: the user name is empty"; });
  client::require(!has_control_characters(user_name),
                  [] { return "scram_sha_256: the user name has control characters"; });
  // Said without the password.
  client::require(wire::is_valid_utf8_string(password) && !has_control_characters(password), [] {
    return "scram_sha_256: the password is not UTF-8, is longer than 65535 bytes, or has control characters";
  });
  return std::make_shared<ScramSha256>(user_name, std::move(password));
}

}  // namespace holdfast
