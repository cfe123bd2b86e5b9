// libmosquitto as its manual says it is used: MQTT 5, the library's own thread (mosquitto_loop_start),
// publishing from the application's.
#include <mosquitto.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "bench/callback_peer.hpp"

namespace holdfast::bench {

namespace {

void check(int result, const char* what) {
  if (result != MOSQ_ERR_SUCCESS)
    throw std::runtime_error(std::string("libmosquitto: ") + what + ": " + mosquitto_strerror(result));
}

class LibmosquittoPeer : public CallbackPeer {
 public:
  explicit LibmosquittoPeer(const Job& job) : CallbackPeer(job, "libmosquitto") {
    mosquitto_lib_init();
    client_.reset(mosquitto_new("mosquitto", true, this));
    mosquitto_int_option(client_.get(), MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    mosquitto_int_option(client_.get(), MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_int_option(client_.get(), MOSQ_OPT_SEND_MAXIMUM, window);
    mosquitto_int_option(client_.get(), MOSQ_OPT_RECEIVE_MAXIMUM, window);
    mosquitto_reconnect_delay_set(client_.get(), 1, 1, false);
    if (!job.ca_file.empty()) {
      check(mosquitto_tls_set(client_.get(), job.ca_file.c_str(), nullptr, nullptr, nullptr, nullptr),
            "tls_set");
    }
    set_callbacks();
  }

  void connect() override {
    ++connects_;
    check(mosquitto_connect(client_.get(), "127.0.0.1", job_.port, 60), "connect");
    check(mosquitto_loop_start(client_.get()), "loop_start");
    connected_.wait_for(connects_);
  }
  void disconnect() override {
    mosquitto_disconnect(client_.get());
    mosquitto_loop_stop(client_.get(), false);
  }
  void subscribe(const std::string& filter) override {
    check(mosquitto_subscribe_v5(client_.get(), nullptr, filter.c_str(), 2, 0, nullptr), "subscribe");
    subscribed_.wait_for(++subscribes_);
  }

 private:
  void send_one() override {
    const int result = mosquitto_publish_v5(client_.get(), nullptr, topic, static_cast<int>(payload_.size()),
                                            payload_.data(), job_.qos, false, nullptr);
    // Without a connection the message waits all the same.
    if (result != MOSQ_ERR_NO_CONN && result != MOSQ_ERR_CONN_LOST) check(result, "publish");
  }

  static LibmosquittoPeer& from(void* user) { return *static_cast<LibmosquittoPeer*>(user); }

  void set_callbacks() {
    mosquitto_connect_v5_callback_set(client_.get(),
                                      [](mosquitto*, void* user, int, int, const mosquitto_property*) {
                                        from(user).connected_.finish_one();
                                      });
    mosquitto_publish_v5_callback_set(client_.get(),
                                      [](mosquitto*, void* user, int, int, const mosquitto_property*) {
                                        from(user).published_.finish_one();
                                      });
    mosquitto_subscribe_v5_callback_set(
        client_.get(), [](mosquitto*, void* user, int, int, const int*, const mosquitto_property*) {
          from(user).subscribed_.finish_one();
        });
    mosquitto_message_v5_callback_set(
        client_.get(), [](mosquitto*, void* user, const mosquitto_message*, const mosquitto_property*) {
          from(user).received_.finish_one();
        });
  }

  Progress subscribed_{"libmosquitto"};
  std::uint32_t connects_ = 0;
  std::uint32_t subscribes_ = 0;
  std::unique_ptr<mosquitto, void (*)(mosquitto*)> client_{nullptr, mosquitto_destroy};
};

}  // namespace

std::string peer_version() {
  int major = 0;
  int minor = 0;
  int revision = 0;
  mosquitto_lib_version(&major, &minor, &revision);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(revision);
}

std::unique_ptr<Peer> make_peer(const Job& job) {
  return std::make_unique<LibmosquittoPeer>(job);
}

}  // namespace holdfast::bench
