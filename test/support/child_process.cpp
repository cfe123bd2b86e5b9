#include "support/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "support/descriptor.hpp"
#include "support/eventually.hpp"

namespace holdfast::support {
namespace {

/// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(char* const* arguments, const ChildProcess::Streams& streams,
                         bool dies_with_parent) {
  if (dies_with_parent) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  if (streams.input >= 0) ::dup2(streams.input, STDIN_FILENO);
  if (streams.output >= 0) ::dup2(streams.output, STDOUT_FILENO);
  if (streams.errors >= 0) ::dup2(streams.errors, STDERR_FILENO);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

pid_t start(const std::vector<std::string>& command, const ChildProcess::Streams& streams) {
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  // The signal comes when the parent's thread ends, so only the main thread may ask for it.
  const bool dies_with_parent = ::syscall(SYS_gettid) == ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid == 0) become(arguments.data(), streams, dies_with_parent);
  return pid;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command, const std::filesystem::path& log) {
  const Descriptor output(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!output) throw std::system_error(errno, std::generic_category(), log.string());
  pid_ = start(command, {.output = output.get(), .errors = output.get()});
}

ChildProcess::ChildProcess(const std::vector<std::string>& command, const Streams& streams)
    : pid_(start(command, streams)) {}

ChildProcess::~ChildProcess() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  wait(patience);
}

bool ChildProcess::running() {
  if (status_) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) {
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return !status_;
}

void ChildProcess::signal(int number) {
  if (running()) ::kill(pid_, number);
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds timeout) {
  (void)eventually([this] { return !running(); }, timeout);
  return status_;
}

}  // namespace holdfast::support
