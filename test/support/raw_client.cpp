#include "support/raw_client.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "support/loopback.hpp"

namespace holdfast::support {

RawClient::RawClient(std::uint16_t port) : socket_(connect_to(port)) {}

void RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd writable{socket_.get(), POLLOUT, 0};
    if (::poll(&writable, 1, static_cast<int>(patience.count())) != 1) {
      throw std::runtime_error("peer does not read");
    }
    const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) throw std::runtime_error("peer closed");
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::optional<Packet> RawClient::next(std::chrono::milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (true) {
    if (const auto size = frame_size(incoming_)) {
      Packet packet = decode(std::string_view(incoming_).substr(0, *size));
      incoming_.erase(0, *size);
      return packet;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd readable{socket_.get(), POLLIN, 0};
    if (ended_ || left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) != 1) {
      return std::nullopt;
    }
    std::array<char, 64 * 1024> buffer;
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count > 0) incoming_.append(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) ended_ = true;
  }
}

Packet RawClient::next(PacketType type, std::chrono::milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    std::optional<Packet> packet = next(left);
    if (!packet) throw std::runtime_error("no " + std::string(name_of(type)) + " came");
    if (packet->type == type) return *std::move(packet);
  }
}

Packet RawClient::connect(const std::string& client_id, bool clean_start, std::uint32_t session_expiry,
                          Properties properties) {
  Packet packet;
  packet.type = PacketType::connect;
  packet.client_id = client_id;
  packet.clean_start = clean_start;
  if (session_expiry > 0) properties.add(PropertyId::session_expiry_interval, session_expiry);
  packet.properties = std::move(properties);
  send(packet);
  return next(PacketType::connack);
}

Packet RawClient::subscribe(const std::string& filter, QoS qos) {
  Packet packet;
  packet.type = PacketType::subscribe;
  packet.packet_identifier = 65'535;
  packet.subscriptions.push_back({filter, {.qos = qos}});
  send(packet);
  return next(PacketType::suback);
}

void RawClient::reset() {
  support::reset(socket_);
}

}  // namespace holdfast::support
