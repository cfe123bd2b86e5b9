// A contestant: does what the command line says, and prints what it took, a name and a number a line.
//
//     peer_NAME MEASUREMENT NAME=VALUE...
//
// A line "? WORD" asks whoever started it to do something; it goes on when it has read a line.
#include <cstdlib>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>

#include "bench/measurements.hpp"
#include "bench/peer.hpp"
#include "bench/stream.hpp"

namespace {

using namespace holdfast::bench;

using Measure = Figures (*)(const Job&);

const std::map<std::string, Measure> measurements{
    {"publish", measure_publish}, {"receive", measure_receive}, {"round_trip", measure_round_trip},
    {"paced", measure_paced},     {"connect", measure_connect}, {"replay", measure_replay},
    {"idle", measure_idle},       {"pending", measure_pending},
};

Job parse(int argc, char** argv) {
  if (argc < 2) throw std::invalid_argument("which measurement?");
  Job job;
  job.measurement = argv[1];
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : argument.substr(equals + 1);
    if (name == "port") {
      job.port = static_cast<std::uint16_t>(std::stoul(value));
    } else if (name == "qos") {
      job.qos = std::stoi(value);
    } else if (name == "size") {
      job.payload_size = std::stoul(value);
    } else if (name == "messages") {
      job.messages = static_cast<std::uint32_t>(std::stoul(value));
    } else if (name == "threads") {
      job.threads = static_cast<unsigned>(std::stoul(value));
    } else if (name == "outstanding") {
      job.outstanding = static_cast<std::uint32_t>(std::stoul(value));
    } else if (name == "rate") {
      job.rate = std::stod(value);
    } else if (name == "ca") {
      job.ca_file = value;
    } else if (name == "resume") {
      job.resume = value == "1";
    } else if (name == "warm_up") {
      job.warm_up = value == "1";
    } else if (name == "publisher") {
      job.publisher = value == "1";
    } else {
      throw std::invalid_argument("unknown: " + argument);
    }
  }
  return job;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Job job = parse(argc, argv);
    if (job.measurement == "version") {
      std::cout << peer_version() << std::endl;
      return EXIT_SUCCESS;
    }
    const auto found = measurements.find(job.measurement);
    if (found == measurements.end()) throw std::invalid_argument("unknown: " + job.measurement);
    for (const auto& [name, value] : found->second(job))
      std::cout << name << ' ' << value << '\n';
    std::cout.flush();
  } catch (const EndOfStream&) {
    std::cerr << argv[0] << ": the connection ended\n";
    return EXIT_FAILURE;
  } catch (const std::exception& error) {
    std::cerr << argv[0] << ": " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
