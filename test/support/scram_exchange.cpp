#include "support/scram_exchange.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <array>

namespace holdfast::support {
namespace {

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string text(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string sha_256(std::string_view data) {
  Digest digest;
  SHA256(bytes(data), data.size(), digest.data());
  return text(digest);
}

std::string hmac(std::string_view key, std::string_view data) {
  Digest digest;
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(data), data.size(), digest.data(),
       &size);
  return text(digest);
}

std::string salted(const ScramAccount& account) {
  Digest digest;
  PKCS5_PBKDF2_HMAC(account.password.data(), static_cast<int>(account.password.size()), bytes(account.salt),
                    static_cast<int>(account.salt.size()), static_cast<int>(account.iterations), EVP_sha256(),
                    static_cast<int>(digest.size()), digest.data());
  return text(digest);
}

std::string base64(std::string_view data) {
  std::string encoded(data.size() * 2 + 4, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()), bytes(data),
                                   static_cast<int>(data.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return encoded;
}

std::string exclusive_or(std::string a, std::string_view b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    a[i] = static_cast<char>(a[i] ^ b.at(i));
  return a;
}

std::string escaped(std::string_view name) {
  std::string result;
  for (const char c : name)
    result += c == ',' ? "=2C" : c == '=' ? "=3D" : std::string(1, c);
  return result;
}

}  // namespace

std::optional<std::string> ScramServer::on_first(std::string_view client_first) {
  if (!client_first.starts_with("n,,")) return std::nullopt;
  first_bare_ = client_first.substr(3);
  const std::string name = "n=" + escaped(account_.user_name) + ",r=";
  if (!first_bare_.starts_with(name)) return std::nullopt;
  server_first_ = "r=" + first_bare_.substr(name.size()) + account_.nonce + ",s=" + base64(account_.salt) +
                  ",i=" + std::to_string(account_.iterations);
  return server_first_;
}

std::optional<std::string> ScramServer::on_final(std::string_view client_final) const {
  const auto proof = client_final.rfind(",p=");
  if (proof == std::string_view::npos) return std::nullopt;
  const std::string without_proof(client_final.substr(0, proof));
  const std::string nonce = server_first_.substr(0, server_first_.find(",s="));
  if (without_proof != "c=biws," + nonce) return std::nullopt;
  const std::string both = first_bare_ + "," + server_first_ + "," + without_proof;
  const std::string key = hmac(salted(account_), "Client Key");
  if (client_final.substr(proof + 3) != base64(exclusive_or(key, hmac(sha_256(key), both))))
    return std::nullopt;
  return "v=" + base64(hmac(hmac(salted(account_), "Server Key"), both));
}

}  // namespace holdfast::support
