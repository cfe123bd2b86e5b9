// What a build without WebSocket says of it.
#include <stdexcept>

#include "net/websocket_stream.hpp"

namespace holdfast::net {

void check_websocket(const WebSocketTarget&) {
  throw std::invalid_argument(
      "WebSocket: this build of Holdfast has none: build it with HOLDFAST_WEBSOCKET, or use mqtt:// or "
      "mqtts://");
}

std::unique_ptr<ByteStream> websocket_over(std::unique_ptr<ByteStream>, WebSocketTarget target) {
  check_websocket(target);
  return nullptr;
}

}  // namespace holdfast::net
