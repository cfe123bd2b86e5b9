// Paho C++ as its samples use it: a token for each message, and the consumer's queue for what is received.
#include <mqtt/async_client.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/peer.hpp"
#include "bench/progress.hpp"
#include "bench/watched.hpp"

namespace holdfast::bench {

namespace {

class PahoCppPeer : public Peer {
 public:
  explicit PahoCppPeer(const Job& job)
      : job_(job),
        client_((job.ca_file.empty() ? "tcp" : "ssl") + ("://127.0.0.1:" + std::to_string(job.port)),
                "pahocpp", create_options(job), nullptr) {
    client_.set_connected_handler([this](const std::string&) { connected_.finish_one(); });
    client_.start_consuming();
  }

  void connect() override {
    mqtt::connect_options_builder options;
    options.mqtt_version(MQTTVERSION_5)
        .clean_start(!job_.keeps_session())
        .max_inflight(window)
        .properties(properties())
        .automatic_reconnect(std::chrono::seconds(1), std::chrono::seconds(1));
    if (!job_.ca_file.empty())
      options.ssl(mqtt::ssl_options_builder().trust_store(job_.ca_file).verify().finalize());
    client_.connect(options.finalize())->wait();
  }
  void disconnect() override { client_.disconnect()->wait(); }
  void await_connection() override { connected_.wait_for(2); }

  void publish(std::uint32_t messages) override {
    std::vector<mqtt::delivery_token_ptr> tokens(job_.outstanding / job_.threads);
    for (std::uint32_t i = 0; i < messages; ++i) {
      mqtt::delivery_token_ptr& token = tokens[i % tokens.size()];
      if (token) token->wait();
      token = publish_one();
    }
    const std::lock_guard lock(mutex_);
    for (mqtt::delivery_token_ptr& token : tokens)
      if (token) unfinished_.push_back(std::move(token));
  }
  void finish() override {
    for (const mqtt::delivery_token_ptr& token : unfinished_)
      token->wait();
    unfinished_.clear();
  }
  void round_trip() override { publish_one()->wait(); }
  void publish_at(std::span<TimePoint> due, std::span<TimePoint> ended) override {
    publish_and_watch(
        due, ended, [this] { return publish_one(); },
        [](const mqtt::delivery_token_ptr& token) { token->wait(); });
  }
  void subscribe(const std::string& filter) override { client_.subscribe(filter, 2)->wait(); }
  void receive(std::uint32_t messages) override {
    for (std::uint32_t i = 0; i < messages; ++i) {
      mqtt::const_message_ptr message;
      if (!client_.try_consume_message_for(&message, std::chrono::minutes(1)) || !message)
        throw std::runtime_error("Paho C++: message " + std::to_string(i) + " did not come");
    }
  }

 private:
  [[nodiscard]] mqtt::properties properties() const {
    mqtt::properties properties{{mqtt::property::RECEIVE_MAXIMUM, static_cast<int>(window)}};
    if (job_.keeps_session()) properties.add({mqtt::property::SESSION_EXPIRY_INTERVAL, 3'600});
    return properties;
  }
  static mqtt::create_options create_options(const Job& job) {
    constexpr std::uint32_t buffered_max = 65'535;  // More it does not hold.
    mqtt::create_options options(MQTTVERSION_5, static_cast<int>(std::min(job.outstanding, buffered_max)));
    options.set_send_while_disconnected(true, true);
    return options;
  }
  mqtt::delivery_token_ptr publish_one() {
    return client_.publish(topic, payload_.data(), payload_.size(), job_.qos, false);
  }

  const Job job_;
  const std::string payload_ = std::string(job_.payload_size, 'x');
  Progress connected_{"Paho C++"};
  mqtt::async_client client_;
  std::mutex mutex_;
  std::vector<mqtt::delivery_token_ptr> unfinished_;  // Guarded by mutex_ while there are several publishers.
};

}  // namespace

std::string peer_version() {
  const std::string text = mqtt::VERSION_STR;  // "Paho MQTT C++ (mqttpp) v. 1.2"
  return text.substr(text.rfind(' ') + 1);
}

std::unique_ptr<Peer> make_peer(const Job& job) {
  return std::make_unique<PahoCppPeer>(job);
}

}  // namespace holdfast::bench
