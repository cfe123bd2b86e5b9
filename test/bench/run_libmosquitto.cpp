// libmosquitto as its manual says it is used: MQTT 5, the library's own thread (mosquitto_loop_start),
// publishing from the application's.
#include <mosquitto.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "bench/progress.hpp"
#include "bench/work.hpp"

namespace holdfast::bench {

namespace {

void check(int result, const char* what) {
  if (result != MOSQ_ERR_SUCCESS)
    throw std::runtime_error(std::string("libmosquitto: ") + what + ": " + mosquitto_strerror(result));
}

Sample publish(mosquitto* client, Progress& progress, const Work& work) {
  const std::string payload(payload_size, 'x');
  const Stopwatch stopwatch;
  for (std::uint32_t i = 0; i < work.messages; ++i) {
    progress.begin_one();
    check(mosquitto_publish_v5(client, nullptr, topic, static_cast<int>(payload.size()), payload.data(),
                               work.qos, false, nullptr),
          "publish");
  }
  progress.wait_for(work.messages);
  return stopwatch.stop();
}

Sample receive(mosquitto* client, Progress& progress, const Work& work) {
  const Stopwatch stopwatch;
  check(mosquitto_subscribe_v5(client, nullptr, flood_filter(work).c_str(), 2, 0, nullptr), "subscribe");
  progress.wait_for(work.messages);
  return stopwatch.stop();
}

struct Observed {
  Progress connected{"libmosquitto"};
  Progress messages{"libmosquitto"};
};

void set_callbacks(mosquitto* client) {
  mosquitto_connect_v5_callback_set(client, [](mosquitto*, void* user, int, int, const mosquitto_property*) {
    static_cast<Observed*>(user)->connected.finish_one();
  });
  mosquitto_publish_v5_callback_set(client, [](mosquitto*, void* user, int, int, const mosquitto_property*) {
    static_cast<Observed*>(user)->messages.finish_one();
  });
  mosquitto_message_v5_callback_set(
      client, [](mosquitto*, void* user, const mosquitto_message*, const mosquitto_property*) {
        static_cast<Observed*>(user)->messages.finish_one();
      });
}

}  // namespace

Sample run_libmosquitto(const Work& work) {
  mosquitto_lib_init();
  Observed observed;
  const std::unique_ptr<mosquitto, void (*)(mosquitto*)> owner(mosquitto_new("mosquitto", true, &observed),
                                                               mosquitto_destroy);
  mosquitto* const client = owner.get();
  mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
  mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM, window);
  mosquitto_int_option(client, MOSQ_OPT_RECEIVE_MAXIMUM, window);
  set_callbacks(client);
  check(mosquitto_connect(client, "127.0.0.1", work.port, 60), "connect");
  check(mosquitto_loop_start(client), "loop_start");
  observed.connected.wait_for(1);
  const Sample sample = work.direction == Direction::publish ? publish(client, observed.messages, work)
                                                             : receive(client, observed.messages, work);
  mosquitto_disconnect(client);
  mosquitto_loop_stop(client, false);
  return sample;
}

}  // namespace holdfast::bench
