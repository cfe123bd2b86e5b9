// 06: a question and its answer: a service that squares numbers, and a client that asks it.
//
// Run:    06_request_reply serve [mqtt://host:port]          (default mqtt://localhost)
//         06_request_reply ask NUMBER [mqtt://host:port]
// Prints: each request as it is answered; or the answer.
// Page:   docs/samples/06_request_reply.md
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include <holdfast/client.hpp>

#include "trace_file.hpp"

using namespace std::chrono_literals;

namespace {

void serve(const std::string& server) {
  holdfast::Client client({.server = server, .client_id = "square-service", .trace = trace_file()});
  client.connect();
  const auto granted = client.subscribe("service/square", holdfast::QoS::at_least_once);
  if (is_error(granted)) throw std::runtime_error("refused: " + std::string(to_string(granted)));
  std::puts("serving");
  std::fflush(stdout);
  for (auto& request : client.messages()) {
    const double number = std::strtod(std::string(request.payload()).c_str(), nullptr);
    // The Response Topic and the Correlation Data of the request say whom the answer is for.
    if (request.response_topic()) client.reply(request, std::to_string(number * number));
    std::printf("%g squared\n", number);
    std::fflush(stdout);
  }
}

void ask(const std::string& number, const std::string& server) {
  holdfast::Client client({.server = server, .trace = trace_file()});
  client.connect();
  const auto answer = client.request("service/square", number, 5s);
  std::printf("%s\n", std::string(answer.payload()).c_str());
  client.disconnect();
}

}  // namespace

int main(int argc, char** argv) {
  const bool serving = argc >= 2 && std::strcmp(argv[1], "serve") == 0;
  const bool asking = argc >= 3 && std::strcmp(argv[1], "ask") == 0;
  if (!serving && !asking) {
    std::fprintf(stderr, "06_request_reply: needs serve, or ask and a number\n");
    return 1;
  }
  const int server = serving ? 2 : 3;
  try {
    const std::string where = argc > server ? argv[server] : "mqtt://localhost";
    serving ? serve(where) : ask(argv[2], where);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "06_request_reply: %s\n", error.what());
    return 1;
  }
}
