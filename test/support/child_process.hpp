// A program that a test starts and ends by its own process id.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::support {

class ChildProcess {
 public:
  /// What the child reads and writes: descriptors of the caller's, which keeps them. -1: the caller's own.
  struct Streams {
    int input = -1;
    int output = -1;
    int errors = -1;
  };

  /// Starts `command` (program path, then arguments); stdout and stderr are appended to `log`. Throws
  /// std::system_error when it cannot be started.
  ChildProcess(const std::vector<std::string>& command, const std::filesystem::path& log);
  ChildProcess(const std::vector<std::string>& command, const Streams& streams);
  /// Ends it with SIGKILL if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] bool running();
  void signal(int number);
  /// Waits for its end; the exit code, 128 + n for an end by signal n, nothing if it still runs.
  std::optional<int> wait(std::chrono::milliseconds timeout);

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

}  // namespace holdfast::support
