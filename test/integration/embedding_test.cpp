// What a client does to the process that it lives in: nothing that the application would notice.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <new>

#include "client_under_test.hpp"
#include "support/temporary_directory.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

/// What is one for the whole process, and the application's to set.
struct Globals {
  std::vector<struct sigaction> signals;
  std::terminate_handler on_terminate = std::get_terminate();
  std::new_handler on_no_memory = std::get_new_handler();
  std::string locale = std::setlocale(LC_ALL, nullptr);

  Globals() {
    for (int number = 1; number <= SIGRTMAX; ++number) {
      struct sigaction action {};
      ::sigaction(number, nullptr, &action);
      signals.push_back(action);
    }
  }
};

bool same_handlers(const std::vector<struct sigaction>& one, const std::vector<struct sigaction>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const auto& left, const auto& right) {
                      return left.sa_handler == right.sa_handler && left.sa_flags == right.sa_flags;
                    });
}

/// stdout and stderr go to a file as long as it lives.
class CapturedOutput {
 public:
  explicit CapturedOutput(std::string file) : file_(std::move(file)) {
    flush();
    const Descriptor target(::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
      kept_.emplace_back(::fcntl(stream, F_DUPFD_CLOEXEC, 0));
      ::dup2(target.get(), stream);
    }
  }
  ~CapturedOutput() { end(); }
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;

  std::string end() {
    flush();
    for (std::size_t index = 0; index < kept_.size(); ++index)
      ::dup2(kept_[index].get(), STDOUT_FILENO + static_cast<int>(index));
    kept_.clear();
    std::ifstream written(file_);
    return {std::istreambuf_iterator<char>(written), {}};
  }

 private:
  static void flush() {
    std::cout.flush();
    std::cerr.flush();
    std::fflush(nullptr);
  }

  std::string file_;
  std::vector<Descriptor> kept_;
};

/// As an application that says nothing of a log.
Options without_logger(const std::string& server) {
  Options options = quick(server);
  options.logger = nullptr;
  return options;
}

/// All that a client could complain of: nobody there, a peer that speaks no TLS, no such store, a broker that
/// breaks the protocol and connections.
void live_through_trouble(const std::filesystem::path& directory) {
  ScriptedBroker broker;
  Options nobody = without_logger(server_at(free_port()));
  nobody.connect_timeout = 1s;
  CHECK_THROWS_AS(Client(nobody).connect(), Error);
  Options no_tls = without_logger("mqtts://127.0.0.1:" + std::to_string(broker.port()));
  no_tls.handshake_timeout = 1s;
  CHECK_THROWS_AS(Client(no_tls).connect(), Error);
  CHECK_THROWS_AS(sqlite_store(directory / "missing" / "session.db"), Error);
  Client client(without_logger(broker.server()));
  client.connect();
  broker.send(std::string("\xF0\x00", 2));
  CHECK(wait_for<Reconnecting>(client));
  CHECK(client.publish("t", "1", {.qos = QoS::at_least_once}).wait_for(patience));
  broker.reset_connection();
  CHECK(client.publish("t", "2", {.qos = QoS::exactly_once}).wait_for(patience));
  client.disconnect();
}

}  // namespace

TEST_CASE("a client in trouble prints nothing, and leaves signals and global handlers as they are",
          "[integration][embedding]") {
  const TemporaryDirectory directory;
  const Globals before;
  CapturedOutput output(directory.path() / "output");
  live_through_trouble(directory.path());
  const std::string printed = output.end();
  CHECK(printed.empty());
  INFO(printed);
  const Globals after;
  CHECK(same_handlers(before.signals, after.signals));
  CHECK(before.on_terminate == after.on_terminate);
  CHECK(before.on_no_memory == after.on_no_memory);
  CHECK(before.locale == after.locale);
}

TEST_CASE(
    "a forked child may end its copy of a client and make one of its own; the parent's goes on undisturbed",
    "[integration][embedding]") {
  const TemporaryDirectory directory;
  ScriptedBroker broker;
  Options options = quick(broker.server(), "parent");
  options.store = sqlite_store(directory.path() / "session.db");
  auto client = std::make_unique<Client>(options);
  client->connect();
  CHECK(client->publish("t", "before", {.qos = QoS::at_least_once}).wait_for(patience));

  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto begun = std::chrono::steady_clock::now();
    client.reset();
    options = {};
    bool well = std::chrono::steady_clock::now() - begun < 1s;
#ifndef HOLDFAST_SANITIZED  // The thread sanitizer refuses new threads after a fork.
    try {
      Client own(quick(broker.server(), "child"));
      own.connect();
      well = well && own.publish("t", "child", {.qos = QoS::at_least_once}).wait_for(patience);
      own.disconnect();
    } catch (const Error&) {
      well = false;
    }
#endif
    ::_exit(well ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(client->publish("t", "after", {.qos = QoS::at_least_once}).wait_for(patience));
  CHECK(client->statistics().connects == 1);
  CHECK(client->disconnect({.drain = patience}));
  CHECK(broker.violations() == nothing);
}
