#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <holdfast/client.hpp>

#include "bench/durable_work.hpp"

namespace holdfast::bench {

namespace {

using namespace std::chrono_literals;

const std::string payload(durable_payload_size, 'x');
constexpr PublishOptions at_least_once{.qos = QoS::at_least_once};

Options options_for(const DurableWork& work, std::shared_ptr<Store> store) {
  Options options;
  options.server = "mqtt://127.0.0.1:" + std::to_string(work.port);
  options.client_id = "holdfast";
  options.session_expiry = 1h;
  options.outbox_messages_max = window;
  options.store = std::move(store);
  return options;
}

/// Connects, measures `publish(client)`, and checks that all messages went through the store to the sink.
template <class Publish>
Sample measure(const DurableWork& work, const Options& options, const Publish& publish) {
  Client client(options);
  client.connect();
  const auto commits_before = client.statistics().commits;
  const Stopwatch stopwatch;
  publish(client);
  Sample sample = stopwatch.stop();
  sample.commits = static_cast<double>(client.statistics().commits - commits_before);
  if (!client.flush(60s)) throw std::runtime_error("Holdfast: not everything was acknowledged in a minute");
  const Statistics statistics = client.statistics();
  if (statistics.acknowledged != work.messages || statistics.stored != work.messages)
    throw std::runtime_error("Holdfast: messages failed");
  client.disconnect();
  return sample;
}

}  // namespace

Sample run_store(const DurableWork& work, std::shared_ptr<Store> store) {
  return measure(work, options_for(work, std::move(store)), [&](Client& client) {
    std::vector<Delivery> deliveries(window);
    for (std::uint32_t i = 0; i < work.messages; ++i)
      deliveries[i % window] = client.publish(topic, payload, at_least_once);
    if (!client.flush(60s)) throw std::runtime_error("Holdfast: not everything was acknowledged in a minute");
  });
}

Sample run_waiting_threads(const DurableWork& work, std::shared_ptr<Store> store, unsigned threads) {
  Options options = options_for(work, std::move(store));
  options.publish_returns = PublishReturns::stored;
  return measure(work, options, [&](Client& client) {
    std::vector<std::thread> publishers;
    for (unsigned thread = 0; thread < threads; ++thread) {
      publishers.emplace_back([&] {
        for (std::uint32_t i = 0; i < work.messages / threads; ++i)
          client.publish(topic, payload, at_least_once);
      });
    }
    for (std::thread& publisher : publishers)
      publisher.join();
  });
}

}  // namespace holdfast::bench
