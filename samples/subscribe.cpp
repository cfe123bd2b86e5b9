// subscribe: subscribe and take messages as they come.
//
// Run:    subscribe [mqtt://host:port [count]]     (default mqtt://localhost, 3 messages)
// Prints: topic and payload of each message, then stops. Publish some with 01_publish or holdfast_pub.
// Page:   docs/samples.md
#include <cstdio>
#include <cstdlib>
#include <string>

#include <holdfast/client.hpp>

int main(int argc, char** argv) {
  long wanted = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 3;
  if (wanted < 1) {
    std::fprintf(stderr, "subscribe: the count of messages must be a number from 1, not \"%s\"\n", argv[2]);
    return 1;
  }
  try {
    holdfast::Client client({.server = argc > 1 ? argv[1] : "mqtt://localhost"});
    client.connect();
    const auto granted = client.subscribe("plant/#", holdfast::QoS::exactly_once);
    if (holdfast::is_error(granted)) {
      std::fprintf(stderr, "subscribe: refused: %s\n", std::string(to_string(granted)).c_str());
      return 1;
    }
    std::puts("subscribed");
    std::fflush(stdout);

    // No callback: the loop is ours. A lost connection is made again behind it, with the subscription.
    for (auto& message : client.messages()) {
      std::printf("%s: %s\n", std::string(message.topic()).c_str(), std::string(message.payload()).c_str());
      std::fflush(stdout);
      if (--wanted == 0) break;
    }
    client.disconnect();
  } catch (const holdfast::Error& error) {
    std::fprintf(stderr, "subscribe: %s\n", error.what());
    return 1;
  }
}
