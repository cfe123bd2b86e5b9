// What the goals promise of a whole client, against a sink in another process: at most one allocation for
// each message published or received and none for its acknowledgements, and at most 200 bytes for each
// message that waits, beyond its payload and topic. Fails where that does not hold.
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

#include <holdfast/client.hpp>

#include "bench/child.hpp"
#include "bench/guard/allocations.hpp"
#include "bench/guard/workload.hpp"
#include "bench/sink.hpp"
#include "support/loopback.hpp"

namespace {

using namespace holdfast;
using namespace std::chrono_literals;

constexpr std::uint32_t messages = 100'000;
constexpr double promised_bytes = 200;
// One for each message. What dozens share (the next piece of a queue) is none for each.
constexpr double promised_allocations = 1.1;

int failures = 0;

void check(const std::string& what, double value, double promised) {
  std::cout << what << ": " << value << (value > promised ? ": MORE than " + std::to_string(promised) : "")
            << '\n';
  if (value > promised) ++failures;
}

Options options_for(std::uint16_t port) {
  Options options;
  options.server = "mqtt://127.0.0.1:" + std::to_string(port);
  options.client_id = "holdfast";
  options.outbox_messages_max = messages;
  return options;
}

void publish(Client& client, QoS qos) {
  static const std::string payload = guard::payload();
  for (std::uint32_t i = 0; i < messages; ++i)
    (void)client.publish(guard::topic, payload, {.qos = qos});
  if (!client.flush(60s) || client.statistics().failed != 0)
    throw std::runtime_error("not everything was acknowledged in a minute");
}

void receive(Client& client, QoS qos) {
  // Tells the sink what to send.
  const std::string filter = "flood/" + std::to_string(static_cast<int>(qos)) + "/" +
                             std::to_string(messages) + "/" + std::to_string(guard::payload_size);
  client.subscribe(filter, QoS::exactly_once);
  for (std::uint32_t i = 0; i < messages; ++i) {
    if (!client.receive(10s)) throw std::runtime_error("message " + std::to_string(i) + " did not come");
  }
}

template <class Work>
void check_allocations(const std::string& what, std::uint16_t port, Work&& work) {
  for (const QoS qos : {QoS::at_most_once, QoS::at_least_once, QoS::exactly_once}) {
    Client client(options_for(port));
    client.connect();
    work(client, qos);  // Buffers have their size then.
    const std::uint64_t before = guard::allocations();
    work(client, qos);
    check(what + " QoS " + std::to_string(static_cast<int>(qos)) + ", allocations a message",
          static_cast<double>(guard::allocations() - before) / messages, promised_allocations);
    client.disconnect();
  }
}

// Nobody answers there, so all waits.
void check_memory(std::uint16_t port) {
  Options options = options_for(port);
  options.retry_first_connect = true;
  Client client(options);
  try {
    client.connect(10ms);
    throw std::runtime_error("a broker that does not exist accepted the connection");
  } catch (const Error& error) {
    if (error.code() != Errc::timed_out) throw;
  }
  static const std::string payload = guard::payload();
  const std::uint64_t before = guard::bytes_in_use();
  for (std::uint32_t i = 0; i < messages; ++i)
    (void)client.publish(guard::topic, payload, {.qos = QoS::at_least_once});
  const double contents = static_cast<double>(payload.size() + std::string(guard::topic).size());
  check("bytes for each waiting message beyond payload and topic",
        static_cast<double>(guard::bytes_in_use() - before) / messages - contents, promised_bytes);
}

}  // namespace

int main() {
  try {
    const std::uint16_t port = support::free_port();
    const auto listener = support::listen_on(port);
    {
      const bench::Server sink([&] { bench::run_sink(listener); });
      check_allocations("publish", port, publish);
      check_allocations("receive", port, receive);
    }
    check_memory(port);
  } catch (const std::exception& error) {
    std::cerr << "client_limits: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
