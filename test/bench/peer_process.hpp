// A contestant's program, run for one measurement.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace holdfast::bench {

struct PeerCommand {
  std::string peer;                    ///< The program is peer_NAME, beside this one.
  std::string measurement;             ///< Its first argument,
  std::vector<std::string> arguments;  ///< and the others, as NAME=VALUE.
  std::vector<std::string> under;      ///< A program, with its arguments, to run it.
  std::chrono::seconds patience{100};  ///< After which it is killed: no measurement takes half as long.
};

/// Called for each thing that the program asks for; it goes on afterwards.
using Answer = std::function<void(const std::string& what, pid_t process)>;

/// A file in the directory of this program.
[[nodiscard]] std::string path_beside(const std::string& name);
/// The program of a contestant; it may be missing.
[[nodiscard]] std::string path_of_peer(const std::string& peer);
[[nodiscard]] bool is_built(const std::string& peer);
/// What the program printed. Throws std::runtime_error if it failed (it has said why on stderr) or did not
/// finish; it does not run any more then.
std::map<std::string, double> run_peer(const PeerCommand& command, const Answer& answer = {});
/// The first line it prints when asked for its version.
std::string version_of_peer(const std::string& peer);

}  // namespace holdfast::bench
