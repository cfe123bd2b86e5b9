#include <iostream>
#include <string>

#include "bench/measurements.hpp"

namespace holdfast::bench {

void ask(const char* what) {
  std::cout << "? " << what << std::endl;
  std::string answer;
  std::getline(std::cin, answer);
}

Figures measure_idle(const Job& job) {
  const auto peer = make_peer(job);
  peer->connect();
  ask("look");
  peer->disconnect();
  return {};
}

Figures measure_pending(const Job& job) {
  const auto peer = make_peer(job);
  peer->connect();
  ask("stop answering");
  ask("look");
  peer->publish(job.messages);
  ask("look");
  return {};
}

}  // namespace holdfast::bench
