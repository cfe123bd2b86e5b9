// cluster: a client of a broker cluster: when the node it is connected to dies, it goes on with another.
//
// Run:    cluster SECONDS mqtt://node:port mqtt://node:port ...          (kill a node meanwhile)
// Prints: what happens to connection and session, and at the end what became of the readings.
// Page:   docs/samples.md
#include <cstdio>
#include <cstdlib>

#include <holdfast/client.hpp>

using namespace std::chrono_literals;

namespace {

void report(const holdfast::Event& event) {
  if (const auto* connected = std::get_if<holdfast::Connected>(&event)) {
    std::printf("connected to %s, session %s\n", connected->server.c_str(),
                connected->session_present ? "resumed" : "new");
  } else if (const auto* disconnected = std::get_if<holdfast::Disconnected>(&event)) {
    std::printf("disconnected: %s\n", disconnected->what.c_str());
  } else if (const auto* reconnecting = std::get_if<holdfast::Reconnecting>(&event)) {
    std::printf("to %s in %lld ms\n", reconnecting->server.c_str(),
                static_cast<long long>(reconnecting->delay.count()));
  } else if (const auto* lost = std::get_if<holdfast::SessionLost>(&event)) {
    std::printf("the session died with its node: %zu readings sent again, %zu subscriptions made again\n",
                lost->republished, lost->resubscribed);
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const long seconds = argc > 3 ? std::strtol(argv[1], nullptr, 10) : 0;
  if (seconds < 1) {
    std::fprintf(stderr, "cluster: needs how many seconds to run, and at least two servers\n");
    return 1;
  }
  try {
    holdfast::Client client({.servers = {argv + 2, argv + argc},
                             .server_group = holdfast::ServerGroup::cluster,  // Each node finds the session.
                             .client_id = "cluster-sample",
                             .session_expiry = 1h});
    client.connect();
    client.subscribe("cluster/readings", holdfast::QoS::at_least_once);
    std::size_t accepted = 0;
    std::size_t arrived = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (std::chrono::steady_clock::now() < end) {
      // Accepted, connected or not: from here on the client answers for it until a node acknowledges it.
      client.publish("cluster/readings", std::to_string(++accepted), {.qos = holdfast::QoS::at_least_once});
      while (client.receive(0ms))
        ++arrived;
      if (const auto event = client.next_event(50ms)) report(*event);
    }
    const bool all = client.flush(30s);
    while (client.receive(500ms))
      ++arrived;
    std::printf("%zu readings accepted, %llu acknowledged, %zu arrived\n", accepted,
                static_cast<unsigned long long>(client.statistics().acknowledged), arrived);
    client.disconnect({.session_expiry_interval = 0s});
    return all ? 0 : 1;
  } catch (const holdfast::Error& error) {
    std::fprintf(stderr, "cluster: %s\n", error.what());
    return 1;
  }
}
