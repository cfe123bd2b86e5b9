#include <algorithm>
#include <thread>
#include <vector>

#include "bench/measurements.hpp"

namespace holdfast::bench {

namespace {

Figures figures_of(const Sample& sample) {
  return {{"seconds", sample.seconds}, {"cpu_seconds", sample.cpu_seconds}};
}

/// Messages before those that count: threads start, buffers and the connection's window grow, for all alike.
std::uint32_t warm_up(const Job& job) {
  return !job.warm_up ? 0 : std::min<std::uint32_t>(job.messages / 10, 10 * window);
}

}  // namespace

Figures measure_publish(const Job& job) {
  const auto peer = make_peer(job);
  if (job.threads > 1 && !peer->can_share()) return {};
  peer->connect();
  if (const std::uint32_t few = warm_up(job); few > 0) {
    peer->publish(few);
    peer->finish();
  }
  const Stopwatch stopwatch;
  std::vector<std::thread> others;
  for (unsigned thread = 1; thread < job.threads; ++thread)
    others.emplace_back([&] { peer->publish(job.messages / job.threads); });
  peer->publish(job.messages / job.threads);
  for (std::thread& thread : others)
    thread.join();
  peer->finish();
  const Sample sample = stopwatch.stop();
  peer->disconnect();
  return figures_of(sample);
}

Figures measure_receive(const Job& job) {
  const auto peer = make_peer(job);
  peer->connect();
  if (job.publisher) {
    peer->subscribe(job.filter(job.messages));
    ask("publish");
  } else if (const std::uint32_t few = warm_up(job); few > 0) {
    peer->subscribe(job.filter(few));
    peer->receive(few);
  }
  const Stopwatch stopwatch;
  // The sink sends as soon as it is subscribed to.
  if (!job.publisher) peer->subscribe(job.filter(job.messages));
  peer->receive(job.messages);
  const Sample sample = stopwatch.stop();
  peer->disconnect();
  return figures_of(sample);
}

Figures measure_connect(const Job& job) {
  const auto peer = make_peer(job);
  peer->connect();  // Libraries initialise themselves, and with `resume` there is a session now.
  peer->disconnect();
  const Stopwatch stopwatch;
  for (std::uint32_t i = 0; i < job.messages; ++i) {
    peer->connect();
    peer->disconnect();
  }
  return figures_of(stopwatch.stop());
}

Figures measure_replay(const Job& job) {
  const auto peer = make_peer(job);
  peer->connect();
  ask("stop answering");
  peer->publish(job.messages);
  ask("connect again");
  peer->await_connection();
  const Stopwatch stopwatch;
  peer->finish();
  return figures_of(stopwatch.stop());
}

}  // namespace holdfast::bench
