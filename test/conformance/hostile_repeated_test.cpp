// A broker that repeats its poison on every connection: it does not make the client spin or flood it with
// connections, and takes nothing from the outbox.
#include <thread>

#include "integration/client_under_test.hpp"
#include "integration/forked_process.hpp"
#include "support/cpu_time.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds measured{2'000};
constexpr std::size_t messages = 20;

struct Measurement {
  double cpu_share = 0;
  std::size_t delivered = 0;  // Set in the last report alone.
};

/// The client, in a process of its own: publishes, is poisoned for a while, and waits until the broker
/// behaves.
void be_poisoned(int from_test, int reports) {
  std::uint16_t port = 0;
  if (::read(from_test, &port, sizeof port) != sizeof port) throw std::runtime_error("no port");
  Options options = quick(server_at(port));
  options.retry_first_connect = true;
  options.reconnect.min_delay = 20ms;
  options.reconnect.max_delay = 200ms;
  Client client(options);
  const auto deliveries = publish_all(client, numbers(0, messages), QoS::exactly_once);
  const double before = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  try {
    client.connect(measured);
  } catch (const Error&) {
    // It goes on trying.
  }
  std::this_thread::sleep_until(begin + measured);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  report_to(reports, Measurement{(cpu_seconds() - before) / wall.count(), 0});
  report_to(reports, Measurement{0, succeeded(deliveries)});
}

Behaviour poisonous(const std::string& poison, PacketType at) {
  Behaviour behaviour;
  behaviour.on_packet = [=](BrokerConnection& connection, const Packet& packet) {
    if (packet.type != at) return Verdict::proceed;
    if (at == PacketType::connect && poison.front() == '\x20') {
      connection.send(poison);
      return Verdict::ignore;
    }
    connection.send(at == PacketType::connect ? connack(false) + poison : poison);
    return Verdict::ignore;
  };
  return behaviour;
}

struct Row {
  const char* what;
  std::string poison;
  PacketType at;
};

}  // namespace

TEST_CASE("poison on every connection costs neither CPU nor messages, and connections keep to the back-off",
          "[conformance][hostile][U-4.13.1-1]") {
  const Row row = GENERATE(
      values<Row>({{"in CONNACK", std::string("\x20\x03\x02\x00\x00", 5), PacketType::connect},
                   {"a refusal for a while", connack(false, ReasonCode::server_busy), PacketType::connect},
                   {"behind CONNACK", std::string("\x00\x00", 2), PacketType::connect},
                   {"a protocol error behind CONNACK", std::string("\xC0\x00", 2), PacketType::connect},
                   {"in a delivery", std::string("\x30\xFF\xFF\xFF\xFF\x01", 6), PacketType::publish},
                   {"half a packet and no more", std::string("\x30\xFF\xFF\x7F\x00", 5), PacketType::publish},
                   {"a wrong acknowledgement", std::string("\x40\x02\x00\x00", 4), PacketType::publish}}));
  CAPTURE(row.what);
  Pipe to_client;
  ForkedProcess<Measurement> process([&](int reports) { be_poisoned(to_client.reading.get(), reports); });
  ScriptedBroker broker(poisonous(row.poison, row.at));
  const std::uint16_t port = broker.port();
  report_to(to_client.writing.get(), port);
  const auto poisoned = process.next();
  REQUIRE(poisoned);
  CAPTURE(poisoned->cpu_share, broker.connections());
  // A client that spins takes all of one; a sanitizer makes each connection ten times as dear.
  CHECK(poisoned->cpu_share < 0.2);
  // Delays of 0 to 20, 40, 80, 160, 200, 200 ... ms: forty of them take four seconds on average.
  CHECK(broker.connections() <= 40);
  CHECK(broker.connections() >= 1);
  broker.behave({});
  broker.reset_connection();
  const auto delivered = process.next();
  REQUIRE(delivered);
  CHECK(delivered->delivered == messages);
  CHECK(process.wait());
  CHECK(payloads_of(broker.accepted()) == numbers(0, messages));
}
