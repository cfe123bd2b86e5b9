#include "bench/paho_peer.hpp"

#include <algorithm>
#include <stdexcept>

namespace holdfast::bench {

namespace {

// More it does not hold.
constexpr std::uint32_t buffered_max = 65'535;

void check(int result, const char* what) {
  if (result != MQTTASYNC_SUCCESS)
    throw std::runtime_error(std::string("Paho C: ") + what + ": " + MQTTAsync_strerror(result));
}

void finish_one(void* progress, MQTTAsync_successData5*) {
  static_cast<Progress*>(progress)->finish_one();
}

class Properties {
 public:
  Properties() = default;
  ~Properties() { MQTTProperties_free(&properties_); }
  Properties(const Properties&) = delete;
  Properties& operator=(const Properties&) = delete;
  void add(MQTTPropertyCodes identifier, unsigned value) {
    MQTTProperty property{};
    property.identifier = identifier;
    if (identifier == MQTTPROPERTY_CODE_RECEIVE_MAXIMUM) {
      property.value.integer2 = static_cast<unsigned short>(value);
    } else {
      property.value.integer4 = value;
    }
    MQTTProperties_add(&properties_, &property);
  }
  MQTTProperties* get() { return &properties_; }

 private:
  MQTTProperties properties_ = MQTTProperties_initializer;
};

}  // namespace

PahoPeer::PahoPeer(const Job& job, const std::string& directory) : CallbackPeer(job, "Paho C") {
  const std::string scheme = job.ca_file.empty() ? "tcp" : "ssl";
  const std::string server = scheme + "://127.0.0.1:" + std::to_string(job.port);
  MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
  options.maxBufferedMessages = static_cast<int>(std::min(job.outstanding, buffered_max));
  options.sendWhileDisconnected = 1;
  options.allowDisconnectedSendAtAnyTime = 1;
  std::string files = directory;  // The interface takes any kind of context, and none is const.
  check(MQTTAsync_createWithOptions(
            &client_, server.c_str(), "paho",
            directory.empty() ? MQTTCLIENT_PERSISTENCE_NONE : MQTTCLIENT_PERSISTENCE_DEFAULT,
            directory.empty() ? nullptr : files.data(), &options),
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

PahoPeer::~PahoPeer() {
  MQTTAsync_destroy(&client_);
}

void PahoPeer::connect() {
  ++connects_;
  Properties properties;
  properties.add(MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, window);
  if (job_.keeps_session()) properties.add(MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, 3'600);
  MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer5;
  options.cleanstart = job_.keeps_session() ? 0 : 1;
  options.maxInflight = window;
  options.automaticReconnect = 1;
  options.minRetryInterval = 1;
  options.maxRetryInterval = 1;
  options.connectProperties = properties.get();
  MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
  tls.trustStore = job_.ca_file.c_str();
  tls.verify = 1;
  if (!job_.ca_file.empty()) options.ssl = &tls;
  check(MQTTAsync_connect(client_, &options), "connect");
  connected_.wait_for(connects_);
}

void PahoPeer::disconnect() {
  Progress disconnected("Paho C");
  MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer5;
  options.onSuccess5 = finish_one;
  options.context = &disconnected;
  check(MQTTAsync_disconnect(client_, &options), "disconnect");
  disconnected.wait_for(1);
}

void PahoPeer::subscribe(const std::string& filter) {
  Progress subscribed("Paho C");
  MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
  options.onSuccess5 = finish_one;
  options.context = &subscribed;
  check(MQTTAsync_subscribe(client_, filter.c_str(), 2, &options), "subscribe");
  subscribed.wait_for(1);
}

void PahoPeer::send_one() {
  MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
  options.onSuccess5 = finish_one;
  options.context = &published_;
  check(MQTTAsync_send(client_, topic, static_cast<int>(payload_.size()), payload_.data(), job_.qos, 0,
                       &options),
        "send");
}

}  // namespace holdfast::bench
