#include "simulation/scenario.hpp"

#include <array>

namespace holdfast::simulation {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Off in half of the days, so that rare faults are also seen alone.
unsigned sometimes(Random& random, unsigned per_thousand_max) {
  return random.chance(500) ? 0 : static_cast<unsigned>(random.between(1, per_thousand_max));
}

template <class Value, std::size_t size>
Value one_of(Random& random, const std::array<Value, size>& values) {
  return values[random.below(size)];
}

Options draw_options(Random& random) {
  Options options;
  options.client_id = "client";
  options.session_expiry = one_of(
      random, std::array{seconds(0), seconds(3), seconds(60), seconds(3600), seconds(3600), never_expires});
  if (random.chance(250)) options.session_end = SessionEnd::by_clock;
  if (random.chance(300)) options.on_session_lost = OnSessionLost::fail;
  if (random.chance(100)) options.start = Start::clean;
  if (random.chance(500)) options.server_group = ServerGroup::cluster;
  if (random.chance(500)) options.ack = Ack::manual;
  if (random.chance(600)) {
    options.connect_properties.receive_maximum = one_of(random, std::array<std::uint16_t, 5>{1, 2, 3, 8, 40});
  }
  if (random.chance(300)) options.connect_properties.maximum_packet_size = 600;
  if (random.chance(400)) options.acknowledgement_timeout = milliseconds(random.between(2000, 20'000));
  options.poison_after = one_of(random, std::array{0U, 2U, 5U, 5U});
  if (random.chance(200)) options.outbox_rules.push_back({.filter = "outgoing/0", .keep_latest = true});
  if (random.chance(300)) options.outbox_rules.push_back({.filter = "outgoing/1", .priority = 5});
  if (random.chance(200)) {
    options.outbox_full = random.chance(500) ? OutboxFull::drop_oldest : OutboxFull::drop_newest;
    options.outbox_messages_max = random.between(1, 30);
  }
  options.keep_alive = seconds(random.between(3, 60));
  options.connack_timeout = milliseconds(random.between(500, 5000));
  options.write_timeout = milliseconds(random.between(1000, 20'000));
  return options;
}

BrokerWays draw_broker(Random& random) {
  BrokerWays ways;
  if (random.chance(800)) {
    ways.receive_maximum = one_of(random, std::array<std::uint16_t, 6>{1, 2, 3, 5, 10, 40});
    ways.receive_maximum_varies = random.chance(400);
  }
  if (random.chance(250)) ways.maximum_packet_size = static_cast<std::uint32_t>(random.between(60, 2600));
  ways.packet_size_varies = random.chance(500);
  ways.topic_alias_maximum = one_of(random, std::array<std::uint16_t, 4>{0, 1, 2, 5});
  ways.qos_varies = random.chance(80);
  if (random.chance(200))
    ways.session_expiry = one_of(random, std::array{seconds(0), seconds(5), seconds(600)});
  if (random.chance(300)) ways.patience = seconds(random.between(1, 100));
  ways.forgets_dup = random.chance(150);
  ways.ignores_packet_size = random.chance(200);
  return ways;
}

Weather draw_weather(Random& random) {
  Weather weather;
  weather.reset = sometimes(random, 40);
  weather.dark = sometimes(random, 15);
  weather.stall = sometimes(random, 20);
  weather.delay_max = one_of(random, std::array{milliseconds(1), milliseconds(20), milliseconds(300)});
  weather.chunk_max = one_of(random, std::array<std::size_t, 5>{1, 7, 60, 4096, 4096});
  weather.send_buffer = one_of(random, std::array<std::size_t, 4>{20, 200, 65536, 65536});
  weather.broker_restart = sometimes(random, 12);
  weather.broker_loses_session = sometimes(random, 12);
  weather.broker_disconnects = sometimes(random, 20);
  weather.connect_refused = sometimes(random, 200);
  weather.other_server = random.chance(800) ? 0 : 300;
  weather.connack_lies = random.chance(100) ? 200 : 0;
  weather.message_refused = random.chance(200) ? 60 : 0;
  weather.lazy_answers = sometimes(random, 700);
  weather.kill = sometimes(random, 30);
  weather.exit = sometimes(random, 5);
  weather.disk_full = sometimes(random, 10);
  weather.disk_slow = sometimes(random, 30);
  weather.suspend = sometimes(random, 8);
  weather.clock_leaps = random.chance(150) ? 5 : 0;
  return weather;
}

}  // namespace

Scenario draw_scenario(Random& random) {
  Scenario scenario;
  scenario.options = draw_options(random);
  scenario.with_store = random.chance(650);
  scenario.paging.memory = one_of(random, std::array<std::size_t, 4>{0, 1'000, 5'000, 1'000'000});
  scenario.paging.segment = {random.between(1, 12), random.between(10, 1'000)};
  scenario.followed = random.chance(300) ? 0 : static_cast<unsigned>(random.below(1'000));
  scenario.broker = draw_broker(random);
  scenario.weather = draw_weather(random);
  scenario.steps = static_cast<unsigned>(random.between(50, 300));
  scenario.publishes = static_cast<unsigned>(random.between(30, 400));
  scenario.offers = random.chance(250) ? 0 : static_cast<unsigned>(random.between(30, 400));
  scenario.requests = random.chance(500) ? 0 : static_cast<unsigned>(random.between(5, 60));
  scenario.reads = static_cast<unsigned>(random.between(50, 900));
  scenario.topics = static_cast<unsigned>(random.between(1, 3));
  scenario.batch_max = static_cast<unsigned>(random.between(1, 8));
  scenario.large_payloads = random.chance(300) ? 150 : 0;
  scenario.expiring_messages = random.chance(300) ? 300 : 0;
  return scenario;
}

std::string describe(const Scenario& scenario) {
  const Options& options = scenario.options;
  const BrokerWays& broker = scenario.broker;
  std::string line = scenario.with_store ? "store" : "no store";
  line += ", expiry " + std::to_string(options.session_expiry->count());
  if (broker.session_expiry) line += " (broker says " + std::to_string(broker.session_expiry->count()) + ")";
  if (options.session_end == SessionEnd::by_clock) line += ", ends by clock";
  if (options.on_session_lost == OnSessionLost::fail) line += ", fails when lost";
  if (options.start == Start::clean) line += ", starts clean";
  if (scenario.weather.other_server != 0)
    line += options.server_group == ServerGroup::cluster ? ", two nodes" : ", two independent servers";
  if (options.ack == Ack::manual) line += ", acknowledges by hand";
  line += ", Receive Maximum " + std::to_string(options.connect_properties.receive_maximum.value_or(65535)) +
          " here, " + std::to_string(broker.receive_maximum) + " there";
  if (broker.maximum_packet_size)
    line += ", Maximum Packet Size " + std::to_string(*broker.maximum_packet_size) + " there";
  if (broker.topic_alias_maximum != 0)
    line += ", Topic Alias Maximum " + std::to_string(broker.topic_alias_maximum) + " there";
  if (options.outbox_full != OutboxFull::block)
    line += ", drops above " + std::to_string(options.outbox_messages_max);
  for (const OutboxRule& rule : options.outbox_rules)
    line += ", " + rule.filter + (rule.keep_latest ? " keeps the latest" : " goes first");
  if (broker.forgets_dup) line += ", the broker forgets DUP";
  return line;
}

Weather calm() {
  return {};
}

}  // namespace holdfast::simulation
