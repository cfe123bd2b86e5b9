// two_subscriptions: two subscriptions with a queue each: alarms are not kept waiting by readings that nobody
// has taken yet.
//
// Run:    two_subscriptions [mqtt://host:port]        (default mqtt://localhost)
// Prints: the alarms as they come, and after the third what became of the readings.
// Page:   docs/samples.md
#include <cstdio>
#include <string>

#include <holdfast/client.hpp>

int main(int argc, char** argv) {
  try {
    holdfast::Client client({.server = argc > 1 ? argv[1] : "mqtt://localhost"});
    client.connect();
    // Of readings only the newest ten are worth keeping; an alarm is worth acknowledging.
    auto readings = client.subscribe("plant/+/temperature", holdfast::QoS::at_most_once,
                                     holdfast::SubscriptionQueue{.messages_max = 10});
    auto alarms =
        client.subscribe("plant/+/alarm", holdfast::QoS::at_least_once, holdfast::SubscriptionQueue{});
    std::puts("subscribed");
    std::fflush(stdout);
    int left = 3;
    for (auto& alarm : alarms.messages()) {
      std::printf("%s: %s\n", std::string(alarm.topic()).c_str(), std::string(alarm.payload()).c_str());
      std::fflush(stdout);
      if (--left == 0) break;
    }
    std::printf("%zu readings wait, %llu gave way\n", readings.size(),
                static_cast<unsigned long long>(readings.dropped()));
    client.disconnect();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "two_subscriptions: %s\n", error.what());
    return 1;
  }
}
