#include "support/transport.hpp"

#include <array>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "support/gateway.hpp"
#include "support/loopback.hpp"

namespace holdfast::support {
namespace {

/// The gateway before a port; made at the first call, and there until the process ends, since clients hold
/// its URL.
const Gateway& gateway_before(std::uint16_t port, Transport transport) {
  // Made before the gateways, so that it is there until they are gone.
  static const std::string authority = gateway_ca_pem();
  static std::mutex mutex;
  static std::map<std::uint16_t, std::unique_ptr<Gateway>> gateways;
  const std::lock_guard lock(mutex);
  std::unique_ptr<Gateway>& gateway = gateways[port];
  if (gateway == nullptr) gateway = std::make_unique<Gateway>(transport, port);
  return *gateway;
}

}  // namespace

Transport transport_under_test() {
  const char* asked = std::getenv("HOLDFAST_TEST_TRANSPORT");
  const std::string_view name = asked == nullptr ? "tcp" : asked;
  static constexpr std::array<std::pair<std::string_view, Transport>, 5> names{
      {{"tcp", Transport::tcp},
       {"tls", Transport::tls},
       {"ws", Transport::websocket},
       {"wss", Transport::secure_websocket},
       {"unix", Transport::unix_socket}}};
  for (const auto& [known, transport] : names) {
    if (known == name) return transport;
  }
  throw std::invalid_argument("HOLDFAST_TEST_TRANSPORT is \"" + std::string(name) +
                              "\"; it has to be tcp, tls, ws, wss or unix");
}

std::string url_of(Transport transport, std::uint16_t port) {
  const std::string number = std::to_string(port);
  switch (transport) {
    case Transport::tcp:
      return "mqtt://127.0.0.1:" + number;
    case Transport::tls:
    case Transport::mutual_tls:
    case Transport::psk:
      return "mqtts://localhost:" + number;
    case Transport::websocket:
      return "ws://127.0.0.1:" + number + "/mqtt";
    case Transport::secure_websocket:
      return "wss://localhost:" + number + "/mqtt";
    case Transport::unix_socket:
      break;
  }
  throw std::invalid_argument("a Unix socket has no port");
}

std::string server_at(std::uint16_t port) {
  const Transport transport = transport_under_test();
  return transport == Transport::tcp ? url_of(transport, port) : gateway_before(port, transport).server();
}

}  // namespace holdfast::support
