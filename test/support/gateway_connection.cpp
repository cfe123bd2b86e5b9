#include "support/gateway_connection.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "support/loopback.hpp"

namespace holdfast::support {
namespace {

// Little, so that a reader who stops is felt by the sender.
constexpr std::size_t waiting_bytes_max = 32 * 1024;
constexpr int send_buffer = 16 * 1024;
constexpr int receive_buffer = 64 * 1024;

}  // namespace

GatewayConnection::GatewayConnection(Descriptor client, std::uint16_t target_port,
                                     std::vector<std::unique_ptr<GatewayLayer>> layers)
    : layers_(std::move(layers)) {
  client_.socket = std::move(client);
  target_.socket = connect_to(target_port, receive_buffer);
  for (const Side* side : {&client_, &target_})
    ::setsockopt(side->socket.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
}

short GatewayConnection::wanted_events(const Side& side, const Side& other) noexcept {
  const bool read = !side.ended && other.outgoing.size() < waiting_bytes_max;
  return static_cast<short>((read ? POLLIN : 0) | (side.outgoing.empty() ? 0 : POLLOUT));
}

pollfd GatewayConnection::interest(const Side& side, const Side& other) noexcept {
  const short events = wanted_events(side, other);
  const bool nothing_to_learn = events == 0 && (side.ended || side.hung_up);
  return {nothing_to_learn ? -1 : side.socket.get(), events, 0};
}

pollfd GatewayConnection::client_interest() const noexcept {
  if (!connected_) return {-1, 0, 0};
  return interest(client_, target_);
}

pollfd GatewayConnection::target_interest() const noexcept {
  if (!connected_) return {target_.socket.get(), POLLOUT, 0};
  return interest(target_, client_);
}

void GatewayConnection::act(short client_events, short target_events) {
  try {
    if (!connected_) {
      if (target_events == 0) return;
      finish_connecting();
    }
    // What came before an end or a reset is passed on before it.
    if (is_open() && is_readable(target_, client_, target_events)) read_from_target();
    if (is_open() && is_readable(client_, target_, client_events)) read_from_client();
    if (!is_open()) return;
    write_to(client_);
    write_to(target_);
    pass_on_ends();
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "gateway: %s\n", error.what());
    reset(client_.socket);
    reset(target_.socket);
  }
}

void GatewayConnection::finish_connecting() {
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(target_.socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  connected_ = true;
  if (error != 0) break_other(target_);
}

bool GatewayConnection::is_readable(Side& side, const Side& other, short events) {
  if ((wanted_events(side, other) & POLLIN) != 0) return (events & ~POLLOUT) != 0;
  if ((events & POLLERR) != 0) {
    break_other(side);
  } else if ((events & POLLHUP) != 0) {
    side.hung_up = true;
  }
  return false;
}

std::string GatewayConnection::receive(Side& side) {
  std::array<char, 16 * 1024> buffer;
  const ssize_t count = ::recv(side.socket.get(), buffer.data(), buffer.size(), 0);
  if (count > 0) return {buffer.data(), static_cast<std::size_t>(count)};
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (count < 0 || side.broken) {
    break_other(side);
  } else {
    side.ended = true;
  }
  return {};
}

void GatewayConnection::read_from_client() {
  std::string bytes = receive(client_);
  for (const auto& layer : layers_) {
    layer->take(bytes);
    bytes = std::exchange(layer->received, {});
    if (layer->ended) client_.ended = true;
  }
  if (!is_open()) return;
  if (!target_.told_the_end) target_.outgoing += bytes;
  collect();
}

void GatewayConnection::read_from_target() {
  const std::string bytes = receive(target_);
  if (!is_open() || client_.told_the_end) return;
  if (layers_.empty()) {
    client_.outgoing += bytes;
    return;
  }
  layers_.back()->send(bytes);
  collect();
  if (!target_.ended) return;
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
    (*layer)->end();
    collect();
  }
}

void GatewayConnection::collect() {
  for (std::size_t index = layers_.size(); index-- > 0;) {
    const std::string bytes = std::exchange(layers_[index]->to_send, {});
    if (index > 0) {
      layers_[index - 1]->send(bytes);
    } else if (!client_.told_the_end) {
      client_.outgoing += bytes;
    }
  }
}

void GatewayConnection::write_to(Side& side) {
  if (side.outgoing.empty()) return;
  const ssize_t count = ::send(side.socket.get(), side.outgoing.data(), side.outgoing.size(), MSG_NOSIGNAL);
  if (count >= 0) {
    side.outgoing.erase(0, static_cast<std::size_t>(count));
  } else if (errno != EAGAIN && errno != EINTR) {
    side.outgoing.clear();
    side.told_the_end = side.broken = true;
  }
}

void GatewayConnection::pass_on_ends() {
  for (const auto& [from, to] : {std::pair{&client_, &target_}, std::pair{&target_, &client_}}) {
    if (!from->ended || to->told_the_end || !to->outgoing.empty()) continue;
    ::shutdown(to->socket.get(), SHUT_WR);
    to->told_the_end = true;
  }
  if (client_.ended && target_.ended && client_.told_the_end && target_.told_the_end) close();
}

void GatewayConnection::break_other(const Side& side) {
  Side& other = &side == &client_ ? target_ : client_;
  if (&other == &client_ && !other.told_the_end) {
    // Somewhere in what waits, or else in the middle of one record or frame more.
    if (!layers_.empty()) {
      const std::size_t index = std::uniform_int_distribution<std::size_t>(0, layers_.size() - 1)(random_);
      const std::string broken = layers_[index]->broken_record();
      if (index == 0) {
        client_.outgoing += broken;
      } else {
        layers_[index - 1]->send(broken);
        collect();
      }
    }
    if (!client_.outgoing.empty()) {
      client_.outgoing.resize(
          std::uniform_int_distribution<std::size_t>(0, client_.outgoing.size())(random_));
    }
  }
  if (!other.told_the_end) write_to(other);
  reset(client_.socket);
  reset(target_.socket);
}

void GatewayConnection::close() {
  client_.socket.close();
  target_.socket.close();
}

}  // namespace holdfast::support
