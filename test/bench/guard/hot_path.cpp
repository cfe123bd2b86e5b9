// What a message costs on its way through the library: instructions, allocations, memory. Nothing here
// depends on time, threads or sockets, so each run counts the same. guard.sh runs it under callgrind and
// compares with what is recorded; alone it prints the allocations.
#include <array>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/client.hpp>

#include "bench/guard/allocations.hpp"
#include "bench/guard/client_loop.hpp"
#include "bench/guard/engine_loop.hpp"
#include "bench/guard/meter.hpp"
#include "bench/guard/workload.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::guard;

constexpr std::array levels{QoS::at_most_once, QoS::at_least_once, QoS::exactly_once};

Options options_for_all() {
  Options options;
  options.client_id = "holdfast";
  options.session_expiry = std::chrono::hours(1);
  return options;
}

std::string name(const char* what, QoS qos) {
  return what + std::to_string(static_cast<int>(qos));
}

/// Counts what `one_turn()` does with `batch` messages.
template <class Turn>
void measure(Meter& meter, const std::string& figure, Turn&& one_turn) {
  for (std::size_t turn = 0; turn < first_turns; ++turn)
    one_turn();
  meter.start();
  for (std::size_t turn = 0; turn < turns; ++turn)
    one_turn();
  meter.stop();
  meter.report(figure.c_str(), turns * batch);
}

session::OutboundMessagePtr make_message(QoS qos) {
  static const std::string bytes = payload();
  return session::OutboundMessage::make(
      {.topic = topic, .payload = std::as_bytes(std::span(bytes)), .qos = qos});
}

// Engine and wire alone: the messages are there, and go as they have ended.
void engine_publishes(QoS qos) {
  Meter meter;
  const Options options = options_for_all();
  EngineLoop loop(options, meter);
  loop.connect();
  measure(meter, name("engine_publish_qos", qos), [&] {
    std::vector<session::OutboundMessagePtr> messages;
    {
      const Meter::Pause pause(meter);
      for (std::size_t i = 0; i < batch; ++i)
        messages.push_back(make_message(qos));
    }
    loop.accept(messages);
    loop.turn();
    const Meter::Pause pause(meter);
    loop.engine.finished().clear();
    messages = {};
  });
}

void engine_receives(QoS qos) {
  Meter meter;
  const Options options = options_for_all();
  EngineLoop loop(options, meter);
  loop.connect();
  measure(meter, name("engine_receive_qos", qos), [&] {
    {
      const Meter::Pause pause(meter);
      for (std::size_t i = 0; i < batch; ++i)
        loop.broker.publish(qos);
    }
    loop.turn();
    auto& received = loop.engine.received();
    if (received.size() != batch) throw std::runtime_error("not every message was received");
    if (qos != QoS::at_most_once) {
      for (const auto& message : received)
        loop.engine.acknowledge(message->token());
    }
    received.clear();
  });
}

// From publish() to a Delivery that is done.
void client_publishes(QoS qos) {
  Meter meter;
  ClientLoop loop(options_for_all(), meter);
  loop.network.connect();
  std::vector<Delivery> deliveries(batch);
  measure(meter, name("client_publish_qos", qos), [&] {
    for (Delivery& delivery : deliveries)
      delivery = loop.publish(qos);
    loop.turn();
  });
  for (int turn = 0; turn < 3; ++turn)  // As many as a QoS 2 exchange takes.
    loop.turn();
  for (const Delivery& delivery : deliveries) {
    if (!delivery.done() || !delivery.result()) throw std::runtime_error("not every message was delivered");
  }
}

// From the bytes to receive(), which acknowledges.
void client_receives(QoS qos) {
  Meter meter;
  ClientLoop loop(options_for_all(), meter);
  loop.network.connect();
  measure(meter, name("client_receive_qos", qos), [&] {
    {
      const Meter::Pause pause(meter);
      for (std::size_t i = 0; i < batch; ++i)
        loop.network.broker.publish(qos);
    }
    loop.turn();
    for (std::size_t i = 0; i < batch; ++i) {
      if (!loop.receive()) throw std::runtime_error("not every message was received");
    }
  });
}

// Again and again the same unfinished messages, as a resumed session sends them.
void engine_replays(QoS qos) {
  Meter meter;
  const Options options = options_for_all();
  EngineLoop loop(options, meter);
  loop.connect();
  // At QoS 2 it is the PUBREL that is sent again.
  for (std::size_t i = 0; i < batch; ++i)
    loop.outbox.push_back(make_message(qos));
  loop.broker.acknowledge(qos == QoS::exactly_once);
  loop.turn();
  loop.broker.acknowledge(false);
  loop.turn();
  measure(meter, name("engine_replay_qos", qos), [&] {
    loop.lose();
    loop.connect(true);
  });
  if (loop.engine.in_flight() != batch) throw std::runtime_error("not every message was sent again");
}

void report_bytes(const char* figure, std::uint64_t before, std::size_t messages) {
  const std::uint64_t contents = messages * (std::char_traits<char>::length(topic) + payload_size);
  std::cout << figure << ' ' << messages << " bytes " << bytes_in_use() - before - contents << '\n';
}

// What a message takes beyond its payload and topic while the broker is away, and while it is in flight.
void pending_messages() {
  constexpr std::size_t many = 60'000;
  Meter meter;
  ClientLoop loop(options_for_all(), meter);
  const std::uint64_t before = bytes_in_use();
  for (std::size_t i = 0; i < many; ++i) {
    (void)loop.publish(QoS::at_least_once);
    if (i % batch == 0) loop.turn();
  }
  loop.turn();
  report_bytes("pending_waiting", before, many);
  loop.network.broker.acknowledge(false);
  loop.network.connect();
  while (!loop.network.outbox.empty())
    loop.turn();
  report_bytes("pending_in_flight", before, many);
}

// The same while it waits for receive().
void received_messages() {
  constexpr std::size_t many = 60'160;  // Whole turns.
  Meter meter;
  ClientLoop loop(options_for_all(), meter);
  loop.network.connect();
  const std::uint64_t before = bytes_in_use();
  for (std::size_t i = 1; i <= many; ++i) {
    loop.network.broker.publish(QoS::at_most_once);
    if (i % batch == 0) loop.turn();
  }
  report_bytes("received_waiting", before, many);
  if (loop.waiting() != many) throw std::runtime_error("not every message waits to be received");
}

// Not measured. How much the compiler inlines depends on all that is linked: as in a program, that is the
// whole client, network and all.
void link_whole_client() {
  Client client({.server = "mqtt://localhost", .client_id = "guard"});
  static_cast<void>(client.publish(topic, ""));
}

void run_all() {
  link_whole_client();
  for (const QoS qos : levels) {
    engine_publishes(qos);
    engine_receives(qos);
    client_publishes(qos);
    client_receives(qos);
    if (qos != QoS::at_most_once) engine_replays(qos);
  }
  pending_messages();
  received_messages();
}

}  // namespace

int main() {
  try {
    run_all();
  } catch (const std::exception& error) {
    std::cerr << "hot_path: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
