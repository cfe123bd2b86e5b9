#include "support/gateway.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "support/gateway_connection.hpp"
#include "support/gateway_layer.hpp"

namespace holdfast::support {
namespace {

Descriptor listen_on_path(const std::string& path) {
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("path too long for a socket: " + path);
  std::copy(path.begin(), path.end(), address.sun_path);
  if (!listener || ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), 100) != 0) {
    throw std::system_error(errno, std::generic_category(), path);
  }
  return listener;
}

std::vector<std::unique_ptr<GatewayLayer>> layers_of(Transport transport) {
  std::vector<std::unique_ptr<GatewayLayer>> layers;
  if (transport == Transport::tls || transport == Transport::secure_websocket) {
    layers.push_back(tls_gateway_layer());
  }
  if (transport == Transport::websocket || transport == Transport::secure_websocket) {
    layers.push_back(websocket_gateway_layer());
  }
  return layers;
}

}  // namespace

Gateway::Gateway(Transport transport, std::uint16_t target_port)
    : transport_(transport), target_port_(target_port), listener_(open_listener()) {
  if (transport == Transport::mutual_tls || transport == Transport::psk) {
    throw std::invalid_argument("a gateway knows its clients by nothing");
  }
  static_cast<void>(layers_of(transport));  // What cannot be made is the caller's to know, not the thread's.
  thread_ = std::thread([this] { run(); });
}

Gateway::~Gateway() {
  stopping_ = true;
  wake_up_.signal();
  thread_.join();
}

std::string Gateway::server() const {
  return transport_ == Transport::unix_socket ? "unix://" + socket_path().string()
                                              : url_of(transport_, port_);
}

Descriptor Gateway::open_listener() {
  if (transport_ == Transport::unix_socket) return listen_on_path(socket_path().string());
  port_ = free_port();
  return listen_on(port_, 16 * 1024);
}

void Gateway::run() {
  while (!stopping_)
    poll_once();
  connections_.clear();
}

void Gateway::poll_once() {
  std::vector<pollfd> polled{{wake_up_.descriptor(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
  for (const auto& connection : connections_) {
    polled.push_back(connection->client_interest());
    polled.push_back(connection->target_interest());
  }
  ::poll(polled.data(), polled.size(), -1);
  for (std::size_t index = 0; index < connections_.size(); ++index)
    connections_[index]->act(polled[2 + 2 * index].revents, polled[3 + 2 * index].revents);
  std::erase_if(connections_, [](const auto& connection) { return !connection->is_open(); });
  if ((polled[1].revents & POLLIN) != 0) accept_all();
}

void Gateway::accept_all() {
  while (true) {
    Descriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client) return;
    if (transport_ != Transport::unix_socket) {
      const int on = 1;
      ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    connections_.push_back(
        std::make_unique<GatewayConnection>(std::move(client), target_port_, layers_of(transport_)));
  }
}

}  // namespace holdfast::support
