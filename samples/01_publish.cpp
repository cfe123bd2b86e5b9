// 01: publish a few readings and see what became of each.
//
// Run:    01_publish [mqtt://host:port]           (default mqtt://localhost)
// Prints: one line a reading, "delivered" once the broker has acknowledged it.
// Page:   docs/samples.md
#include <cstdio>
#include <string>
#include <vector>

#include <holdfast/client.hpp>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  try {
    holdfast::Client client({.server = argc > 1 ? argv[1] : "mqtt://localhost", .client_id = "pump-17"});
    client.connect();

    // publish() returns once the message is queued. The Delivery tells how it ended; nobody has to look at
    // it.
    std::vector<holdfast::Delivery> deliveries;
    for (const char* temperature : {"21.5", "21.7", "22.0"}) {
      deliveries.push_back(
          client.publish("plant/17/temperature", temperature, {.qos = holdfast::QoS::at_least_once}));
    }
    for (const auto& delivery : deliveries) {
      if (!delivery.wait_for(5s)) {
        std::puts("not acknowledged yet");
      } else if (const auto result = delivery.result()) {
        std::puts(result.reason_code == holdfast::ReasonCode::no_matching_subscribers
                      ? "delivered, nobody subscribed"
                      : "delivered");
      } else {
        std::printf("failed: %s\n", result.error.message().c_str());
      }
    }
    client.disconnect();
  } catch (const holdfast::Error& error) {
    std::fprintf(stderr, "01_publish: %s\n", error.what());
    return 1;
  }
}
