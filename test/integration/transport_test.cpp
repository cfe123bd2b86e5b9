// The main job in both directions over every transport, while the network cuts in the middle of records and
// frames.
#include <cstdio>
#include <cstdlib>
#include <random>

#include "client_under_test.hpp"
#include "main_job.hpp"
#include "support/gateway.hpp"
#include "support/relay.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

/// HOLDFAST_SEED in the environment repeats a run's cuts.
std::uint32_t seed() {
  const char* asked = std::getenv("HOLDFAST_SEED");
  return asked != nullptr ? static_cast<std::uint32_t>(std::strtoul(asked, nullptr, 10))
                          : std::random_device{}();
}

/// client - relay - gateway - broker; a Unix socket has no port for a relay, which then stands behind its
/// gateway.
class Line {
 public:
  explicit Line(Transport transport)
      : transport_(transport),
        relay_(transport == Transport::unix_socket ? broker_.port() : behind_gateway(broker_.port())) {
    if (transport == Transport::unix_socket) behind_gateway(relay_.port());
  }

  [[nodiscard]] Options options(const std::string& client_id) const {
    Options options =
        quick(transport_ == Transport::unix_socket ? gateway_->server() : url_of(transport_, relay_.port()),
              client_id);
    options.poison_after = 0;  // Cut so often, any message comes under suspicion.
    return options;
  }
  [[nodiscard]] Relay& relay() noexcept { return relay_; }
  [[nodiscard]] ScriptedBroker& broker() noexcept { return broker_; }

 private:
  std::uint16_t behind_gateway(std::uint16_t port) {
    gateway_ = std::make_unique<Gateway>(transport_, port);
    return gateway_->port();
  }

  Transport transport_;
  ScriptedBroker broker_;
  std::unique_ptr<Gateway> gateway_;
  Relay relay_;
};

struct Row {
  const char* name;
  Transport transport;
};

Row any_transport() {
  return GENERATE(values<Row>({{"TCP", Transport::tcp},
                               {"TLS", Transport::tls},
                               {"WebSocket", Transport::websocket},
                               {"WebSocket over TLS", Transport::secure_websocket},
                               {"Unix socket", Transport::unix_socket}}));
}

}  // namespace

TEST_CASE("the main job over every transport, cut at random bytes again and again",
          "[integration][transport]") {
  const Row row = any_transport();
  const std::uint32_t used_seed = seed();
  CAPTURE(row.name, used_seed);
  std::mt19937 random(used_seed);
  Line line(row.transport);
  MainJob job(line.options("publisher"), line.options("subscriber"));
  job.stop_publishing_at(2'000);
  std::size_t cuts = 0;
  while (!job.done() && cuts < 200) {
    const std::size_t before = line.relay().connections();
    const auto bytes =
        std::uniform_int_distribution<std::size_t>(1, random() % 4 == 0 ? 300 : 10'000)(random);
    const auto direction = random() % 2 == 0 ? Direction::to_broker : Direction::to_client;
    line.relay().cut_after(bytes, direction, random() % 2 == 0 ? Ending::close : Ending::reset);
    REQUIRE(eventually([&] { return job.done() || line.relay().connections() > before; }));
    if (line.relay().connections() > before) ++cuts;
  }
  line.relay().heal();
  // The broker's own order first: it tells a publisher that overtakes itself from a subscriber that does.
  for (const char* topic : {"job/1", "job/2"}) {
    std::vector<std::string> accepted;
    for (const AcceptedMessage& message : line.broker().accepted()) {
      if (message.topic == topic) accepted.push_back(message.payload.substr(0, message.payload.find(' ')));
    }
    CHECK(difference(first_arrivals(accepted), numbers(0, first_arrivals(accepted).size())) == "");
  }
  job.check(
      std::string(row.name) + ", cut " + std::to_string(cuts) + " times, seed " + std::to_string(used_seed),
      60s);
  CHECK(cuts >= 10);
  CHECK(line.broker().violations() == nothing);
}

TEST_CASE("the main job over every transport, a byte at a time, late and unevenly",
          "[integration][transport]") {
  const Row row = any_transport();
  CAPTURE(row.name);
  Line line(row.transport);
  line.relay().trickle();
  line.relay().delay(2ms, 10ms);
  MainJob job(line.options("publisher"), line.options("subscriber"));
  job.stop_publishing_at(100);
  job.check(std::string(row.name) + ", a byte at a time", 60s);
  CHECK(line.broker().violations() == nothing);
  CHECK(line.broker().connections() == 2);
}
