// 01: publish a reading and see that it arrived. Five lines; the rest is what every program has.
//
// Run:    01_publish [mqtt://host:port]           (default mqtt://localhost)
// Prints: "delivered" once the broker has acknowledged the reading.
// Page:   docs/samples/01_publish.md
#include <cstdio>

#include <holdfast/client.hpp>

#include "trace_file.hpp"

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  const char* server = argc > 1 ? argv[1] : "mqtt://localhost";
  try {
    holdfast::Client client({.server = server, .client_id = "pump-17", .trace = trace_file()});
    client.connect();
    auto delivery = client.publish("plant/17/temperature", "21.5", {.qos = holdfast::QoS::at_least_once});
    std::puts(delivery.wait_for(5s) && delivery.result() ? "delivered" : "not delivered");
    client.disconnect();
  } catch (const holdfast::Error& error) {
    std::fprintf(stderr, "01_publish: %s\n", error.what());
    return 1;
  }
}
