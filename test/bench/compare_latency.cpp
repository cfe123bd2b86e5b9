// The round trip of a message of QoS 1: one at a time, and at half the speed that each contestant is capable
// of.
#include "bench/comparison.hpp"

namespace holdfast::bench {

void compare_latency(Comparison& comparison) {
  const std::string port = "port=" + std::to_string(comparison.sink_port());
  const nlohmann::json scenario{{"server", "sink"}, {"qos", 1}, {"size", 64}};
  comparison.measure({"round_trip", scenario, comparison.all(), {port, "messages=5000"}});
  for (const std::string& peer : comparison.all()) {
    // One who did not take part in that has no half; sockets would have to be paced at millions.
    const double speed = comparison.noted("publish", scenario, peer, "per_second");
    if (speed == 0 || peer == "sockets") continue;
    const double rate = speed / 2;
    const auto messages = static_cast<std::uint32_t>(rate * (comparison.quick() ? 0.2 : 0.5));
    Contest contest{"paced",
                    scenario,
                    {peer},
                    {port, "rate=" + std::to_string(rate), "messages=" + std::to_string(messages)}};
    comparison.measure(contest);
  }
}

}  // namespace holdfast::bench
