// A front before a TCP peer, which then speaks TLS, WebSocket, both, or a Unix socket, or TCP as before.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/descriptor.hpp"
#include "support/loopback.hpp"
#include "support/temporary_directory.hpp"
#include "support/transport.hpp"

namespace holdfast::support {

class GatewayConnection;

/// Passes every connection made to server() on to a port of 127.0.0.1, and passes on how it ends: in good
/// order with close_notify or a close frame, each direction for itself; a reset as a reset, in the middle of
/// a record or frame. It holds little, so that either side feels when the other reads no more.
class Gateway {
 public:
  /// Throws std::invalid_argument for mutual_tls and psk.
  Gateway(Transport transport, std::uint16_t target_port);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// Not of a Unix socket.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// As Options::server wants it.
  [[nodiscard]] std::string server() const;

 private:
  void run();
  void poll_once();
  void accept_all();
  [[nodiscard]] Descriptor open_listener();
  [[nodiscard]] std::filesystem::path socket_path() const { return directory_.path() / "gateway"; }

  const Transport transport_;
  const std::uint16_t target_port_;
  TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  Descriptor listener_;
  WakeUp wake_up_;
  std::atomic<bool> stopping_ = false;
  // The thread's.
  std::vector<std::unique_ptr<GatewayConnection>> connections_;

  std::thread thread_;
};

/// The authority of every gateway's certificate, for TlsSettings::ca_pem.
[[nodiscard]] std::string gateway_ca_pem();

}  // namespace holdfast::support
