// Holdfast as an application uses it that wants to know how its messages ended: a Delivery for each, kept as
// long as the message can be unfinished.
#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include <holdfast/client.hpp>

#include "bench/peer.hpp"
#include "bench/watched.hpp"

namespace holdfast::bench {

namespace {

using namespace std::chrono_literals;

Options options_for(const Job& job) {
  Options options;
  options.server =
      (job.ca_file.empty() ? "mqtt://127.0.0.1:" : "mqtts://127.0.0.1:") + std::to_string(job.port);
  options.client_id = "holdfast";
  options.session_expiry = 1h;
  options.outbox_messages_max = job.outstanding;
  options.outbox_bytes_max = std::size_t{1} << 40;
  options.connect_properties.receive_maximum = window;
  options.tls.ca_file = job.ca_file;
  options.tls.session_resumption = job.resume;
  options.reconnect.min_delay = 10ms;
  options.reconnect.max_delay = 100ms;
  return options;
}

class HoldfastPeer : public Peer {
 public:
  explicit HoldfastPeer(const Job& job) : job_(job), client_(options_for(job)) {}

  void connect() override { client_.connect(); }
  void disconnect() override {
    client_.disconnect();
    const Statistics statistics = client_.statistics();
    if (job_.resume && statistics.connects > 1 && statistics.tls_handshakes > 1)
      throw std::runtime_error("Holdfast: a TLS session was not resumed");
  }
  void await_connection() override {
    while (client_.statistics().connects < 2) {
      if (!client_.next_event(60s)) throw std::runtime_error("Holdfast: not connected again in a minute");
    }
  }

  void publish(std::uint32_t messages) override {
    std::vector<Delivery> deliveries(window);
    for (std::uint32_t i = 0; i < messages; ++i)
      deliveries[i % window] = publish_one();
    accepted_ += messages;
  }
  void finish() override {
    if (!client_.flush(5min)) throw std::runtime_error("Holdfast: not everything ended in five minutes");
    const Statistics statistics = client_.statistics();
    if (statistics.failed != 0 || (job_.qos > 0 && statistics.acknowledged != accepted_))
      throw std::runtime_error("Holdfast: messages failed");
  }
  void round_trip() override {
    publish_one().wait();
    ++accepted_;
  }
  void publish_at(std::span<TimePoint> due, std::span<TimePoint> ended) override {
    publish_and_watch(
        due, ended, [this] { return publish_one(); }, [](const Delivery& delivery) { delivery.wait(); });
    accepted_ += static_cast<std::uint32_t>(due.size());
  }
  void subscribe(const std::string& filter) override { client_.subscribe(filter, QoS::exactly_once); }
  void receive(std::uint32_t messages) override {
    for (std::uint32_t i = 0; i < messages; ++i) {
      const auto message = client_.receive(1min);
      if (!message || message->payload().size() != job_.payload_size)
        throw std::runtime_error("Holdfast: message " + std::to_string(i) + " did not come");
    }
  }

 private:
  Delivery publish_one() { return client_.publish(topic, payload_, options_); }

  const Job job_;
  const std::string payload_ = std::string(job_.payload_size, 'x');
  const PublishOptions options_{.qos = static_cast<QoS>(job_.qos)};
  Client client_;
  std::atomic<std::uint32_t> accepted_ = 0;
};

}  // namespace

std::string peer_version() {
  return HOLDFAST_VERSION;
}

std::unique_ptr<Peer> make_peer(const Job& job) {
  return std::make_unique<HoldfastPeer>(job);
}

}  // namespace holdfast::bench
