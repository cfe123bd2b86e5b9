// What lies between a client and the bytes of MQTT.
#pragma once

#include <cstdint>
#include <string>

namespace holdfast::support {

enum class Transport : std::uint8_t {
  tcp,
  tls,
  mutual_tls,  ///< Clients have to show a certificate.
  psk,         ///< Clients have to know a key.
  websocket,
  secure_websocket,
  unix_socket,
};

/// What HOLDFAST_TEST_TRANSPORT in the environment asks for, by its scheme's short name: tls, ws, wss, unix
/// or tcp, which is the default. Everything that server_at() names is then behind a Gateway.
[[nodiscard]] Transport transport_under_test();

/// The URL of a server on this machine that listens at a port. Throws std::invalid_argument for a Unix
/// socket.
[[nodiscard]] std::string url_of(Transport transport, std::uint16_t port);

}  // namespace holdfast::support
