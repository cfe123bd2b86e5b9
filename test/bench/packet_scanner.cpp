#include "bench/packet_scanner.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "bench/work.hpp"

namespace holdfast::bench {

std::string_view Packet::identifier() const {
  if (!is(packet::publish)) return body.substr(0, 2);
  const std::size_t topic_size =
      std::size_t{static_cast<std::uint8_t>(body[0])} * 256 + static_cast<std::uint8_t>(body[1]);
  return body.substr(2 + topic_size, 2);
}

bool PacketScanner::read(const support::Descriptor& connection) {
  const ssize_t count = ::recv(connection.get(), buffer_.data() + filled_, buffer_.size() - filled_, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count <= 0) throw EndOfStream{};
  filled_ += static_cast<std::size_t>(count);
  return true;
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

std::string make_publish(int qos, std::uint16_t identifier) {
  std::string body{'\0', static_cast<char>(std::strlen(topic))};
  body += topic;
  if (qos > 0) body += {static_cast<char>(identifier >> 8), static_cast<char>(identifier & 0xFF)};
  body += '\0';  // No properties.
  body.append(payload_size, 'x');
  return std::string{static_cast<char>(packet::publish | qos << 1), static_cast<char>(body.size())} + body;
}

void append_answer(std::string& out, std::uint8_t type, std::string_view identifier) {
  out += {static_cast<char>(type), '\2', identifier[0], identifier[1]};
}

void write_some(const support::Descriptor& connection, std::string& bytes) {
  if (bytes.empty()) return;
  const ssize_t count = ::send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN && errno != EINTR) throw EndOfStream{};
  if (count > 0) bytes.erase(0, static_cast<std::size_t>(count));
}

void wait_for(const support::Descriptor& connection, bool writing) {
  pollfd waiting{connection.get(), static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN), 0};
  ::poll(&waiting, 1, -1);
}

}  // namespace holdfast::bench
