#include "simulation/simulated_day.hpp"

#include <algorithm>
#include <chrono>
#include <string>

namespace holdfast::simulation {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

SimulatedDay::SimulatedDay(std::uint64_t seed, bool verbose)
    : random_(seed),
      scenario_(draw_scenario(random_)),
      store_(scenario_.paging.segment),
      world_(scenario_, random_, verbose),
      broker_(world_) {
  if (scenario_.with_store) scenario_.options.store = store_.handle();
}

void SimulatedDay::run() {
  world_.trace.note("day", [&] { return describe(scenario_); });
  while (steps_ < scenario_.steps)
    step();
  drain();
}

void SimulatedDay::step() {
  ++steps_;
  break_network();
  break_broker();
  break_machine();
  use_application();
  broker_.step();
  take_turn();
  pass_time();
}

void SimulatedDay::break_network() {
  const Weather& weather = world_.weather;
  Link* link = process_ ? process_->link() : nullptr;
  if (link == nullptr) return;
  if (chance(weather.reset)) {
    world_.trace.note("network", [] { return "cuts the connection"; });
    link->reset();
  }
  if (chance(weather.dark)) {
    world_.trace.note("network", [] { return "goes dark"; });
    link->go_dark();
  }
  if (chance(weather.stall)) link->stall_until(world_.clock.now + milliseconds(random_.below(10'000)));
}

void SimulatedDay::break_broker() {
  const Weather& weather = world_.weather;
  if (chance(weather.broker_restart)) broker_.restart(true);
  if (chance(weather.broker_loses_session)) broker_.restart(false);
  if (chance(weather.broker_disconnects)) broker_.disconnect_client();
}

void SimulatedDay::break_machine() {
  const Weather& weather = world_.weather;
  if (chance(weather.disk_slow)) store_.be_slow_once(milliseconds(random_.below(5000)));
  if (chance(weather.disk_full)) {
    store_.be_full(true);
    disk_free_at_ = world_.clock.now + milliseconds(random_.below(20'000));
  }
  if (disk_free_at_ <= world_.clock.now) store_.be_full(false);
  if (chance(weather.suspend)) world_.clock.now += seconds(random_.below(2 * 3600));
  if (chance(weather.clock_leaps)) world_.clock.client_ahead += seconds(random_.below(600));
}

void SimulatedDay::use_application() {
  if (!process_) {
    if (start_at_ > world_.clock.now) return;
    start_process();
  }
  if (chance(scenario_.publishes)) publish();
  if (chance(scenario_.requests)) {
    using Kind = session::SubscriptionRequest::Kind;
    const auto topic = static_cast<std::uint32_t>(random_.below(scenario_.topics));
    process_->request(chance(700) ? Kind::subscribe : Kind::unsubscribe, topic);
  }
  if (chance(scenario_.offers)) {
    const auto topic = static_cast<std::uint32_t>(random_.below(scenario_.topics));
    const QoS qos = static_cast<QoS>(random_.below(3));
    const std::size_t size = chance(scenario_.large_payloads) ? random_.below(3000) : random_.below(50);
    broker_.offer(world_.invariants.incoming.create(topic, qos), topic, qos, size);
  }
  if (chance(scenario_.reads)) {
    for (auto count = random_.between(1, 5); count != 0; --count)
      process_->receive();
  }
  if (chance(scenario_.reads)) process_->acknowledge();
  if (chance(world_.weather.exit)) {
    DisconnectOptions options;
    options.drain = milliseconds(random_.below(3000));
    const bool may_change = scenario_.options.session_expiry != seconds(0);
    if (may_change && chance(500)) options.session_expiry_interval = seconds(random_.below(100));
    process_->disconnect(options);
  }
}

void SimulatedDay::publish() {
  for (auto count = random_.between(1, scenario_.batch_max); count != 0; --count) {
    const auto topic = static_cast<std::uint32_t>(random_.below(scenario_.topics));
    const QoS qos = static_cast<QoS>(chance(150) ? 0 : random_.between(1, 2));
    const std::size_t size = chance(scenario_.large_payloads) ? random_.below(3000) : random_.below(50);
    const bool expires = chance(scenario_.expiring_messages);
    process_->publish(topic, qos, size,
                      expires ? seconds(random_.between(1, 60)) : std::chrono::nanoseconds::max());
  }
}

void SimulatedDay::start_process() {
  process_ = std::make_unique<SimulatedProcess>(world_, broker_, scenario_.with_store ? &store_ : nullptr);
  for (std::uint32_t topic = 0; topic < scenario_.topics; ++topic)
    process_->request(session::SubscriptionRequest::Kind::subscribe, topic);
}

void SimulatedDay::stop_process() {
  process_.reset();
  start_at_ = world_.clock.now + milliseconds(random_.below(chance(200) ? 600'000 : 3000));
}

Kill SimulatedDay::draw_kill() {
  if (!chance(world_.weather.kill)) return Kill::no;
  return static_cast<Kill>(random_.between(1, static_cast<std::uint64_t>(Kill::after_hand_over)));
}

void SimulatedDay::take_turn() {
  if (!process_) return;
  try {
    process_->turn(draw_kill());
    if (process_->ended()) stop_process();
  } catch (const Killed&) {
    world_.trace.note("client", [] { return "is killed"; });
    stop_process();
  }
}

void SimulatedDay::pass_time() {
  const auto kind = random_.below(100);
  if (kind < 55) {
    world_.clock.now += microseconds(random_.below(10'000));
  } else if (kind < 90) {
    pass_to_next_event();
  } else if (kind < 98) {
    world_.clock.now += milliseconds(random_.below(1000));
  } else {
    world_.clock.now += milliseconds(random_.below(30'000));
  }
}

void SimulatedDay::pass_to_next_event() {
  session::TimePoint next = broker_.deadline();
  if (process_) {
    next = std::min(next, process_->deadline());
    if (const Link* link = process_->link()) next = std::min(next, link->next_arrival());
  } else {
    next = std::min(next, start_at_);
  }
  const session::TimePoint soon = world_.clock.now + microseconds(10);
  world_.clock.now = std::clamp(next, soon, world_.clock.now + seconds(60));
}

void SimulatedDay::drain() {
  world_.trace.note("day", [] { return "calms down"; });
  world_.weather = calm();
  store_.be_full(false);
  constexpr unsigned enough = 20'000;
  for (unsigned round = 0; !quiet(); ++round) {
    require(round < enough, [] { return "what was accepted does not end although nothing breaks any more"; });
    ++steps_;
    if (!process_ && start_at_ <= world_.clock.now) start_process();
    broker_.step();
    take_turn();
    for (int count = 0; process_ && count < 20; ++count) {
      process_->receive();
      process_->acknowledge();
    }
    pass_to_next_event();
  }
  world_.invariants.outgoing.check_end();
  for (const auto& [filter, wished] : process_->wishes()) {
    require(broker_.subscribed(filter) == wished, [name = filter] {
      return "the broker's subscription to " + name + " is not what was asked for last";
    });
  }
}

bool SimulatedDay::quiet() {
  return process_ && process_->idle() && broker_.idle() && broker_.serves(process_->link()) &&
         process_->link()->quiet();
}

}  // namespace holdfast::simulation
