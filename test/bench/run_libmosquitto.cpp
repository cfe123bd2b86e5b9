// libmosquitto as its manual says it is used: MQTT 5, the library's own thread (mosquitto_loop_start),
// publishing from the application's.
#include <mosquitto.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "bench/work.hpp"

namespace holdfast::bench {

namespace {

/// Counts what the library's thread has done, and keeps the application from running ahead of it.
class Progress {
 public:
  /// Waits until fewer than a window are unfinished. Woken when an eighth of the window is free, as Holdfast
  /// does it inside: a wake-up a message would be the library's loss.
  void begin_one() {
    std::unique_lock lock(mutex_);
    waiting_ = true;
    changed_.wait(lock, [&] { return begun_ - finished_ < window; });
    waiting_ = false;
    ++begun_;
  }
  void finish_one() {
    const std::lock_guard lock(mutex_);
    ++finished_;
    if (finished_ == awaited_ || (waiting_ && begun_ - finished_ <= window - window / 8))
      changed_.notify_all();
  }
  void wait_for(std::uint32_t count) {
    std::unique_lock lock(mutex_);
    awaited_ = count;
    if (!changed_.wait_for(lock, std::chrono::minutes(2), [&] { return finished_ >= count; }))
      throw std::runtime_error("libmosquitto: only " + std::to_string(finished_) + " messages");
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint32_t begun_ = 0;
  std::uint32_t finished_ = 0;
  std::uint32_t awaited_ = 0;
  bool waiting_ = false;
};

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
  Progress connected;
  Progress messages;
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
