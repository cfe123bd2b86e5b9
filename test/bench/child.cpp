#include "bench/child.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>

#include "support/descriptor.hpp"

namespace holdfast::bench {

namespace {

// No measurement takes half as long.
constexpr int patience_ms = 100'000;

/// Runs `body` in a child that ends with its parent; the child's exit code tells whether it threw.
pid_t run_in_child(const std::function<void()>& body) {
  const pid_t pid = ::fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid > 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  int code = 0;
  try {
    body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    code = 1;
  }
  ::_exit(code);
}

}  // namespace

Sample measure_in_child(const std::function<Sample()>& work) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const support::Descriptor out(ends[0]);
  support::Descriptor in(ends[1]);
  const pid_t pid = run_in_child([&] {
    const Sample sample = work();
    if (::write(in.get(), &sample, sizeof sample) != sizeof sample)
      throw std::runtime_error("the pipe broke");
  });
  in.close();
  pollfd measured{out.get(), POLLIN, 0};
  const bool finished = ::poll(&measured, 1, patience_ms) > 0;
  if (!finished) ::kill(pid, SIGKILL);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!finished)
    throw std::runtime_error("a measured client did not finish in " + std::to_string(patience_ms / 1'000) +
                             " s");
  Sample sample;
  if (status != 0 || ::read(out.get(), &sample, sizeof sample) != sizeof sample)
    throw std::runtime_error("a measured client failed");
  return sample;
}

Server::Server(const std::function<void()>& serve) : pid_(run_in_child(serve)) {}

Server::~Server() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Server::pause() const {
  ::kill(pid_, SIGSTOP);
}

}  // namespace holdfast::bench
