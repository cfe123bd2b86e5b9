// 11: a password that never leaves the program: SCRAM-SHA-256, on connecting and again on the same
// connection.
//
// Run:    11_scram USER PASSWORD-FILE [mqtt://host:port]      (default mqtt://localhost)
// Prints: "authenticated", "authenticated again" and "delivered", or one line that says what is wrong.
// Page:   docs/samples/11_scram.md
#include <cstdio>
#include <fstream>
#include <string>

#include <holdfast/client.hpp>

#include "trace_file.hpp"

using namespace std::chrono_literals;

namespace {

// From a file: other users of the machine can read a program's arguments.
std::string first_line_of(const char* path) {
  std::string line;
  std::getline(std::ifstream(path), line);
  return line;
}

int run(const char* user, const std::string& password, const char* server) {
  holdfast::Options options{.server = server, .client_id = "scram-sample"};
  options.trace = trace_file();
  options.authenticator = holdfast::scram_sha_256(user, password);
  holdfast::Client client(std::move(options));
  client.connect();
  std::puts("authenticated");  // Both ways: the broker has shown that it knows the password, too.
  client.reauthenticate(10s);  // Where credentials run out while the connection stands.
  std::puts("authenticated again");
  auto delivery = client.publish("plant/17/temperature", "21.5", {.qos = holdfast::QoS::at_least_once});
  const bool delivered = delivery.wait_for(5s) && delivery.result();
  std::puts(delivered ? "delivered" : "not delivered");
  client.disconnect();
  return delivered ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: 11_scram USER PASSWORD-FILE [mqtt://host:port]\n", stderr);
    return 2;
  }
  try {
    return run(argv[1], first_line_of(argv[2]), argc > 3 ? argv[3] : "mqtt://localhost");
  } catch (const holdfast::Error& error) {
    // authentication_failed: the broker could not show that it knows the password. Do not trust it.
    std::fprintf(stderr, "11_scram: %s\n", error.what());
    return 1;
  }
}
