// 03: the same message at each quality of service: what the sender learns of it, and what arrives.
//
// Run:    03_qos [mqtt://host:port]      (default mqtt://localhost); then type lines, Ctrl-D ends it
// Prints: for each line what became of it at QoS 0, 1 and 2, and then which of the three came.
// Page:   docs/samples/03_qos.md
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include <holdfast/client.hpp>

#include "trace_file.hpp"

using namespace std::chrono_literals;
using holdfast::QoS;

namespace {

std::string topic_of(QoS qos) {
  return "sample/qos/" + std::to_string(static_cast<int>(qos));
}

void report(const holdfast::DeliveryResult& result) {
  const char* known = result.qos == QoS::at_most_once ? "written" : "acknowledged";
  std::printf("QoS %d: %s%s\n", static_cast<int>(result.qos), result ? known : result.error.message().c_str(),
              result.repeated ? ", sent again" : "");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    holdfast::Client client({.server = argc > 1 ? argv[1] : "mqtt://localhost",
                             .client_id = "qos-sample",
                             .session_expiry = 60s,  // Without a session QoS 2 is no better than 1.
                             .trace = trace_file()});
    client.connect();
    client.subscribe("sample/qos/+", QoS::exactly_once);
    std::puts("type a line");
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
      std::vector<holdfast::Delivery> deliveries;
      for (const QoS qos : {QoS::at_most_once, QoS::at_least_once, QoS::exactly_once})
        deliveries.push_back(client.publish(topic_of(qos), line, {.qos = qos}));
      for (const auto& delivery : deliveries)
        report(delivery.wait());  // As long as it takes: a broker that is away comes back.
      while (auto message = client.receive(1s)) {
        std::printf("  came at QoS %d: %s\n", static_cast<int>(message->qos()),
                    std::string(message->payload()).c_str());
      }
      std::fflush(stdout);
    }
    client.disconnect({.session_expiry_interval = 0s});
  } catch (const holdfast::Error& error) {
    std::fprintf(stderr, "03_qos: %s\n", error.what());
    return 1;
  }
}
