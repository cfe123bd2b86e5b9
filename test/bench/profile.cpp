// One contestant in one measurement, against the sink of the comparison, under any program: a profiler.
//
//     profile [--under WORD]... PEER MEASUREMENT NAME=VALUE...
//
// The words of --under are the program that runs the contestant, with its arguments. profile.sh knows those
// that are worth it. MEASUREMENT and NAME=VALUE are those of peer_main.cpp; the port is filled in.
#include <cstdlib>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/child.hpp"
#include "bench/peer_process.hpp"
#include "bench/sink.hpp"
#include "support/loopback.hpp"

namespace {

using namespace holdfast::bench;

PeerCommand parse(const std::vector<std::string>& arguments) {
  PeerCommand command;
  std::size_t at = 0;
  for (; at + 1 < arguments.size() && arguments[at] == "--under"; at += 2)
    command.under.push_back(arguments[at + 1]);
  if (arguments.size() < at + 2)
    throw std::invalid_argument("which contestant, and which measurement? See the top of profile.cpp");
  command.peer = arguments[at];
  command.measurement = arguments[at + 1];
  command.arguments.assign(arguments.begin() + static_cast<std::ptrdiff_t>(at) + 2, arguments.end());
  if (!is_built(command.peer)) throw std::invalid_argument("peer_" + command.peer + " was not built");
  return command;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    PeerCommand command = parse({argv + 1, argv + argc});
    const std::uint16_t port = holdfast::support::free_port();
    const auto listener = holdfast::support::listen_on(port);
    std::optional<Server> sink;
    const auto start_sink = [&] { sink.emplace([&] { run_sink(listener); }); };
    start_sink();
    command.arguments.push_back("port=" + std::to_string(port));
    const auto figures = run_peer(command, [&](const std::string& what, pid_t) {
      if (what == "stop answering") sink->pause();
      if (what == "connect again") start_sink();
    });
    for (const auto& [name, value] : figures)
      std::cout << name << ' ' << value << '\n';
  } catch (const std::exception& error) {
    std::cerr << "profile: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
