// Paho C as its manual says it is used for speed: the asynchronous API with MQTT 5, its own threads,
// publishing from the application's.
#include <MQTTAsync.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "bench/durable_work.hpp"
#include "bench/progress.hpp"
#include "support/temporary_directory.hpp"

namespace holdfast::bench {

namespace {

struct Destroy {
  void operator()(void* client) const { MQTTAsync_destroy(&client); }
};
using Handle = std::unique_ptr<void, Destroy>;

void check(int result, const char* what) {
  if (result != MQTTASYNC_SUCCESS)
    throw std::runtime_error(std::string("Paho C: ") + what + ": " + MQTTAsync_strerror(result));
}

void finish_one(void* progress, MQTTAsync_successData5*) {
  static_cast<Progress*>(progress)->finish_one();
}

Handle make_client(const DurableWork& work, const std::string& directory) {
  MQTTAsync client = nullptr;
  const std::string server = "tcp://127.0.0.1:" + std::to_string(work.port);
  MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
  options.maxBufferedMessages = window;
  std::string files = directory;  // The interface takes any kind of context, and none is const.
  check(MQTTAsync_createWithOptions(&client, server.c_str(), "paho", MQTTCLIENT_PERSISTENCE_DEFAULT,
                                    files.data(), &options),
        "create");
  Handle owner(client);
  const auto ignore_message = [](void*, char*, int, MQTTAsync_message*) { return 1; };
  check(MQTTAsync_setCallbacks(client, nullptr, nullptr, ignore_message, nullptr), "setCallbacks");
  return owner;
}

void connect(MQTTAsync client) {
  Progress connected("Paho C");
  MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer5;
  options.cleanstart = 1;
  options.maxInflight = window;
  options.onSuccess5 = finish_one;
  options.context = &connected;
  check(MQTTAsync_connect(client, &options), "connect");
  connected.wait_for(1);
}

void publish(MQTTAsync client, const DurableWork& work, std::uint32_t outstanding) {
  const std::string payload(durable_payload_size, 'x');
  Progress messages("Paho C", outstanding);
  for (std::uint32_t i = 0; i < work.messages; ++i) {
    messages.begin_one();
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.onSuccess5 = finish_one;
    options.context = &messages;
    check(MQTTAsync_send(client, topic, static_cast<int>(payload.size()), payload.data(), 1, 0, &options),
          "send");
  }
  messages.wait_for(work.messages);
}

void disconnect(MQTTAsync client) {
  Progress disconnected("Paho C");
  MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer5;
  options.onSuccess5 = finish_one;
  options.context = &disconnected;
  check(MQTTAsync_disconnect(client, &options), "disconnect");
  disconnected.wait_for(1);
}

}  // namespace

Sample run_paho(const DurableWork& work, std::uint32_t outstanding) {
  const support::TemporaryDirectory directory(disk);
  const Handle client = make_client(work, directory.path().string());
  connect(client.get());
  const Stopwatch stopwatch;
  publish(client.get(), work, outstanding);
  const Sample sample = stopwatch.stop();
  disconnect(client.get());
  return sample;
}

}  // namespace holdfast::bench
