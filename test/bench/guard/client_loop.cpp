#include "bench/guard/client_loop.hpp"

#include <span>
#include <utility>

#include "bench/guard/workload.hpp"

namespace holdfast::guard {

ClientLoop::ClientLoop(const Options& options, Meter& meter)
    : core_(options), network(core_.shared().options, meter), payload_(payload()) {}

Delivery ClientLoop::publish(QoS qos) {
  auto delivery = core_.accept(topic, std::as_bytes(std::span(payload_)), {.qos = qos},
                               {core_.shared().options.publish_timeout});
  return std::move(*delivery);
}

std::optional<Message> ClientLoop::receive() {
  return core_.shared().inbox->receive({});  // At once.
}

// In the order of NetworkThread::turn().
void ClientLoop::turn() {
  client::Shared& shared = core_.shared();
  shared.queue.take_all(messages_, commands_);
  network.accept(messages_);
  for (const session::InboundToken token : acknowledged_)
    network.engine.acknowledge(token);
  acknowledged_.clear();
  network.turn();
  auto& finished = network.engine.finished();
  shared.completions->publish(finished);
  shared.queue.release(finished);
  finished.clear();
  shared.inbox->exchange(network.engine.received(), acknowledged_, false);
}

}  // namespace holdfast::guard
