// The handshake that turns HTTP into WebSocket. [RFC 6455, 4.1]
#pragma once

#include <string>

#include "net/handshake.hpp"
#include "net/http_head.hpp"
#include "net/websocket_stream.hpp"

namespace holdfast::net {

class WebSocketUpgrade final : public Handshake {
 public:
  /// A target that check_websocket() takes. Throws std::system_error if the system has no random bytes.
  explicit WebSocketUpgrade(WebSocketTarget target);

  void begin(std::string& output) override;
  Step take(std::string_view& input, std::string& output) override;
  [[nodiscard]] std::string fault() const override { return fault_; }
  [[nodiscard]] const char* doubt() const noexcept override { return "is this a WebSocket server?"; }

 private:
  /// One clause; empty if the server has switched to WebSocket as it should.
  [[nodiscard]] std::string complaint() const;
  [[nodiscard]] std::string refusal() const;

  const WebSocketTarget target_;
  const std::string key_;
  HttpHead head_;
  std::string fault_;
};

}  // namespace holdfast::net
