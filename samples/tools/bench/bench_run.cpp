#include "bench_run.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <system_error>

#include <holdfast/error.hpp>

#include "client_id.hpp"
#include "descriptor_limit.hpp"
#include "property_arguments.hpp"
#include "thread_group.hpp"
#include "topic_pattern.hpp"

namespace holdfast::tools {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds look_again = 20ms;
// Until the last thread runs that publishes: a moment, and for each thread.
constexpr std::chrono::nanoseconds before_start = 10ms;
constexpr std::chrono::nanoseconds to_start_one = 100us;
// What waits where the broker falls behind: enough for its pauses, and no more memory than it takes.
constexpr std::size_t outbox_messages = 10'000;
// Closing many connections takes a while, where each may wait for a broker that does not read.
constexpr std::size_t closing_at_once = 32;

double seconds_of(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t memory_peak() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

const char* name_of(Role role) {
  return role == Role::publisher ? "-p" : role == Role::subscriber ? "-s" : "-i";
}

}  // namespace

BenchRun::BenchRun(const BenchOptions& options)
    : options_(options),
      run_(std::random_device{}()),
      plan_{.options = options, .clock = clock_, .run = run_, .stop = stop_},
      receiving_(options, run_, clock_, figures_),
      live_(options, figures_) {
  allow_descriptors_for(options.clients());
  Options client_options = options.connection.to_options(Start::clean);
  goodbye_ = disconnect_options(options.connection.properties, client_options);
  // Mosquitto 2.0 saves no session that began with Clean Start.
  if (client_options.session_expiry) client_options.start = Start::resume;
  keeps_sessions_ = client_options.session_expiry.has_value();
  if (!options.connection.client_id_prefix.empty()) client_options.client_id += random_part();
  client_options.outbox_messages_max = std::max(options.window, outbox_messages);
  plan_.publish_options.qos = parse_qos("-q", options.connection.qos);
  apply_publish_properties(options.connection.properties, plan_.publish_options);
  make_clients(Role::subscriber, options.subscribers, client_options);
  make_clients(Role::idle, options.idle, client_options);
  make_clients(Role::publisher, options.publishers, client_options);
}

BenchRun::~BenchRun() {
  receiving_.stop();
}

void BenchRun::make_clients(Role role, std::size_t count, const Options& client_options) {
  for (std::size_t i = 0; i < count; ++i) {
    Options its_options = client_options;
    its_options.client_id += name_of(role) + std::to_string(i);
    auto client = std::make_unique<BenchClient>(role, i, its_options);
    if (role == Role::subscriber) {
      client->filter = expand(options_.filter, i, client->id, 0);
      auto audience = std::make_shared<Audience>(client->filter, run_);
      // A shared subscription is one audience, however many have it.
      if (unshared(client->filter) != client->filter)
        audience = shared_audiences_.try_emplace(client->filter, audience).first->second;
      if (audiences_.empty() || std::find(audiences_.begin(), audiences_.end(), audience) == audiences_.end())
        audiences_.push_back(audience);
      client->audience = std::move(audience);
    }
    clients_.push_back(std::move(client));
  }
}

RunOutcome BenchRun::run() {
  start_ = Clock::now();
  const double processor_before = processor_seconds();
  connect_all();
  outcome_.connecting_seconds = since(start_, figures_.last_connected);
  if (!stop_) {
    check_roles();
    publish();
    wait_for_arrivals();
  }
  outcome_.processor_seconds = processor_seconds() - processor_before;
  outcome_.run_seconds = seconds_of(Clock::now() - start_);
  outcome_.memory_peak = memory_peak();
  outcome_.interrupted = stop_;
  receiving_.stop();
  settle_accounts();
  disconnect_all();
  live_.clear();
  return outcome_;
}

void BenchRun::connect_all() {
  const Schedule ramp(Clock::now(), options_.ramp);
  ThreadGroup threads;
  std::uint64_t begun = 0;
  try {
    for (const auto& client : clients_) {
      const Clock::time_point due = ramp.at(begun);
      while (go_on(due - Clock::now()) && Clock::now() < due) {
      }
      if (stop_) break;
      threads.start([this, &client = *client, due] { connect(client, due); });
      ++begun;
    }
    while (figures_.connected + figures_.not_connected < begun && go_on(look_again)) {
    }
  } catch (const Error&) {
    stop_ = true;
    abort_connecting();
    throw;
  }
  if (stop_) abort_connecting();
}

void BenchRun::connect(BenchClient& client, Clock::time_point due) {
  try {
    client.client.connect();
    figures_.connecting.record(Clock::now() - due);
    if (client.role == Role::subscriber) subscribe(client);
    receiving_.add(client);
    client.takes_part = true;
    figures_.last_connected = static_cast<std::uint64_t>(clock_.at(Clock::now()));
    ++figures_.connected;
  } catch (const Error& error) {
    if (!stop_) figures_.mishaps.add(error);
    ++figures_.not_connected;
  } catch (const std::system_error& error) {
    figures_.mishaps.add(Error(Errc::connect_failed, error.what()));
    ++figures_.not_connected;
  }
}

void BenchRun::subscribe(BenchClient& client) {
  const SubscriptionOptions wish{.qos = parse_qos("--subscribe-qos", *options_.subscribe_qos)};
  const ReasonCode code = client.client.subscribe(
      client.filter, wish, subscribe_properties(options_.connection.properties, "subscribe"));
  if (!is_error(code)) return;
  disconnect(client);
  throw Error(Errc::request_refused,
              "subscribe \"" + client.filter + "\": the broker refused: " + std::string(to_string(code)),
              code, {});
}

// A call that waits for the broker ends with the connection.
void BenchRun::abort_connecting() {
  for (const auto& client : clients_) {
    if (!client->client.is_connected()) disconnect(*client);
  }
}

void BenchRun::check_roles() const {
  for (const Role role : {Role::subscriber, Role::publisher, Role::idle}) {
    const auto is = [role](const auto& client) { return client->role == role; };
    const auto takes_part = [&](const auto& client) { return is(client) && client->takes_part; };
    const bool wanted = std::any_of(clients_.begin(), clients_.end(), is);
    if (!wanted || std::any_of(clients_.begin(), clients_.end(), takes_part)) continue;
    if (const auto error = figures_.mishaps.first_error()) throw *error;
  }
}

void BenchRun::publish() {
  for (const auto& client : clients_) {
    if (client->takes_part && client->audience) client->audience->set_subscribed();
  }
  for (const auto& client : clients_) {
    if (client->role != Role::publisher) continue;
    publishings_.push_back(std::make_unique<Publishing>(plan_, *client, figures_));
  }
  plan_.start = Clock::now() + before_start + options_.publishers * to_start_one;
  plan_.end = options_.duration ? plan_.start + to_duration(*options_.duration) : Clock::time_point::max();
  if (!publishings_.empty()) {
    publish_until_ended();
    return;
  }
  while (Clock::now() < plan_.end && go_on(look_again)) {
  }
}

void BenchRun::publish_until_ended() {
  Counter ended{0};
  ThreadGroup threads;
  std::uint64_t begun = 0;
  try {
    for (const auto& client : clients_) {
      if (client->role != Role::publisher || !client->takes_part) continue;
      threads.start([&ended, publishing = publishings_[client->number].get()] {
        publishing->run();
        ++ended;
      });
      ++begun;
    }
  } catch (const Error&) {
    stop_ = true;
    throw;
  }
  while (ended != begun)
    go_on(look_again);
}

void BenchRun::wait_for_arrivals() {
  for (const auto& publishing : publishings_)
    streams_.insert(streams_.end(), publishing->streams().begin(), publishing->streams().end());
  for (const auto& audience : audiences_)
    outcome_.expected += audience->expected_of(streams_);
  if (audiences_.empty()) return;
  // What others publish, or was not acknowledged, may come too: how much is not known.
  const bool all_are_known = options_.publishers != 0 && figures_.failed == 0 && unfinished(figures_) == 0;
  const bool stopped_before = stop_;  // What is under way may still come, unless others go on sending.
  std::uint64_t received = 0;
  for (auto last = Clock::now(); Clock::now() < last + to_duration(options_.linger);) {
    const std::uint64_t now = figures_.received - figures_.duplicates;
    if (all_are_known && now >= outcome_.expected) return;
    if (now != received) last = Clock::now();
    received = now;
    if (!go_on(look_again) && (!stopped_before || options_.publishers == 0)) return;
  }
}

void BenchRun::settle_accounts() {
  for (const auto& audience : audiences_)
    outcome_.lost += options_.publishers != 0 ? audience->lost_of(streams_) : audience->gaps();
  outcome_.publishing_seconds = publishing_seconds();
  outcome_.receiving_seconds = std::max(receiving_seconds(), outcome_.publishing_seconds);
}

double BenchRun::publishing_seconds() const {
  if (figures_.published == 0) return 0;
  const double last = since(plan_.start, figures_.last_published);
  // What was due in time and found the outbox full is published later.
  return options_.duration && options_.count == 0 && !stop_ ? std::max(*options_.duration, last) : last;
}

double BenchRun::receiving_seconds() const {
  if (options_.publishers != 0) return since(plan_.start, figures_.last_received);
  return static_cast<double>(figures_.last_received - figures_.first_received) / 1e9;
}

double BenchRun::since(Clock::time_point start, std::uint64_t stamp) const {
  return stamp == 0 ? 0 : static_cast<double>(static_cast<std::int64_t>(stamp) - clock_.at(start)) / 1e9;
}

// A session that outlived the run would go on getting messages, of a shared subscription those of the next
// run.
void BenchRun::disconnect(BenchClient& client) {
  DisconnectOptions goodbye = goodbye_;
  const bool in_version_5 = client.client.broker_limits().protocol != Protocol::mqtt_3_1_1;
  if (keeps_sessions_ && in_version_5 && !goodbye.session_expiry_interval)
    goodbye.session_expiry_interval = 0s;
  try {
    client.client.disconnect(goodbye);
  } catch (const Error& error) {  // Such a goodbye is not possible here.
    figures_.mishaps.add(error);
    client.client.disconnect();
  }
}

void BenchRun::disconnect_all() {
  std::atomic<std::size_t> next{0};
  const auto disconnect_some = [&] {
    for (std::size_t i = next++; i < clients_.size(); i = next++)
      disconnect(*clients_[i]);
  };
  ThreadGroup threads;
  for (std::size_t i = 1; i < std::min(clients_.size(), closing_at_once); ++i)
    threads.start(disconnect_some);
  disconnect_some();
}

bool BenchRun::go_on(std::chrono::nanoseconds longest) {
  live_.tick();
  const auto time = std::min(longest, look_again);
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(time);
  if (stop_ || whole <= 0ms) {  // A signal that came would end each wait for one at once.
    std::this_thread::sleep_for(time);
  } else {
    static_cast<void>(stop_signal_.wait(whole));
  }
  if (stop_signal_.requested()) stop_ = true;
  return !stop_;
}

void BenchRun::write_statistics() const {
  for (const auto& client : clients_) {
    const std::string line = with_client(to_json_line(client->client.statistics()), client->id);
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

}  // namespace holdfast::tools
