// 07: a load spread over workers by a shared subscription: the broker deals each message out to one of them.
//
// Run:    07_shared_workers NAME [mqtt://host:port]       (default mqtt://localhost; each worker with a name)
// Prints: each job as it is done. It runs until it is killed.
// Page:   docs/samples/07_shared_workers.md
#include <cstdio>
#include <stdexcept>
#include <string>

#include <holdfast/client.hpp>

#include "trace_file.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "07_shared_workers: needs a name for this worker\n");
    return 1;
  }
  try {
    holdfast::Client client({.server = argc > 2 ? argv[2] : "mqtt://localhost",
                             .client_id = "worker-" + std::string(argv[1]),
                             // What was dealt to a worker that dies waits for the next one of its name, if
                             // the session outlives the worker. Without, mosquitto drops what it had in hand.
                             .session_expiry = 1h,
                             .start = holdfast::Start::resume,
                             .ack = holdfast::Ack::manual,
                             .trace = trace_file()});
    client.connect();
    // All in the group "workers" share what comes. With a broker that cannot do that, subscribe() throws.
    const auto granted = client.subscribe("$share/workers/jobs/#", holdfast::QoS::at_least_once);
    if (is_error(granted)) throw std::runtime_error("refused: " + std::string(to_string(granted)));
    std::puts("subscribed");
    std::fflush(stdout);
    for (auto& job : client.messages()) {
      std::printf("%s: %s\n", std::string(job.topic()).c_str(), std::string(job.payload()).c_str());
      std::fflush(stdout);
      job.ack();  // Done: only now may the broker forget it.
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "07_shared_workers: %s\n", error.what());
    return 1;
  }
}
