// What was published to a server that had stopped to answer, once there is a new connection: a window of it
// in flight, the rest waiting.
#include <algorithm>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "bench/comparison.hpp"

namespace holdfast::bench {

namespace {

/// How much each is given: some stop at 65,535 messages, some would take hours for more. Paho C and C++ are
/// left out: with 5,000 they were not through in a minute.
struct Backlog {
  const char* peer;
  std::uint32_t messages;
  std::uint32_t quick;
};

constexpr Backlog backlogs[] = {
    {"holdfast", 100'000, 100'000}, {"holdfast", 1'000'000, 1'000'000}, {"boost_mqtt5", 50'000, 10'000},
    {"rumqttc", 10'000, 2'000},     {"libmosquitto", 50'000, 10'000},
};

}  // namespace

void compare_replay(Comparison& comparison) {
  const auto answer = [&](const std::string& what, pid_t) {
    if (what == "stop answering") comparison.pause_sink();
    if (what == "connect again") comparison.start_sink();
  };
  for (const auto& [peer, full, quick] : backlogs) {
    if (comparison.among({peer}).empty()) continue;
    const std::uint32_t messages = comparison.quick() ? quick : full;
    Contest contest{"replay",
                    {{"server", "sink"}, {"qos", 1}, {"size", 64}, {"pending", messages}},
                    {peer},
                    {"port=" + std::to_string(comparison.sink_port()), "messages=" + std::to_string(messages),
                     "outstanding=" + std::to_string(messages)}};
    // The slow ones once: their figures are not close to anything.
    const int rounds = std::string_view(peer) == "holdfast" ? comparison.rounds() : 1;
    std::vector<double> speeds;
    for (int round = 0; round < rounds; ++round) {
      comparison.start_sink();
      try {
        speeds.push_back(messages / run_contestant(contest, peer, {}, answer).at("seconds"));
      } catch (const std::exception& error) {
        std::cout << "  " << peer << ": " << error.what() << std::endl;
      }
    }
    std::sort(speeds.begin(), speeds.end());
    if (!speeds.empty()) comparison.note(contest, peer, {{"per_second", speeds[speeds.size() / 2]}});
  }
  comparison.start_sink();
}

}  // namespace holdfast::bench
