// The server's side of what may lie between a socket and MQTT: bytes in, bytes out, no socket. Written
// without the library under test, so that the two do not share their mistakes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace holdfast::support {

/// One connection's TLS or WebSocket. Functions throw std::runtime_error, with a sentence, when the client
/// breaks the rules.
class GatewayLayer {
 public:
  GatewayLayer() = default;
  virtual ~GatewayLayer() = default;
  GatewayLayer(const GatewayLayer&) = delete;
  GatewayLayer& operator=(const GatewayLayer&) = delete;

  /// Bytes from the client. What they carry comes to received, what they make us answer to to_send.
  virtual void take(std::string_view bytes) = 0;
  /// Wraps bytes for the client, into to_send; what comes before the handshake is done waits for it.
  virtual void send(std::string_view bytes) = 0;
  /// Says in good order that no more will be sent, if the handshake is done.
  virtual void end() = 0;
  /// The beginning of a record or frame whose rest never comes, for connections that break; empty before the
  /// handshake is done.
  [[nodiscard]] virtual std::string broken_record() = 0;

  std::string received;
  std::string to_send;
  bool ended = false;  ///< The client said in good order that no more comes from it.
};

/// By OpenSSL, with records of random sizes. The certificate is for localhost.
[[nodiscard]] std::unique_ptr<GatewayLayer> tls_gateway_layer();

/// Wants the subprotocol mqtt and binary messages, masked. Sends frames of random sizes, some of them
/// fragments, with a ping now and then.
[[nodiscard]] std::unique_ptr<GatewayLayer> websocket_gateway_layer();

}  // namespace holdfast::support
