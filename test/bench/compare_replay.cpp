// What was published to a server that had stopped to answer, once there is a new connection: a window of it
// in flight, the rest waiting.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "bench/comparison.hpp"

namespace holdfast::bench {

namespace {

/// How much each is given: some stop at 65,535 messages, some would take hours for more. Paho C and C++ are
/// quadratic in their backlog.
struct Backlog {
  const char* peer;
  std::uint32_t messages;
  std::uint32_t quick;
};

constexpr Backlog backlogs[] = {
    {"holdfast", 100'000, 100'000}, {"holdfast", 1'000'000, 1'000'000}, {"boost_mqtt5", 50'000, 10'000},
    {"rumqttc", 10'000, 2'000},     {"libmosquitto", 50'000, 10'000},   {"paho_c", 10'000, 3'000},
    {"paho_cpp", 10'000, 3'000},    {"sockets", 1'000'000, 1'000'000},
};

}  // namespace

void compare_replay(Comparison& comparison) {
  const auto answer = [&](const std::string& what, pid_t) {
    if (what == "stop answering") comparison.pause_sink();
    if (what == "connect again") comparison.start_sink();
  };
  for (const auto& [peer, full, quick] : backlogs) {
    if (comparison.among({peer}).empty()) continue;
    const std::uint32_t messages = comparison.scaled(full, quick, 1'000U);
    Contest contest{"replay",
                    {{"server", "sink"}, {"qos", 1}, {"size", 64}, {"pending", messages}},
                    {peer},
                    {"port=" + std::to_string(comparison.sink_port()), "messages=" + std::to_string(messages),
                     "outstanding=" + std::to_string(messages)}};
    // The slow ones once: their figures are not close to anything.
    const int rounds =
        std::string_view(peer) == "holdfast" || std::string_view(peer) == "sockets" ? comparison.rounds() : 1;
    std::vector<double> speeds;
    for (int round = 0; round < rounds; ++round) {
      comparison.start_sink();
      try {
        speeds.push_back(messages / comparison.run(contest, peer, {}, answer).at("seconds"));
      } catch (const std::exception& error) {
        comparison.note_failure(contest, peer, error.what());
      }
    }
    std::sort(speeds.begin(), speeds.end());
    if (!speeds.empty()) comparison.note(contest, peer, {{"per_second", speeds[speeds.size() / 2]}});
  }
  comparison.start_sink();
}

}  // namespace holdfast::bench
