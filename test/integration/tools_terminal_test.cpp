// The tools on a terminal: what they ask there, and how they show how far they are.
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>
#include <tuple>

#include "support/scripted_broker.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;

namespace {

/// A program on a terminal of its own.
class OnTerminal {
 public:
  /// `input`: where its stdin comes from instead.
  explicit OnTerminal(const Arguments& command, const Descriptor& input = {}) {
    if (!own_ || ::grantpt(own_.get()) != 0 || ::unlockpt(own_.get()) != 0)
      throw std::system_error(errno, std::generic_category(), "a pseudo-terminal");
    side_ = Descriptor(::open(::ptsname(own_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    Arguments prefix{"/usr/bin/env", "TERM=xterm", "XDG_CONFIG_HOME=" + empty_.path().string()};
    if (!input) prefix.insert(prefix.begin(), {"/usr/bin/setsid", "--ctty"});
    process_ = std::make_unique<ChildProcess>(
        both(prefix, command),
        ChildProcess::Streams{input ? input.get() : side_.get(), side_.get(), side_.get()});
  }

  /// All that was shown so far.
  [[nodiscard]] const std::string& shown() {
    std::array<char, 4096> bytes;
    for (ssize_t got = 1; got > 0;) {
      got = ::read(own_.get(), bytes.data(), bytes.size());
      if (got > 0) shown_.append(bytes.data(), static_cast<std::size_t>(got));
    }
    return shown_;
  }
  [[nodiscard]] bool wait_for(const std::string& text) {
    return eventually([&] { return shown().find(text) != std::string::npos; }, program_patience);
  }
  void type(std::string_view text) {
    if (::write(own_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throw std::system_error(errno, std::generic_category(), "typing");
  }
  [[nodiscard]] bool echoes() const {
    termios settings{};
    return ::tcgetattr(side_.get(), &settings) == 0 && (settings.c_lflag & ECHO) != 0;
  }
  int wait() { return process_->wait(program_patience).value_or(-1); }

 private:
  TemporaryDirectory empty_;
  Descriptor own_{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)};
  Descriptor side_;
  std::string shown_;
  std::unique_ptr<ChildProcess> process_;
};

/// Where it could be written as on a terminal, if there were one.
Arguments with_term(const Arguments& command) {
  return both({"/usr/bin/env", "TERM=xterm"}, command);
}

Arguments asking(const ScriptedBroker& broker) {
  return pub(broker.port(), {"-t", "t", "-m", "x", "-q", "1", "-u", "alice", "--pw-prompt"});
}

}  // namespace

TEST_CASE("--pw-prompt asks on the terminal and does not show what is typed", "[integration][tools]") {
  ScriptedBroker broker;
  OnTerminal program(asking(broker));
  REQUIRE(program.wait_for("Password: "));
  CHECK_FALSE(program.echoes());
  program.type("s3cret\n");
  CHECK(program.wait() == 0);
  CHECK(broker.received(PacketType::connect).at(0).password == "s3cret");
  CHECK(program.shown().find("s3cret") == std::string::npos);
  CHECK(program.echoes());
}

TEST_CASE("a signal at --pw-prompt ends the tool and leaves the terminal as it was", "[integration][tools]") {
  ScriptedBroker broker;
  OnTerminal program(asking(broker));
  REQUIRE(program.wait_for("Password: "));
  program.type("s3cr\x03");
  CHECK(program.wait() == 128 + SIGINT);
  CHECK(program.echoes());
  CHECK(broker.connections() == 0);
}

TEST_CASE("--pw-prompt without a terminal says what else there is", "[integration][tools]") {
  ScriptedBroker broker;
  const Outcome outcome = run(both({"/usr/bin/setsid"}, asking(broker)));
  CHECK(outcome.status == 1);
  CHECK(fault_in(outcome.errors, "holdfast_pub", {"--pw-prompt", "no terminal", "--pw-file", "--pw-env"}) ==
        "");
  CHECK(broker.connections() == 0);
}

TEST_CASE("the ways to give a password exclude each other", "[integration][tools]") {
  for (const char* way : {"--pw-file f", "--pw-env E", "--pw-prompt"}) {
    const Outcome outcome = run(both({HOLDFAST_PUB, "-t", "t", "-m", "x", "-P", "secret"}, split(way)));
    CHECK(outcome.status == 1);
    CHECK(fault_in(outcome.errors, "holdfast_pub", {"-P", "--pw-prompt", "give one"}) == "");
    CHECK(count_of("secret", outcome.errors) == 0);
  }
}

TEST_CASE("long publishing shows on a terminal, and only there, how far it is", "[integration][tools]") {
  ScriptedBroker broker;
  const Arguments command = pub(broker.port(), {"-t", "t", "-q", "1", "-l", "--reconnect-delay-max", "0.01"});
  Descriptor reading;
  Descriptor writing;
  std::tie(reading, writing) = make_pipe();
  const auto give = [&](std::string_view text) {
    REQUIRE(::write(writing.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  };
  OnTerminal program(command, reading);
  Program elsewhere(with_term(command));
  give("1\n2\n");
  elsewhere.give("1\n2\n");
  REQUIRE(program.wait_for("/s, 2 acknowledged, 0 pending, 0 reconnects"));
  broker.go_down();
  give("3\n");
  REQUIRE(program.wait_for("2 acknowledged, 1 pending, 0 reconnects, not connected"));
  broker.come_up();
  REQUIRE(program.wait_for("3 acknowledged, 0 pending, 1 reconnect"));
  writing.close();
  CHECK(program.wait() == 0);
  // Nothing of it stays.
  const std::string& shown = program.shown();
  CHECK(shown.substr(shown.size() - 4) == "\r\033[K");
  elsewhere.end_input();
  const Outcome outcome = elsewhere.wait();
  CHECK(outcome.status == 0);
  CHECK(count_of("acknowledged", outcome.errors) == 0);
  CHECK(count_of("\033", outcome.errors) == 0);
}

TEST_CASE("holdfast_bench shows on a terminal, and only there, how it goes", "[integration][tools][bench]") {
  ScriptedBroker broker;
  const Arguments command{HOLDFAST_BENCH, "-h", "127.0.0.1", "-p",  std::to_string(broker.port()),
                          "--ramp",       "0",  "--rate",    "100", "--duration",
                          "1000"};
  OnTerminal program(command);
  Program elsewhere(with_term(command));
  REQUIRE(program.wait_for("\r\033[K2 of 2 connected, "));
  REQUIRE(program.wait_for("/s published, "));
  REQUIRE(program.wait_for("/s received, p50 "));
  program.type("\x03");
  CHECK(program.wait() == 0);
  CHECK(program.wait_for("received        "));
  elsewhere.signal(SIGTERM);
  CHECK(elsewhere.wait().errors == "");
}

TEST_CASE("nothing is written into the line that somebody types for holdfast_pub -l",
          "[integration][tools]") {
  ScriptedBroker broker;
  OnTerminal program(pub(broker.port(), {"-t", "t", "-q", "1", "-l"}));
  program.type("1\n2\nthre");
  REQUIRE(broker.wait_until([&] { return broker.accepted_count() == 2; }));
  // Since then it would have shown how far it is.
  const auto later = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
  REQUIRE(eventually([&] { return std::chrono::steady_clock::now() > later; }));
  CHECK(program.shown() == "1\r\n2\r\nthre");
  program.type("e\n\x04");
  CHECK(program.wait() == 0);
  CHECK(broker.accepted().at(2).payload == "three");
}
