#include "stop_signal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace holdfast::tools {

namespace {

// A signal handler reaches nothing but globals.
std::array<int, 2> pipe_ends{-1, -1};
volatile std::sig_atomic_t stopped_by = 0;

extern "C" void on_stop_signal(int signal) {
  stopped_by = signal;
  [[maybe_unused]] const auto written = ::write(pipe_ends[1], "", 1);
}

}  // namespace

StopSignal::StopSignal() {
  if (::pipe(pipe_ends.data()) != 0) return;
  for (const int end : pipe_ends) {
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
    ::fcntl(end, F_SETFL, O_NONBLOCK);
  }
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  // What is being written is written to its end. If nobody reads it, a second signal ends the process.
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

StopSignal::~StopSignal() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  for (const int end : pipe_ends)
    ::close(end);
}

bool StopSignal::wait(std::chrono::milliseconds timeout) const {
  pollfd readable{descriptor(), POLLIN, 0};
  return ::poll(&readable, 1, static_cast<int>(timeout.count())) > 0;
}

int StopSignal::descriptor() const {
  return pipe_ends[0];
}

void end_by_stop_signal() {
  if (stopped_by == 0) return;
  std::signal(stopped_by, SIG_DFL);
  std::raise(stopped_by);
}

}  // namespace holdfast::tools
