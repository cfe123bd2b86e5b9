// 05: a retained message: a topic's last value, which the broker keeps for those who come later.
//
// Run:    05_retained set VALUE [mqtt://host:port]     (default mqtt://localhost; an empty VALUE deletes it)
//         05_retained watch [mqtt://host:port]
// Prints: set: nothing. watch: each value, and whether the broker had kept it. It runs until it is killed.
// Page:   docs/samples/05_retained.md
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

#include <holdfast/client.hpp>

#include "trace_file.hpp"

using namespace std::chrono_literals;

namespace {

constexpr const char* topic = "plant/17/setpoint";

void set(const char* value, const char* server) {
  holdfast::Client client({.server = server, .trace = trace_file()});
  client.connect();
  client.publish(topic, value, {.qos = holdfast::QoS::at_least_once, .retain = true});
  if (!client.flush(5s)) throw std::runtime_error("not acknowledged in five seconds");
  client.disconnect();
}

void watch(const char* server) {
  holdfast::Client client({.server = server, .trace = trace_file()});
  client.connect();
  const auto granted = client.subscribe(topic, holdfast::QoS::at_least_once);
  if (is_error(granted)) throw std::runtime_error("refused: " + std::string(to_string(granted)));
  std::puts("subscribed");
  std::fflush(stdout);
  for (auto& message : client.messages()) {
    // Set for what was there before us, not for what is published while we listen.
    std::printf("%s (%s)\n", std::string(message.payload()).c_str(), message.retain() ? "kept" : "new");
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  const int server = what == "set" ? 3 : 2;
  if ((what != "set" && what != "watch") || argc < server) {
    std::fputs("05_retained: needs set and a value, or watch\n", stderr);
    return 1;
  }
  const char* where = argc > server ? argv[server] : "mqtt://localhost";
  try {
    what == "set" ? set(argv[2], where) : watch(where);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "05_retained: %s\n", error.what());
    return 1;
  }
}
