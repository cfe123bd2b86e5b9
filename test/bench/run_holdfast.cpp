#include <stdexcept>
#include <string>
#include <vector>

#include <holdfast/client.hpp>

#include "bench/work.hpp"

namespace holdfast::bench {

namespace {

using namespace std::chrono_literals;

Sample publish(Client& client, const Work& work) {
  const std::string payload(payload_size, 'x');
  const PublishOptions options{.qos = static_cast<QoS>(work.qos)};
  // As an application would that wants to know how its messages ended: a Delivery for each, kept as long as
  // the message can be unfinished.
  std::vector<Delivery> deliveries(window);
  const Stopwatch stopwatch;
  for (std::uint32_t i = 0; i < work.messages; ++i)
    deliveries[i % window] = client.publish(topic, payload, options);
  if (!client.flush(60s)) throw std::runtime_error("Holdfast: not everything was acknowledged in a minute");
  const Sample sample = stopwatch.stop();
  const Statistics statistics = client.statistics();
  if (statistics.failed != 0 || (work.qos > 0 && statistics.acknowledged != work.messages))
    throw std::runtime_error("Holdfast: messages failed");
  return sample;
}

Sample receive(Client& client, const Work& work) {
  const Stopwatch stopwatch;
  client.subscribe(flood_filter(work), QoS::exactly_once);
  for (std::uint32_t i = 0; i < work.messages; ++i) {
    const auto message = client.receive(10s);
    if (!message || message->payload().size() != payload_size)
      throw std::runtime_error("Holdfast: message " + std::to_string(i) + " did not come");
  }
  return stopwatch.stop();
}

}  // namespace

Sample run_holdfast(const Work& work) {
  Options options;
  options.server = "mqtt://127.0.0.1:" + std::to_string(work.port);
  options.client_id = "holdfast";
  options.outbox_messages_max = window;
  options.connect_properties.receive_maximum = window;
  Client client(options);
  client.connect();
  const Sample sample = work.direction == Direction::publish ? publish(client, work) : receive(client, work);
  client.disconnect();
  return sample;
}

}  // namespace holdfast::bench
