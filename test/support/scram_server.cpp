#include "support/scram_server.hpp"

#include <map>
#include <memory>
#include <utility>

#include "support/broker_connection.hpp"

namespace holdfast::support {
namespace {

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
