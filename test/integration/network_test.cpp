// The main job over networks that are slow, lossy, silent or broken, between two hosts of its own on this
// machine.
#include <cstdio>
#include <cstdlib>
#include <random>

#include "client_under_test.hpp"
#include "main_job.hpp"
#include "support/mosquitto.hpp"
#include "support/relay.hpp"
#include "support/two_hosts.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

MosquittoConfig roomy() {
  // A subscriber that is away for a minute must not cost messages at the broker.
  return {.lines = {"max_queued_messages 0", "max_inflight_messages 0"}};
}

MosquittoConfig between_hosts() {
  MosquittoConfig config = roomy();
  config.lines.push_back("listener " + std::to_string(TwoHosts::broker_port) + ' ' +
                         TwoHosts::broker_address);
  return config;
}

/// Two hosts with a mosquitto on one of them. The test is on the other.
struct Site {
  Site() {
    hosts.on_broker([this] { broker = std::make_unique<Mosquitto>(between_hosts()); });
  }
  TwoHosts hosts;
  std::unique_ptr<Mosquitto> broker;
};

/// Notices soon that a network is gone.
Options watchful(const std::string& server, const std::string& client_id) {
  Options options = quick(server, client_id);
  options.keep_alive = 4s;
  options.ping_timeout = 2s;
  options.connect_timeout = options.connack_timeout = 4s;
  options.write_timeout = 4s;  // A full socket holds the PINGREQ back.
  options.reconnect.max_delay = 500ms;
  return options;
}

std::unique_ptr<MainJob> main_job() {
  std::string server = "mqtt://";
  server.append(TwoHosts::broker_address).append(":").append(std::to_string(TwoHosts::broker_port));
  return std::make_unique<MainJob>(watchful(server, "publisher"), watchful(server, "subscriber"));
}

bool cannot_run() {
  std::string why;
  if (!Mosquitto::installed()) why = "mosquitto is not installed";
  if (why.empty()) why = TwoHosts::unavailable();
  if (why.empty()) return false;
  std::printf("skipped: %s\n", why.c_str());
  return true;
}

/// HOLDFAST_SILENCE in the environment, in seconds, is for those who cannot wait.
std::chrono::seconds silence() {
  const char* asked = std::getenv("HOLDFAST_SILENCE");
  return std::chrono::seconds(asked != nullptr ? std::atoi(asked) : 60);
}

std::uint64_t connects(MainJob& job) {
  return job.publisher().statistics().connects + job.subscriber().statistics().connects;
}

}  // namespace

TEST_CASE("the main job through random loss of 5 %", "[network][loss]") {
  if (cannot_run()) return;
  const Site site;
  const auto job = main_job();
  site.hosts.judge_packets("numgen random mod 100 < 5 drop");
  job->stop_publishing_at(10'000);
  job->check("loss of 5 %", 120s);
}

TEST_CASE("the main job through a minute in which packets vanish both ways", "[network][silence]") {
  if (cannot_run()) return;
  const Site site;
  const auto job = main_job();
  REQUIRE(job->goes_on(2'000));
  site.hosts.judge_packets("drop");
  // Nothing tells either side: only the keep-alive finds out.
  CHECK(eventually([&] { return !job->publisher().is_connected() && !job->subscriber().is_connected(); }));
  CHECK(throughout(silence(), [&] { return !job->publisher().is_connected(); }));
  site.hosts.stop_judging();
  CHECK(job->goes_on(2'000));
  job->stop_publishing_at(5'000);
  job->check("silence of " + std::to_string(silence().count()) + " s", 60s);
  CHECK(job->publisher().statistics().sessions_lost == 0);
}

TEST_CASE("the main job over a cable that is pulled and plugged in again, at either end", "[network][link]") {
  if (cannot_run()) return;
  const Site site;
  const auto job = main_job();
  const bool at_broker = GENERATE(true, false);
  const auto set_link = [&](const std::string& state) {
    at_broker ? site.hosts.run_on_broker("ip link set broker " + state)
              : site.hosts.run_on_client("ip link set client " + state);
  };
  const std::uint64_t before = connects(*job);
  for (int pull = 0; pull < 3; ++pull) {
    REQUIRE(job->goes_on(500));
    set_link("down");
    // A short one TCP survives, a long one is found out.
    const auto time = pull == 0 ? 300ms : 20'000ms;
    static_cast<void>(eventually([&] { return !job->publisher().is_connected(); }, time));
    set_link("up");
  }
  CHECK(job->goes_on(500));
  CHECK(connects(*job) > before);
  job->stop_publishing_at(5'000);
  job->check(at_broker ? "cable pulled at the broker" : "cable pulled at the client", 60s);
}

TEST_CASE("the main job through packets of 576 bytes", "[network][mtu]") {
  if (cannot_run()) return;
  const Site site;
  site.hosts.run_on_client("ip link set client mtu 576");
  site.hosts.run_on_broker("ip link set broker mtu 576");
  const auto job = main_job();
  job->stop_publishing_at(5'000);
  job->check("MTU of 576", 60s);
}

TEST_CASE("the main job through resets by the kernel, again and again", "[network][reset]") {
  if (cannot_run()) return;
  const Site site;
  const auto job = main_job();
  for (int round = 0; round < 6; ++round) {
    const std::uint64_t before = connects(*job);
    REQUIRE(job->goes_on(200));
    if (round % 2 == 0) {
      // Answers "Invalid argument" where there is no matching connection of IPv6, and does its work.
      site.hosts.run_on_client("ss -K dst " + std::string(TwoHosts::broker_address) + " || true");
    } else {
      site.hosts.reset_connections();
      CHECK(
          eventually([&] { return !job->publisher().is_connected() && !job->subscriber().is_connected(); }));
      site.hosts.stop_judging();
    }
    CHECK(eventually([&] { return connects(*job) >= before + 2; }));
  }
  job->stop_publishing_at(5'000);
  job->check("6 resets", 60s);
}

TEST_CASE("the main job through delay, jitter and a narrow pipe", "[network][narrow]") {
  if (!Mosquitto::installed()) {
    std::puts("skipped: mosquitto is not installed");
    return;
  }
  const Mosquitto broker(roomy());
  Relay relay(broker.port());
  Options publisher = quick(relay.server(), "publisher");
  Options subscriber = quick(relay.server(), "subscriber");
  MainJob job(publisher, subscriber, 200);
  relay.delay(20ms, 60ms);
  relay.narrow(100'000);
  REQUIRE(job.goes_on(300));
  relay.cut();
  REQUIRE(job.goes_on(300));
  job.stop_publishing_at(600);
  job.check("20 to 80 ms, 100 kB/s", 60s);
}
