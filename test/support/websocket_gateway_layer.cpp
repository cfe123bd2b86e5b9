#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <utility>

#include "support/gateway_layer.hpp"

namespace holdfast::support {
namespace {

// [RFC 6455, 5.2]
enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

constexpr std::size_t request_size_max = 16 * 1024;
constexpr std::size_t control_payload_max = 125;

using Headers = std::map<std::string, std::string>;

[[noreturn]] void refuse(const std::string& what) {
  throw std::runtime_error("WebSocket: " + what);
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), [](char letter) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  });
  return lowered;
}

/// Names in small letters.
Headers headers_of(std::string_view request) {
  Headers headers;
  for (std::size_t begin = request.find("\r\n") + 2; begin < request.size();) {
    const std::size_t end = std::min(request.find("\r\n", begin), request.size());
    const std::string_view line = request.substr(begin, end - begin);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) refuse("a header line without a colon");
    const std::size_t value = std::min(line.find_first_not_of(' ', colon + 1), line.size());
    headers[lower(line.substr(0, colon))] = line.substr(value);
    begin = end + 2;
  }
  return headers;
}

void require(const Headers& headers, const std::string& name, std::string_view value) {
  const auto found = headers.find(name);
  if (found == headers.end() || lower(found->second) != value) {
    refuse("the request has no header \"" + name + ": " + std::string(value) + '"');
  }
}

std::string base64(const unsigned char* bytes, std::size_t size) {
  std::string text(4 * ((size + 2) / 3) + 1, '\0');
  text.resize(static_cast<std::size_t>(
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, static_cast<int>(size))));
  return text;
}

std::string accept_key(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64(digest.data(), digest.size());
}

std::string frame(Opcode opcode, bool final, std::string_view payload) {
  std::string bytes;
  bytes += static_cast<char>((final ? 0x80 : 0) | static_cast<int>(opcode));
  const std::size_t size = payload.size();
  const int length_bytes = size <= control_payload_max ? 0 : size <= 0xFFFF ? 2 : 8;
  bytes += static_cast<char>(length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127);
  for (int byte = length_bytes - 1; byte >= 0; --byte)
    bytes += static_cast<char>(std::uint64_t{size} >> (8 * byte));
  return bytes.append(payload);
}

class WebSocketGatewayLayer final : public GatewayLayer {
 public:
  void take(std::string_view bytes) override {
    incoming_ += bytes;
    if (!upgraded_) upgrade();
    while (upgraded_ && take_some()) {
    }
  }

  void send(std::string_view bytes) override {
    if (!upgraded_) {
      held_ += bytes;
      return;
    }
    bool first = true;
    while (!bytes.empty()) {
      const std::string_view piece =
          bytes.substr(0, one_of(4) == 0 ? 1 + one_of(bytes.size()) : bytes.size());
      bytes.remove_prefix(piece.size());
      // The rest of a message may come as a fragment of the same or as a message of its own.
      const bool final = bytes.empty() || one_of(2) == 0;
      to_send += frame(first ? Opcode::binary : Opcode::continuation, final, piece);
      first = final;
      if (one_of(16) == 0) to_send += frame(Opcode::ping, true, "gateway");
    }
  }

  void end() override {
    if (upgraded_) to_send += frame(Opcode::close, true, std::string_view("\x03\xE8", 2));
  }

  std::string broken_record() override {
    if (!upgraded_) return {};
    // Never a byte of payload: it would be one of MQTT.
    return frame(Opcode::binary, true, std::string(1'000, 'x')).substr(0, 1 + one_of(3));
  }

 private:
  void upgrade() {
    const std::size_t end = incoming_.find("\r\n\r\n");
    if (end == std::string::npos) {
      if (incoming_.size() > request_size_max) refuse("a request without an end");
      return;
    }
    const std::string request = incoming_.substr(0, end);
    incoming_.erase(0, end + 4);
    if (!request.starts_with("GET /mqtt HTTP/1.1\r\n")) refuse("not a GET of /mqtt");
    const Headers headers = headers_of(request);
    require(headers, "upgrade", "websocket");
    require(headers, "connection", "upgrade");
    require(headers, "sec-websocket-version", "13");
    require(headers, "sec-websocket-protocol", "mqtt");
    if (!headers.contains("host")) refuse("no Host header");
    const auto key = headers.find("sec-websocket-key");
    if (key == headers.end() || key->second.size() != 24) refuse("no key of 16 bytes");
    to_send +=
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
        "Upgrade\r\nSec-WebSocket-Accept: " +
        accept_key(key->second) + "\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";
    upgraded_ = true;
    send(std::exchange(held_, {}));
  }

  struct Frame {
    Opcode opcode = Opcode::continuation;
    std::array<char, 4> mask{};
    std::uint64_t left = 0;      ///< Bytes of payload still to come.
    std::size_t mask_place = 0;  ///< Of the next of them.
  };

  /// Whether it got any further.
  bool take_some() {
    if (!frame_) return begin_frame();
    const bool control = frame_->opcode >= Opcode::close;
    if (control ? incoming_.size() < frame_->left : incoming_.empty() && frame_->left > 0) return false;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(frame_->left, incoming_.size()));
    std::string payload = incoming_.substr(0, size);
    incoming_.erase(0, size);
    for (char& byte : payload)
      byte = static_cast<char>(byte ^ frame_->mask[frame_->mask_place++ % 4]);
    frame_->left -= size;
    if (frame_->opcode == Opcode::ping) to_send += frame(Opcode::pong, true, payload);
    if (frame_->opcode == Opcode::close) ended = true;
    if (!control) received += payload;
    if (frame_->left == 0) frame_.reset();
    return true;
  }

  bool begin_frame() {
    if (incoming_.size() < 2) return false;
    const auto first = static_cast<std::uint8_t>(incoming_[0]);
    const auto second = static_cast<std::uint8_t>(incoming_[1]);
    const std::size_t length_bytes = (second & 0x7F) == 126 ? 2 : (second & 0x7F) == 127 ? 8 : 0;
    if (incoming_.size() < 2 + length_bytes + 4) return false;
    Frame next;
    next.opcode = static_cast<Opcode>(first & 0x0F);
    next.left = second & 0x7F;
    if (length_bytes > 0) next.left = 0;
    for (std::size_t index = 0; index < length_bytes; ++index)
      next.left = next.left << 8 | static_cast<std::uint8_t>(incoming_[2 + index]);
    std::copy_n(incoming_.begin() + 2 + static_cast<std::ptrdiff_t>(length_bytes), 4, next.mask.begin());
    check(next, (first & 0x80) != 0, (first & 0x70) != 0, (second & 0x80) != 0);
    incoming_.erase(0, 2 + length_bytes + 4);
    frame_ = next;
    return true;
  }

  void check(const Frame& next, bool final, bool reserved, bool masked) {
    if (ended) refuse("a frame after the close frame");
    if (reserved) refuse("reserved bits are set");
    if (!masked) refuse("a frame without a mask");
    switch (next.opcode) {
      case Opcode::binary:
      case Opcode::continuation:
        if ((next.opcode == Opcode::continuation) != in_message_) refuse("a fragment out of place");
        in_message_ = !final;
        return;
      case Opcode::close:
      case Opcode::ping:
      case Opcode::pong:
        if (!final || next.left > control_payload_max) refuse("a control frame that is too long or in parts");
        return;
      case Opcode::text:
        break;
    }
    refuse("a frame with opcode " + std::to_string(static_cast<int>(next.opcode)));
  }

  std::size_t one_of(std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
  }

  std::mt19937 random_{std::random_device{}()};
  std::string incoming_;
  std::string held_;
  std::optional<Frame> frame_;
  bool upgraded_ = false;
  bool in_message_ = false;
};

}  // namespace

std::unique_ptr<GatewayLayer> websocket_gateway_layer() {
  return std::make_unique<WebSocketGatewayLayer>();
}

}  // namespace holdfast::support
