// 04: a last will: the broker says that this program is gone, when it cannot say so itself.
//
// Run:    04_will [mqtt://host:port]      (default mqtt://localhost); Ctrl-D ends it well, kill does not
// Prints: "alive", and "goodbye" if it could say that. Watch plant/17/alive meanwhile.
// Page:   docs/samples/04_will.md
#include <cstdio>

#include <holdfast/client.hpp>

#include "trace_file.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  // Retained: who asks later is told, too.
  const holdfast::PublishOptions last_value{.qos = holdfast::QoS::at_least_once, .retain = true};
  try {
    holdfast::Client client({.server = argc > 1 ? argv[1] : "mqtt://localhost",
                             .client_id = "will-sample",
                             .will = holdfast::Will{.topic = "plant/17/alive",
                                                    .payload = "no",
                                                    .qos = holdfast::QoS::at_least_once,
                                                    .retain = true},
                             .keep_alive = 2s,  // A silence of three, half as long again, and we are dead.
                             .trace = trace_file()});
    client.connect();
    client.publish("plant/17/alive", "yes", last_value).wait();
    std::puts("alive");
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    client.publish("plant/17/alive", "stopped", last_value).wait_for(5s);
    client.disconnect();  // The broker forgets the will.
    std::puts("goodbye");
  } catch (const holdfast::Error& error) {
    std::fprintf(stderr, "04_will: %s\n", error.what());
    return 1;
  }
}
