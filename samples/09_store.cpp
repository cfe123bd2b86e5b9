// 09: readings that are safe before the broker has them: a session and an outbox in a file.
//
// Run:    09_store [mqtt://host:port [FILE]]     (default mqtt://localhost, readings.store); then type lines,
//         Ctrl-D ends it. With no input at all it delivers what earlier runs have left.
// Prints: "stored" for each line: from then on neither kill -9 nor a power failure takes it away.
// Page:   docs/samples/09_store.md
#include <cstdio>
#include <iostream>
#include <string>

#include <holdfast/client.hpp>

#include "trace_file.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  try {
    holdfast::Client client({.server = argc > 1 ? argv[1] : "mqtt://localhost",
                             .client_id = "store-sample",
                             .session_expiry = 24h,  // The store keeps our side of it, the broker its own.
                             .store = holdfast::sqlite_store(argc > 2 ? argv[2] : "readings.store"),
                             .publish_returns = holdfast::PublishReturns::stored,
                             .retry_first_connect = true,  // The broker may come later.
                             .trace = trace_file()});
    try {
      client.connect(0ms);
    } catch (const holdfast::Error&) {
      // It goes on trying behind us; publishing does not wait for it.
    }
    for (std::string line; std::getline(std::cin, line);) {
      client.publish("plant/17/reading", line, {.qos = holdfast::QoS::at_least_once});
      std::printf("stored: %s\n", line.c_str());
      std::fflush(stdout);
    }
    std::puts(client.disconnect({.drain = 5s}) ? "all delivered" : "the next run delivers the rest");
  } catch (const holdfast::Error& error) {
    std::fprintf(stderr, "09_store: %s\n", error.what());
    return 1;
  }
}
