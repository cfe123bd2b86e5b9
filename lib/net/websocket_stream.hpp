// WebSocket (RFC 6455) as a client, by wslay: the stream that lies over another one.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/byte_stream.hpp"

namespace holdfast::net {

struct WebSocketTarget {
  std::string authority;  ///< The Host header: host, with the port unless it is the scheme's own.
  std::string path;       ///< With the query.
  std::vector<std::pair<std::string, std::string>> headers;  ///< To be added to the request.
};

/// Throws std::invalid_argument with a sentence for headers that no request can carry, or if this build has
/// no WebSocket.
void check_websocket(const WebSocketTarget& target);

/// WebSocket over a stream, which may still be connecting: binary messages, subprotocol `mqtt`.
[[nodiscard]] std::unique_ptr<ByteStream> websocket_over(std::unique_ptr<ByteStream> below,
                                                         WebSocketTarget target);

}  // namespace holdfast::net
