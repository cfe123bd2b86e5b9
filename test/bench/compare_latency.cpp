// The round trip of a message of QoS 1: one at a time, at a low pace, and at half the speed that each
// contestant is capable of.
#include <algorithm>

#include "bench/comparison.hpp"

namespace holdfast::bench {

void compare_latency(Comparison& comparison) {
  const std::string port = "port=" + std::to_string(comparison.sink_port());
  const nlohmann::json scenario{{"server", "sink"}, {"qos", 1}, {"size", 64}};
  comparison.measure({"round_trip",
                      scenario,
                      comparison.all(),
                      {port, "messages=" + std::to_string(comparison.scaled(5'000, 5'000, 50))}});
  // The same for all, which all are capable of; and half of what each is capable of by itself.
  constexpr int low_rate = 5'000;
  nlohmann::json low = scenario;
  low["rate"] = low_rate;
  comparison.measure({"paced",
                      low,
                      comparison.all(),
                      {port, "rate=" + std::to_string(low_rate),
                       "messages=" + std::to_string(comparison.scaled(low_rate, low_rate / 2, 50))}});
  const bool published = std::any_of(
      comparison.all().begin(), comparison.all().end(),
      [&](const std::string& peer) { return comparison.noted("publish", scenario, peer, "per_second") > 0; });
  if (!published) comparison.measure_speed({"publish", scenario, comparison.all(), {port}});
  for (const std::string& peer : comparison.all()) {
    // One who did not take part in that has no half; sockets would have to be paced at millions.
    const double speed = comparison.noted("publish", scenario, peer, "per_second");
    if (speed == 0 || peer == "sockets") continue;
    const double rate = speed / 2;
    const auto messages =
        static_cast<std::uint32_t>(std::max(rate * comparison.scaled(0.5, 0.2, 0.001), 10.0));
    Contest contest{"paced",
                    scenario,
                    {peer},
                    {port, "rate=" + std::to_string(rate), "messages=" + std::to_string(messages)}};
    comparison.measure(contest);
  }
}

}  // namespace holdfast::bench
