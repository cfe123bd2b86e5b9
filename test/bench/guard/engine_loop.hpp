// An engine with outbox and broker, driven as the network thread drives it, but without socket, clock and
// thread: so each run does the same.
#pragma once

#include <vector>

#include <holdfast/options.hpp>

#include "bench/guard/broker_end.hpp"
#include "bench/guard/meter.hpp"
#include "session/engine.hpp"
#include "session/outbound_message.hpp"
#include "session/outbox.hpp"

namespace holdfast::guard {

class EngineLoop {
 public:
  /// `options` must outlive it.
  EngineLoop(const Options& options, Meter& meter);

  /// Connects, and does what a session that is present then asks for.
  void connect(bool session_present = false);
  void lose();
  /// What the application published.
  void accept(std::vector<session::OutboundMessagePtr>& messages);
  /// Lets the engine read what is there, and write.
  void turn();

  session::Engine engine;
  session::Outbox outbox;
  BrokerEnd broker;

 private:
  void write();

  Meter& meter_;
};

}  // namespace holdfast::guard
