// A process that a test forks, and kills at any moment.
#pragma once

#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/descriptor.hpp"

namespace holdfast::support {

/// How often a test kills. HOLDFAST_KILLS in the environment asks for more.
inline int kills() {
  const char* asked = std::getenv("HOLDFAST_KILLS");
  return asked != nullptr ? std::atoi(asked) : 20;
}

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    reading = Descriptor(ends[0]);
    writing = Descriptor(ends[1]);
  }
  Descriptor reading;
  Descriptor writing;
};

/// Runs `work` with a descriptor to which it writes Reports, one with each write. What it had reported is
/// there after it was killed. No thread of the test's may run when it is made.
template <class Report>
class ForkedProcess {
 public:
  template <class Work>
  explicit ForkedProcess(Work work) {
    Pipe pipe;
    pid_ = ::fork();
    if (pid_ == 0) {
      pipe.reading.close();
      try {
        work(pipe.writing.get());
        ::_exit(0);
      } catch (...) {
      }
      ::_exit(2);  // Nothing that belongs to the parent may be ended here.
    }
    reports_ = std::move(pipe.reading);
  }
  ~ForkedProcess() {
    if (pid_ > 0) kill();
  }
  ForkedProcess(const ForkedProcess&) = delete;
  ForkedProcess& operator=(const ForkedProcess&) = delete;

  /// Waits for the next report; nothing if the process has ended.
  std::optional<Report> next() {
    Report report{};
    if (::read(reports_.get(), &report, sizeof report) != sizeof report) return std::nullopt;
    return report;
  }
  /// Kills it; what it had reported and nobody has taken.
  std::vector<Report> kill() {
    ::kill(pid_, SIGKILL);
    std::vector<Report> rest;
    while (const auto report = next())
      rest.push_back(*report);
    wait();
    return rest;
  }
  /// Waits until it has ended; whether its work was done.
  bool wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

 private:
  pid_t pid_ = -1;
  Descriptor reports_;
};

/// Writes a report. Throws when nobody reads it any more.
template <class Report>
void report_to(int reports, const Report& report) {
  if (::write(reports, &report, sizeof report) != sizeof report) throw std::runtime_error("nobody reads");
}

}  // namespace holdfast::support
