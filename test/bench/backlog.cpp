// A million messages published while the broker is away, and sent by the next process: how fast each goes,
// and the most memory that each process takes.
//
//     backlog [--check]
//
// --check fails if a message is missing or a process takes more memory than we promise.
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <stdexcept>
#include <string>

#include <holdfast/client.hpp>

#include "bench/child.hpp"
#include "bench/durable_work.hpp"
#include "bench/settings.hpp"
#include "bench/sink.hpp"
#include "support/loopback.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::bench;
using namespace std::chrono_literals;

constexpr std::uint32_t messages = 1'000'000;
// What the process may take at most, in MiB.
constexpr double promised_memory = 64;

Options options_for(const std::filesystem::path& file, std::uint16_t port) {
  Options options;
  options.server = "mqtt://127.0.0.1:" + std::to_string(port);
  options.client_id = "holdfast";
  options.session_expiry = 1h;
  options.outbox_messages_max = messages;
  options.outbox_bytes_max = std::size_t{1} << 40;
  options.store = sqlite_store(file);
  return options;
}

double most_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

Sample accept_all(const std::filesystem::path& file, std::uint16_t port) {
  const std::string payload(durable_payload_size, 'x');
  const Stopwatch stopwatch;
  Client client(options_for(file, port));
  Delivery last;
  for (std::uint32_t i = 0; i < messages; ++i)
    last = client.publish(topic, payload, {.qos = QoS::at_least_once});
  if (!last.wait_stored(60s)) throw std::runtime_error("not everything was stored in a minute");
  Sample sample = stopwatch.stop();
  sample.memory = most_memory();
  return sample;
}

Sample send_all(const std::filesystem::path& file, std::uint16_t port) {
  const Stopwatch stopwatch;
  Client client(options_for(file, port));
  client.connect();
  if (!client.flush(5min)) throw std::runtime_error("not everything was acknowledged in five minutes");
  Sample sample = stopwatch.stop();
  if (client.statistics().acknowledged != messages) throw std::runtime_error("messages are missing");
  client.disconnect();
  sample.memory = most_memory();
  return sample;
}

void print(const char* what, const Sample& sample) {
  std::cout << std::left << std::setw(34) << what << std::right << std::fixed << std::setprecision(0)
            << std::setw(10) << messages / sample.seconds << "/s" << std::setw(8) << sample.memory
            << " MiB\n";
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Settings settings = parse({argv + 1, argv + argc}, 0);
    const support::TemporaryDirectory directory(disk);
    const auto file = directory.path() / "store.db";
    const std::uint16_t port = support::free_port();
    const auto listener = support::listen_on(port);
    const Server sink([&] { run_sink(listener); });
    std::cout << messages << " messages of " << durable_payload_size << " bytes, QoS 1, `full`\n";
    const Sample accepted = measure_in_child([&] { return accept_all(file, port); });
    print("published, the broker away", accepted);
    const Sample sent = measure_in_child([&] { return send_all(file, port); });
    print("sent by the next process", sent);
    if (settings.check && (accepted.memory >= promised_memory || sent.memory >= promised_memory))
      throw std::runtime_error("a backlog takes more memory than promised");
  } catch (const std::exception& error) {
    std::cerr << "backlog: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
