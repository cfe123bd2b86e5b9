// 02: a session outlives its connection, and what was not acknowledged comes again.
//
// Run:    02_session [mqtt://host:port [SECONDS]]     (default mqtt://localhost, a session of 60 seconds)
// Prints: session_present of both connections, and five messages twice: the second time with DUP, complete,
// in order.
// Page:   docs/samples/02_session.md
#include <cstdio>
#include <cstdlib>
#include <string>

#include <holdfast/client.hpp>

#include "trace_file.hpp"

using namespace std::chrono_literals;

namespace {

holdfast::Options subscriber(const char* server, std::chrono::seconds expiry, holdfast::Start start) {
  return {.server = server,
          .client_id = "session-sample",
          .session_expiry = expiry,  // The broker keeps the session this long after the connection has gone.
          .start = start,
          .ack = holdfast::Ack::manual,
          .trace = trace_file()};
}

void connect(holdfast::Client& client) {
  client.connect();
  while (const auto event = client.next_event(1s)) {
    if (const auto* connected = std::get_if<holdfast::Connected>(&*event)) {
      std::printf("connected, session_present: %s\n", connected->session_present ? "true" : "false");
      return;
    }
  }
}

// Takes five messages and acknowledges them or not; whether they were complete, in order, and repeated or
// not.
bool take_five(holdfast::Client& client, bool acknowledge, bool repeated) {
  bool as_expected = true;
  for (int i = 1; i <= 5; ++i) {
    auto message = client.receive(5s);
    if (!message) {
      std::puts("  nothing comes");
      return false;
    }
    std::printf("  %s%s\n", std::string(message->payload()).c_str(), message->duplicate() ? " (DUP)" : "");
    as_expected = as_expected && message->payload() == "reading " + std::to_string(i) &&
                  message->duplicate() == repeated;
    if (acknowledge) message->ack();
  }
  return as_expected;
}

}  // namespace

int main(int argc, char** argv) {
  const char* server = argc > 1 ? argv[1] : "mqtt://localhost";
  const std::chrono::seconds expiry(argc > 2 ? std::strtol(argv[2], nullptr, 10) : 60);
  try {
    bool right = true;
    {
      holdfast::Client client(subscriber(server, expiry, holdfast::Start::clean));
      connect(client);
      client.subscribe("sample/readings", holdfast::QoS::at_least_once);
      for (int i = 1; i <= 5; ++i) {
        client.publish("sample/readings", "reading " + std::to_string(i),
                       {.qos = holdfast::QoS::at_least_once});
      }
      client.flush(5s);
      right = take_five(client, false, false);
    }  // Destroyed without disconnect(): for the broker, the connection is lost.

    holdfast::Client client(subscriber(server, expiry, holdfast::Start::resume));
    connect(client);
    right = take_five(client, true, true) && right;
    client.disconnect({.session_expiry_interval = 0s});  // The session is not needed any more.
    std::puts(right ? "nothing was lost" : "something is missing or out of order");
    return right ? 0 : 1;
  } catch (const holdfast::Error& error) {
    std::fprintf(stderr, "02_session: %s\n", error.what());
    return 1;
  }
}
