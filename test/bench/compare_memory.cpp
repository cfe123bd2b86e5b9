// The memory of a client's process that is connected and does nothing, and what messages take that wait.
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "bench/comparison.hpp"

namespace holdfast::bench {

namespace {

/// In KiB. Pss has shared pages by parts, Rss whole.
double memory_of(pid_t process, const std::string& kind) {
  std::ifstream lines("/proc/" + std::to_string(process) + "/smaps_rollup");
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(kind + ":", 0) == 0) return std::stod(line.substr(kind.size() + 1));
  }
  return 0;
}

void compare_idle(Comparison& comparison) {
  std::vector<std::string> peers = comparison.all();
  if (is_built("holdfast_minimal")) peers.emplace_back("holdfast_minimal");
  const Contest contest{
      "idle", {{"server", "sink"}}, peers, {"port=" + std::to_string(comparison.sink_port())}};
  for (const std::string& peer : peers) {
    nlohmann::json figures;
    try {
      comparison.run(contest, peer, {}, [&](const std::string&, pid_t process) {
        figures["pss_kib"] = memory_of(process, "Pss");
        figures["rss_kib"] = memory_of(process, "Rss");
        figures["private_kib"] = memory_of(process, "Private_Dirty") + memory_of(process, "Private_Clean");
      });
      comparison.note(contest, peer, figures);
    } catch (const std::exception& error) {
      comparison.note_failure(contest, peer, error.what());
    }
  }
}

void compare_pending(Comparison& comparison) {
  constexpr std::size_t payload_and_topic = 64 + std::string_view(topic).size();
  for (const std::string& peer : comparison.all()) {
    if (peer == "sockets") continue;
    // More than 65,535 only Holdfast, rumqttc and libmosquitto hold.
    const std::uint32_t most = peer.starts_with("paho") || peer == "boost_mqtt5" ? 50'000 : 100'000;
    const std::uint32_t messages = comparison.scaled(most, most, 1'000U);
    const Contest contest{
        "pending",
        {{"server", "sink"}, {"qos", 1}, {"size", 64}, {"pending", messages}},
        {peer},
        {"port=" + std::to_string(comparison.sink_port()), "messages=" + std::to_string(messages),
         "outstanding=" + std::to_string(messages)}};
    std::vector<double> looks;
    comparison.start_sink();
    try {
      comparison.run(contest, peer, {}, [&](const std::string& what, pid_t process) {
        if (what == "stop answering") comparison.pause_sink();
        if (what == "look") looks.push_back(memory_of(process, "Rss") * 1024);
      });
    } catch (const std::exception& error) {
      comparison.note_failure(contest, peer, error.what());
      continue;
    }
    comparison.note(contest, peer, {{"bytes_each", (looks[1] - looks[0]) / messages - payload_and_topic}});
  }
  comparison.start_sink();
}

}  // namespace

void compare_memory(Comparison& comparison) {
  std::cout << "\nidle" << std::endl;
  compare_idle(comparison);
  std::cout << "\npending" << std::endl;
  compare_pending(comparison);
}

}  // namespace holdfast::bench
