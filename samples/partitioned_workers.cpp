// partitioned_workers: a load spread over workers by a part of the topic: with any broker, and each machine's
// order is kept.
//
// Run:    partitioned_workers work INDEX WORKERS [mqtt://host:port]      (INDEX from 0 to WORKERS - 1)
//         partitioned_workers publish COUNT [mqtt://host:port]           (default mqtt://localhost)
// Prints: a worker: each job as it is done. It runs until it is killed.
// Page:   docs/samples.md
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <holdfast/client.hpp>

using namespace std::chrono_literals;

namespace {

// More than there will ever be workers: their number may change, this one may not without the publishers.
constexpr unsigned partitions = 16;

// The same in every process and on every machine, which std::hash does not promise: FNV-1a.
unsigned partition_of(const std::string& machine) {
  std::uint32_t hash = 2166136261;
  for (const char c : machine)
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  return hash % partitions;
}

bool publish(const std::string& server, unsigned long count) {
  holdfast::Client client({.server = server});
  client.connect();
  for (unsigned long job = 0; job < count; ++job) {
    const std::string machine = "machine-" + std::to_string(job % 20);
    client.publish("jobs/" + std::to_string(partition_of(machine)) + "/" + machine, std::to_string(job),
                   {.qos = holdfast::QoS::at_least_once});
  }
  const bool all = client.flush(60s);
  std::printf("%s\n", all ? "all published" : "not all acknowledged yet");
  client.disconnect();
  return all;
}

void work(const std::string& server, unsigned index, unsigned workers) {
  holdfast::Client client({.server = server,
                           .client_id = "worker-" + std::to_string(index) + "-of-" + std::to_string(workers),
                           .session_expiry = 1h,  // The jobs of a worker that died wait for its next start.
                           .start = holdfast::Start::resume,
                           .ack = holdfast::Ack::manual});
  client.connect();
  std::vector<holdfast::TopicFilter> mine;
  for (unsigned partition = index; partition < partitions; partition += workers) {
    mine.push_back({"jobs/" + std::to_string(partition) + "/#", {.qos = holdfast::QoS::at_least_once}});
  }
  for (const holdfast::ReasonCode code : client.subscribe(mine))
    if (is_error(code)) throw std::runtime_error("refused: " + std::string(to_string(code)));
  std::puts("subscribed");
  std::fflush(stdout);
  for (auto& job : client.messages()) {
    std::printf("%s: %s\n", std::string(job.topic()).c_str(), std::string(job.payload()).c_str());
    std::fflush(stdout);
    job.ack();  // Done: only now may the broker forget it.
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string role = argc > 2 ? argv[1] : "";
  const auto number = [&](int place) { return argc > place ? std::strtoul(argv[place], nullptr, 10) : 0; };
  const auto server = [&](int place) { return std::string(argc > place ? argv[place] : "mqtt://localhost"); };
  try {
    if (role == "publish") {
      return publish(server(3), number(2)) ? 0 : 1;
    }
    if (role == "work" && number(2) < number(3) && number(3) <= partitions) {
      work(server(4), static_cast<unsigned>(number(2)), static_cast<unsigned>(number(3)));
    } else {
      std::fprintf(stderr, "partitioned_workers: work INDEX WORKERS, or publish COUNT; at most %u workers\n",
                   partitions);
      return 1;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "partitioned_workers: %s\n", error.what());
    return 1;
  }
}
