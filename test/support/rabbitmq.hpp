// A real RabbitMQ with its MQTT plugin, on ports and in a directory of its own. Debian 12 has 3.10, which
// speaks MQTT 3.1.1 and nothing newer; from 4.0 on (Debian 13) it speaks MQTT 5.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/erlang.hpp"
#include "support/temporary_directory.hpp"

namespace holdfast::support {

/// One thread at a time. Its programs are ended with the object.
class RabbitMq {
 public:
  /// Starts it and waits until it accepts connections; everybody is let in. Throws std::runtime_error with
  /// its log if it does not, or if the package is missing.
  RabbitMq();
  /// A second node, which makes a cluster of it and `first`; that one has to outlive it.
  explicit RabbitMq(RabbitMq& first);

  /// Whether Debian's package is there.
  [[nodiscard]] static bool installed();
  /// As in "3.10.8"; empty without the package.
  [[nodiscard]] static std::string version();
  [[nodiscard]] static bool speaks_mqtt_5();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string server() const;
  [[nodiscard]] std::string websocket_server() const;
  [[nodiscard]] std::string log() const;

  /// SIGKILL, once its sessions and subscriptions are on disk: it acknowledges a SUBSCRIBE before it writes
  /// it down.
  void kill_hard();
  /// Starts it again on the same ports, and waits until it accepts connections.
  void restart();

 private:
  RabbitMq(std::shared_ptr<ErlangPortMapper> port_mapper, std::string node);
  void write_configuration() const;
  [[nodiscard]] std::vector<std::string> node_environment() const;
  void control(const std::vector<std::string>& arguments) const;
  void start();

  TemporaryDirectory directory_;
  std::shared_ptr<ErlangPortMapper> port_mapper_;
  std::string node_;
  std::uint16_t port_;
  std::uint16_t websocket_port_;
  std::uint16_t amqp_port_;
  std::uint16_t distribution_port_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace holdfast::support
