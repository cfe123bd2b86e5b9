#include "bench/packet_scanner.hpp"

#include <cstring>

#include "bench/work.hpp"

namespace holdfast::bench {

std::string_view Packet::identifier() const {
  if (!is(packet::publish)) return body.substr(0, 2);
  const std::size_t topic_size =
      std::size_t{static_cast<std::uint8_t>(body[0])} * 256 + static_cast<std::uint8_t>(body[1]);
  return body.substr(2 + topic_size, 2);
}

bool PacketScanner::read(Stream& stream) {
  const std::size_t count = stream.read(std::span(buffer_).subspan(filled_));
  filled_ += count;
  return count > 0;
}

std::size_t PacketScanner::packet_at(std::size_t at, Packet& packet) const {
  std::size_t remaining = 0;
  for (std::size_t i = at + 1, shift = 0; i < filled_; ++i, shift += 7) {
    const auto byte = static_cast<std::uint8_t>(buffer_[i]);
    remaining |= static_cast<std::size_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) != 0) continue;
    if (filled_ - (i + 1) < remaining) return 0;
    packet = {static_cast<std::uint8_t>(buffer_[at]), {buffer_.data() + i + 1, remaining}};
    return i + 1 + remaining - at;
  }
  return 0;
}

void PacketScanner::drop(std::size_t bytes) {
  filled_ -= bytes;
  std::memmove(buffer_.data(), buffer_.data() + bytes, filled_);
}

EncodedPublish::EncodedPublish(int qos, std::size_t payload_size) {
  const std::size_t topic_size = std::strlen(topic);
  packet_.push_back(static_cast<char>(packet::publish | qos << 1));
  for (std::size_t left = 2 + topic_size + (qos > 0 ? 2 : 0) + 1 + payload_size; left > 0; left >>= 7)
    packet_ += static_cast<char>((left & 0x7F) | (left > 0x7F ? 0x80 : 0));
  packet_.push_back('\0');
  packet_.push_back(static_cast<char>(topic_size));
  packet_ += topic;
  if (qos > 0) {
    identifier_at_ = packet_.size();
    packet_ += {'\0', '\0'};
  }
  packet_ += '\0';  // No properties.
  packet_.append(payload_size, 'x');
}

void EncodedPublish::append_to(std::string& out, std::uint16_t identifier) {
  if (identifier_at_ > 0) {
    packet_[identifier_at_] = static_cast<char>(identifier >> 8);
    packet_[identifier_at_ + 1] = static_cast<char>(identifier & 0xFF);
  }
  out += packet_;
}

void append_answer(std::string& out, std::uint8_t type, std::string_view identifier) {
  out += {static_cast<char>(type), '\2', identifier[0], identifier[1]};
}

}  // namespace holdfast::bench
