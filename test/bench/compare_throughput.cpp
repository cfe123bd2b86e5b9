// How many messages a second, and what CPU each takes: by QoS, payload, threads, over TLS, and through a real
// broker.
#include <filesystem>
#include <optional>

#include "bench/comparison.hpp"
#include "support/child_process.hpp"

namespace holdfast::bench {

namespace {

Contest against_sink(const Comparison& comparison, const char* measurement, int qos, int size) {
  return {measurement,
          {{"server", "sink"}, {"qos", qos}, {"size", size}},
          comparison.all(),
          {"port=" + std::to_string(comparison.sink_port())}};
}

}  // namespace

void compare_throughput(Comparison& comparison) {
  for (const char* measurement : {"publish", "receive"}) {
    for (const int qos : {0, 1, 2})
      comparison.measure_speed(against_sink(comparison, measurement, qos, 64));
  }
  Contest threads = against_sink(comparison, "publish", 1, 64);
  threads.scenario["threads"] = 8;
  comparison.measure_speed(threads);
}

void compare_sizes(Comparison& comparison) {
  for (const char* measurement : {"publish", "receive"}) {
    for (const int size : {16, 256, 4'096, 65'536})
      comparison.measure_speed(against_sink(comparison, measurement, 1, size));
    for (const int size : {4'096, 65'536})
      comparison.measure_speed(against_sink(comparison, measurement, 0, size));
  }
}

void compare_broker(Comparison& comparison) {
  support::Mosquitto* const mosquitto = comparison.mosquitto();
  if (mosquitto == nullptr) return;
  const std::string port = "port=" + std::to_string(mosquitto->port());
  for (const int qos : {0, 1, 2}) {
    Contest contest{
        "publish", {{"server", "mosquitto"}, {"qos", qos}, {"size", 64}}, comparison.all(), {port}};
    comparison.measure_speed(contest);
    contest.measurement = "receive";
    contest.arguments.emplace_back("publisher=1");
    std::optional<support::ChildProcess> publisher;
    comparison.measure_speed(contest, [&](const std::string&, std::uint32_t messages) {
      publisher.emplace(
          std::vector<std::string>{path_of_peer("sockets"), "publish", port, "qos=" + std::to_string(qos),
                                   "messages=" + std::to_string(messages)},
          std::filesystem::path(comparison.file("publisher.log")));
    });
  }
}

}  // namespace holdfast::bench
