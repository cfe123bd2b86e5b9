#include "support/scram_server.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <array>
#include <map>
#include <memory>
#include <utility>

#include "support/broker_connection.hpp"

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

Properties properties_of(const std::string& method, const std::optional<std::string>& data) {
  Properties properties;
  properties.add(PropertyId::authentication_method, method);
  if (data) properties.add(PropertyId::authentication_data, *data);
  return properties;
}

constexpr const char* method = "SCRAM-SHA-256";

/// What the broker does with a CONNECT or AUTH.
Verdict authenticate(const ScramAccount& account, std::unique_ptr<ScramServer>& exchange,
                     BrokerConnection& connection, const Packet& packet) {
  const bool first = packet.type == PacketType::connect || packet.reason_code == ReasonCode::re_authenticate;
  const std::string data = packet.properties.text(PropertyId::authentication_data).value_or("");
  if (first || !exchange) exchange = std::make_unique<ScramServer>(account);
  const auto answer = first ? exchange->on_first(data) : exchange->on_final(data);
  if (packet.properties.text(PropertyId::authentication_method) != method || !answer) {
    if (packet.type != PacketType::connect && connection.is_accepted()) {
      connection.send(disconnect(ReasonCode::not_authorized));
      connection.close();
      return Verdict::ignore;
    }
    connection.behaviour().connack_reason = ReasonCode::not_authorized;
    return Verdict::proceed;
  }
  if (first) {
    connection.send(auth(ReasonCode::continue_authentication, method, *answer));
    return Verdict::ignore;
  }
  if (connection.is_accepted()) {
    connection.send(auth(ReasonCode::success, method, *answer));
    return Verdict::ignore;
  }
  connection.behaviour().connack.add(PropertyId::authentication_method, method);
  connection.behaviour().connack.add(PropertyId::authentication_data, *answer);
  return Verdict::proceed;
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

Behaviour asking_for_scram(const ScramAccount& account) {
  Behaviour behaviour;
  // By connection; shared, since hooks are copied.
  using Exchanges = std::map<std::size_t, std::unique_ptr<ScramServer>>;
  behaviour.on_packet = [account, exchanges = std::make_shared<Exchanges>()](BrokerConnection& connection,
                                                                             const Packet& packet) {
    const bool ours = packet.type == PacketType::connect || packet.type == PacketType::auth;
    return ours ? authenticate(account, (*exchanges)[connection.index()], connection, packet)
                : Verdict::proceed;
  };
  return behaviour;
}

std::string auth(ReasonCode reason_code, const std::string& authentication_method,
                 const std::optional<std::string>& data) {
  Packet packet;
  packet.type = PacketType::auth;
  packet.reason_code = reason_code;
  packet.properties = properties_of(authentication_method, data);
  return encode(packet);
}

}  // namespace holdfast::support
