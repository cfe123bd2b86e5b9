#include "terminal.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "refuse.hpp"

namespace holdfast::tools {

namespace {

// A signal handler reaches nothing but globals.
volatile std::sig_atomic_t caught = 0;

extern "C" void on_signal(int signal) {
  caught = signal;
}

// A signal that ends the process in the middle must not leave a terminal behind that shows nothing: it
// interrupts the reading, and does its work after the terminal is as it was.
class DelayedSignals {
 public:
  DelayedSignals() {
    caught = 0;
    struct sigaction action {};
    action.sa_handler = on_signal;
    for (std::size_t i = 0; i < numbers.size(); ++i)
      ::sigaction(numbers[i], &action, &before_[i]);
  }
  ~DelayedSignals() {
    for (std::size_t i = 0; i < numbers.size(); ++i)
      ::sigaction(numbers[i], &before_[i], nullptr);
    if (caught != 0) ::raise(caught);
  }
  DelayedSignals(const DelayedSignals&) = delete;
  DelayedSignals& operator=(const DelayedSignals&) = delete;

 private:
  static constexpr std::array<int, 4> numbers{SIGINT, SIGTERM, SIGQUIT, SIGHUP};
  std::array<struct sigaction, numbers.size()> before_{};
};

class SilentTerminal {
 public:
  SilentTerminal() : descriptor_(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    if (descriptor_ < 0 || ::tcgetattr(descriptor_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL;
    is_silent_ = ::tcsetattr(descriptor_, TCSAFLUSH, &silent) == 0;
  }
  ~SilentTerminal() {
    if (is_silent_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

  [[nodiscard]] bool is_silent() const noexcept { return is_silent_; }
  void write(std::string_view text) const {
    [[maybe_unused]] const auto written = ::write(descriptor_, text.data(), text.size());
  }
  /// Up to the line's end; false at the end of the input, or if a signal came.
  [[nodiscard]] bool read_line(std::string& line) const {
    for (char c = 0; caught == 0;) {
      const auto got = ::read(descriptor_, &c, 1);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      if (c == '\n') return true;
      line += c;
    }
    return false;
  }

 private:
  const int descriptor_;
  termios before_{};
  bool is_silent_ = false;
};

}  // namespace

std::string ask_secret(const std::string& option, const std::string& question) {
  std::string secret;
  bool typed = false;
  {
    const DelayedSignals signals;
    const SilentTerminal terminal;
    if (!terminal.is_silent()) {
      refuse(option + ": there is no terminal to ask on: use --pw-file or --pw-env");
    }
    terminal.write(question);
    typed = terminal.read_line(secret);
  }
  if (!typed) refuse(option + ": nothing was typed");
  return secret;
}

bool errors_on_terminal() {
  const char* terminal = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe)
  return ::isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

}  // namespace holdfast::tools
