// The server of a WebSocketStream, in the test's hand.
#pragma once

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/websocket_stream.hpp"
#include "support/catch.hpp"
#include "support/memory_stream.hpp"
#include "support/websocket_frames.hpp"

namespace holdfast::test {

inline std::string key_of(const std::string& request) {
  const std::string name = "Sec-WebSocket-Key: ";
  const std::size_t at = request.find(name) + name.size();
  return request.substr(at, request.find("\r\n", at) - at);
}

inline std::string accept_of(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 32> encoded{};
  const int size = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
  return {encoded.begin(), encoded.begin() + size};
}

/// What a server says to a request that it takes.
inline std::string accepting_answer(const std::string& request) {
  return "HTTP/1.1 101 Switching Protocols\r\nServer: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         accept_of(key_of(request)) + "\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";
}

struct WebSocketPeer {
  std::shared_ptr<support::MemoryPeer> bytes = std::make_shared<support::MemoryPeer>();
  std::unique_ptr<net::ByteStream> stream;

  explicit WebSocketPeer(const net::WebSocketTarget& target = {"host", "/mqtt?signature=secret", {}})
      : stream(net::websocket_over(std::make_unique<support::MemoryStream>(bytes), target)) {}

  /// The request for the upgrade, which is sent by then.
  std::string request() {
    CHECK(stream->advance().status == net::IoStatus::would_block);
    return bytes->take_written();
  }
  net::IoResult answer(const std::string& text) {
    bytes->to_read += text;
    return stream->advance();
  }
  /// Switches to WebSocket; `behind` comes with the answer.
  void accept(const std::string& behind = "") {
    REQUIRE(answer(accepting_answer(request()) + behind).status == net::IoStatus::ok);
  }

  void send(const support::WebSocketFrame& frame) { bytes->to_read += support::encode(frame); }
  /// The next frame that the stream wrote, as a client has to write it.
  std::optional<support::WebSocketFrame> next() {
    auto frame = support::take_frame(bytes->written);
    if (frame) {
      CHECK(frame->masked);
      CHECK(frame->reserved == 0);
      CHECK(frame->fin);
    }
    return frame;
  }

  /// Reads until there is no more; `result` is what ended it.
  std::string read(std::size_t at_a_time = 4096) {
    std::string text;
    std::string into(at_a_time, '\0');
    while ((result = stream->read(std::as_writable_bytes(std::span(into)))).status == net::IoStatus::ok)
      text.append(into, 0, result.bytes);
    return text;
  }
  net::IoResult write(std::string_view text) {
    const std::array pieces{std::as_bytes(std::span(text))};
    return stream->write(pieces);
  }

  net::IoResult result;
};

}  // namespace holdfast::test
