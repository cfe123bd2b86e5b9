#include "bench/peer_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "support/child_process.hpp"
#include "support/descriptor.hpp"

namespace holdfast::bench {

namespace {

using namespace std::chrono_literals;
using support::ChildProcess;
using support::Descriptor;

constexpr std::chrono::seconds patience_for_version{20};

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    out = Descriptor(ends[0]);
    in = Descriptor(ends[1]);
  }
  Descriptor out;
  Descriptor in;
};

/// The lines that a program prints.
class Lines {
 public:
  Lines(const Descriptor& from, std::chrono::seconds patience)
      : from_(from), patience_(patience), deadline_(std::chrono::steady_clock::now() + patience) {}

  /// Nothing at the end.
  std::optional<std::string> next() {
    for (;;) {
      if (const std::size_t end = text_.find('\n'); end != std::string::npos) {
        std::string line = text_.substr(0, end);
        text_.erase(0, end + 1);
        return line;
      }
      pollfd waiting{from_.get(), POLLIN, 0};
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
      if (left <= 0ms || ::poll(&waiting, 1, static_cast<int>(left.count())) == 0)
        throw std::runtime_error("did not finish in " + std::to_string(patience_.count()) + " s");
      std::array<char, 4096> buffer{};
      const ssize_t count = ::read(from_.get(), buffer.data(), buffer.size());
      if (count <= 0) return std::nullopt;
      text_.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

 private:
  const Descriptor& from_;
  const std::chrono::seconds patience_;
  const std::chrono::steady_clock::time_point deadline_;
  std::string text_;
};

std::vector<std::string> command_line(const PeerCommand& command) {
  std::vector<std::string> line = command.under;
  line.push_back(path_of_peer(command.peer));
  line.push_back(command.measurement);
  line.insert(line.end(), command.arguments.begin(), command.arguments.end());
  return line;
}

}  // namespace

std::string path_beside(const std::string& name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

std::string path_of_peer(const std::string& peer) {
  return path_beside("peer_" + peer);
}

bool is_built(const std::string& peer) {
  return ::access(path_of_peer(peer).c_str(), X_OK) == 0;
}

std::map<std::string, double> run_peer(const PeerCommand& command, const Answer& answer) {
  Pipe input;
  Pipe output;
  ChildProcess process(command_line(command), ChildProcess::Streams{input.out.get(), output.in.get(), -1});
  output.in.close();
  std::map<std::string, double> figures;
  Lines lines(output.out, command.patience);
  while (const auto line = lines.next()) {
    if (line->starts_with("? ")) {
      if (answer) answer(line->substr(2), process.pid());
      if (::write(input.in.get(), "\n", 1) != 1) throw std::runtime_error(command.peer + " reads no answer");
      continue;
    }
    std::istringstream words(*line);
    std::string name;
    words >> name >> figures[name];
  }
  const auto code = process.wait(10s);
  if (!code) throw std::runtime_error("did not end after its last figure");
  if (*code != 0) throw std::runtime_error("failed: exit code " + std::to_string(*code));
  return figures;
}

std::string version_of_peer(const std::string& peer) {
  Pipe output;
  ChildProcess process({path_of_peer(peer), "version"}, ChildProcess::Streams{-1, output.in.get(), -1});
  output.in.close();
  return Lines(output.out, patience_for_version).next().value_or("?");
}

}  // namespace holdfast::bench
