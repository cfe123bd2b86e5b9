// Paho C as its manual says it is used for speed: the asynchronous API with MQTT 5, its own threads,
// publishing from the application's.
#include <MQTTAsync.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "bench/callback_peer.hpp"

namespace holdfast::bench {

namespace {

void check(int result, const char* what) {
  if (result != MQTTASYNC_SUCCESS)
    throw std::runtime_error(std::string("Paho C: ") + what + ": " + MQTTAsync_strerror(result));
}

void finish_one(void* progress, MQTTAsync_successData5*) {
  static_cast<Progress*>(progress)->finish_one();
}

class PahoPeer : public CallbackPeer {
 public:
  explicit PahoPeer(const Job& job) : CallbackPeer(job, "Paho C") {
    const std::string server = "tcp://127.0.0.1:" + std::to_string(job.port);
    MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
    options.maxBufferedMessages = static_cast<int>(job.outstanding);
    options.sendWhileDisconnected = 1;
    options.allowDisconnectedSendAtAnyTime = 1;
    check(MQTTAsync_createWithOptions(&client_, server.c_str(), "paho", MQTTCLIENT_PERSISTENCE_NONE, nullptr,
                                      &options),
          "create");
    const auto take = [](void* user, char* name, int, MQTTAsync_message* message) {
      static_cast<PahoPeer*>(user)->received_.finish_one();
      MQTTAsync_freeMessage(&message);
      MQTTAsync_free(name);
      return 1;
    };
    check(MQTTAsync_setCallbacks(client_, this, nullptr, take, nullptr), "setCallbacks");
    // Unlike onSuccess of the options, it is called after each connection.
    const auto connected = [](void* user, char*) { static_cast<PahoPeer*>(user)->connected_.finish_one(); };
    check(MQTTAsync_setConnected(client_, this, connected), "setConnected");
  }
  ~PahoPeer() override { MQTTAsync_destroy(&client_); }
  PahoPeer(const PahoPeer&) = delete;
  PahoPeer& operator=(const PahoPeer&) = delete;

  void connect() override {
    ++connects_;
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTProperty receive_maximum{};
    receive_maximum.identifier = MQTTPROPERTY_CODE_RECEIVE_MAXIMUM;
    receive_maximum.value.integer2 = window;
    MQTTProperties_add(&properties, &receive_maximum);
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer5;
    options.cleanstart = 1;
    options.maxInflight = window;
    options.automaticReconnect = 1;
    options.minRetryInterval = 1;
    options.maxRetryInterval = 1;
    options.connectProperties = &properties;
    check(MQTTAsync_connect(client_, &options), "connect");
    connected_.wait_for(connects_);
    MQTTProperties_free(&properties);
  }
  void disconnect() override {
    Progress disconnected("Paho C");
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer5;
    options.onSuccess5 = finish_one;
    options.context = &disconnected;
    check(MQTTAsync_disconnect(client_, &options), "disconnect");
    disconnected.wait_for(1);
  }
  void subscribe(const std::string& filter) override {
    Progress subscribed("Paho C");
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.onSuccess5 = finish_one;
    options.context = &subscribed;
    check(MQTTAsync_subscribe(client_, filter.c_str(), 2, &options), "subscribe");
    subscribed.wait_for(1);
  }

 private:
  void send_one() override {
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.onSuccess5 = finish_one;
    options.context = &published_;
    check(MQTTAsync_send(client_, topic, static_cast<int>(payload_.size()), payload_.data(), job_.qos, 0,
                         &options),
          "send");
  }

  std::uint32_t connects_ = 0;
  MQTTAsync client_ = nullptr;
};

}  // namespace

std::string peer_version() {
  for (const MQTTAsync_nameValue* info = MQTTAsync_getVersionInfo(); info->name != nullptr; ++info) {
    if (std::string(info->name) == "Version") return info->value;
  }
  return "?";
}

std::unique_ptr<Peer> make_peer(const Job& job) {
  return std::make_unique<PahoPeer>(job);
}

}  // namespace holdfast::bench
