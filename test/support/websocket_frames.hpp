// WebSocket as the server's side speaks it, byte by byte and without wslay: other eyes than the library's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::support {

struct WebSocketFrame {
  enum Opcode : unsigned { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

  unsigned opcode = binary;
  std::string payload = {};
  bool fin = true;
  unsigned reserved = 0;  ///< The three reserved bits.
  bool masked = false;

  bool operator==(const WebSocketFrame&) const = default;
};

/// A frame's bytes; a masked one is masked by a fixed key.
[[nodiscard]] inline std::string encode(const WebSocketFrame& frame) {
  const auto byte = [](std::uint64_t value) { return static_cast<char>(value & 0xFFU); };
  const std::uint64_t size = frame.payload.size();
  std::string bytes;
  bytes += byte((frame.fin ? 0x80U : 0U) | frame.reserved << 4U | frame.opcode);
  const unsigned mask_bit = frame.masked ? 0x80U : 0U;
  if (size < 126) {
    bytes += byte(mask_bit | size);
  } else {
    const int size_bytes = size < 65536 ? 2 : 8;
    bytes += byte(mask_bit | (size_bytes == 2 ? 126U : 127U));
    for (int i = size_bytes - 1; i >= 0; --i)
      bytes += byte(size >> (8 * i));
  }
  const std::string_view key = "\x12\x34\x56\x78";
  if (frame.masked) bytes += key;
  for (std::size_t i = 0; i < frame.payload.size(); ++i)
    bytes += frame.masked ? byte(static_cast<unsigned>(frame.payload[i] ^ key[i % 4])) : frame.payload[i];
  return bytes;
}

[[nodiscard]] inline std::string close_payload(std::uint16_t code, std::string_view reason = "") {
  std::string payload{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)};
  return payload.append(reason);
}

/// Takes the first whole frame away from `bytes`; nothing if there is none. The payload is unmasked.
[[nodiscard]] inline std::optional<WebSocketFrame> take_frame(std::string& bytes) {
  const auto byte = [&](std::size_t index) {
    return static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[index]));
  };
  if (bytes.size() < 2) return std::nullopt;
  std::uint64_t size = byte(1) & 0x7FU;
  const std::size_t size_bytes = size == 126 ? 2 : size == 127 ? 8 : 0;
  const bool masked = (byte(1) & 0x80U) != 0;
  const std::size_t payload_at = 2 + size_bytes + (masked ? 4 : 0);
  if (bytes.size() < payload_at) return std::nullopt;
  if (size_bytes != 0) size = 0;
  for (std::size_t i = 0; i < size_bytes; ++i)
    size = size << 8U | byte(2 + i);
  if (bytes.size() - payload_at < size) return std::nullopt;
  const auto payload_size = static_cast<std::size_t>(size);
  WebSocketFrame frame{static_cast<unsigned>(byte(0) & 0xFU), bytes.substr(payload_at, payload_size),
                       (byte(0) & 0x80U) != 0, static_cast<unsigned>(byte(0) >> 4U & 7U), masked};
  for (std::size_t i = 0; masked && i < frame.payload.size(); ++i)
    frame.payload[i] = static_cast<char>(frame.payload[i] ^ bytes[payload_at - 4 + i % 4]);
  bytes.erase(0, payload_at + payload_size);
  return frame;
}

}  // namespace holdfast::support
