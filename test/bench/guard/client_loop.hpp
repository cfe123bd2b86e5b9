// All of a client but socket, clock and network thread: the application's calls, and what the network thread
// does with them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/delivery.hpp>
#include <holdfast/message.hpp>
#include <holdfast/options.hpp>

#include "bench/guard/engine_loop.hpp"
#include "client/core.hpp"

namespace holdfast::guard {

class ClientLoop {
 public:
  ClientLoop(const Options& options, Meter& meter);

  // As an application calls them.
  [[nodiscard]] Delivery publish(QoS qos);
  [[nodiscard]] std::optional<Message> receive();
  /// Messages that wait for receive().
  [[nodiscard]] std::size_t waiting() { return core_.shared().inbox->size(); }

  /// One turn of the network thread.
  void turn();

 private:
  client::Core core_;

 public:
  EngineLoop network;

 private:
  const std::string payload_;
  // The network thread's, kept for their memory.
  std::vector<session::OutboundMessagePtr> messages_;
  std::vector<client::Command> commands_;
  std::vector<session::InboundToken> acknowledged_;
};

}  // namespace holdfast::guard
