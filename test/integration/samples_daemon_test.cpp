// The daemon of samples/12_daemon.cpp, as systemd sees it: through NOTIFY_SOCKET, signals and its status.
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <holdfast/store_file.hpp>

#include "client_under_test.hpp"
#include "sample_page.hpp"
#include "tool_under_test.hpp"

using namespace holdfast;
using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

/// systemd's end of NOTIFY_SOCKET.
class ServiceManager {
 public:
  ServiceManager() : path_((directory_.path() / "notify").string()) {
    socket_ = Descriptor(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("no socket to notify");
    listener_ = std::thread([this] { listen(); });
  }
  ~ServiceManager() {
    ended_ = true;
    listener_.join();
  }
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  /// The command line of the daemon under it.
  [[nodiscard]] Arguments command(const std::string& server,
                                  const std::vector<std::string>& settings = {}) const {
    Arguments command{"/usr/bin/env", "-u", "JOURNAL_STREAM", "NOTIFY_SOCKET=" + path_,
                      "STATE_DIRECTORY=" + directory_.path().string()};
    command.insert(command.end(), settings.begin(), settings.end());
    command.insert(command.end(), {HOLDFAST_12_DAEMON, server});
    return command;
  }

  /// How many messages wait in the daemon's store.
  [[nodiscard]] std::size_t stored() const {
    return StoreFile(directory_.path() / "plant-17.store").summary().messages();
  }

  /// Whether it is told of this once more.
  [[nodiscard]] bool hears(std::string_view what) {
    return eventually(
        [&] {
          const std::lock_guard lock(mutex_);
          const auto found = heard_.find(what);
          if (found == std::string::npos) return false;
          heard_.erase(0, found + what.size());
          return true;
        },
        program_patience);
  }

 private:
  // All the time, as systemd does: who notifies waits while the socket is full.
  void listen() {
    std::array<char, 4096> bytes{};
    while (!ended_) {
      pollfd polled{socket_.get(), POLLIN, 0};
      if (poll(&polled, 1, 10) != 1) continue;
      const ssize_t size = recv(socket_.get(), bytes.data(), bytes.size(), 0);
      const std::lock_guard lock(mutex_);
      if (size > 0) heard_.append(bytes.data(), static_cast<std::size_t>(size)) += '\n';
    }
  }

  TemporaryDirectory directory_;
  std::string path_;
  Descriptor socket_;
  std::mutex mutex_;
  std::string heard_;  // Guarded by mutex_.
  std::atomic<bool> ended_{false};
  std::thread listener_;
};

std::uint64_t readings(Client& client, std::uint64_t wanted) {
  const auto end = std::chrono::steady_clock::now() + program_patience;
  std::uint64_t count = 0;
  while (count < wanted && std::chrono::steady_clock::now() < end) {
    const auto message = client.receive(1s);
    if (!message) continue;
    if (message->topic() == "plant/17/load") ++count;
  }
  return count;
}

/// A client that sees what the daemon publishes, and what its will says.
Client& watch(Client& client) {
  client.connect();
  client.subscribe("plant/#", QoS::at_least_once);
  return client;
}

/// The next thing said of the daemon's being alive.
std::string alive(Client& client) {
  while (const auto message = client.receive(program_patience)) {
    if (message->topic() == "plant/17/alive") return std::string(message->payload());
  }
  return "nothing";
}

}  // namespace

TEST_CASE("12_daemon is ready, shows signs of life, takes a period and stops without its will",
          "[integration][samples]") {
  Mosquitto mosquitto;
  Client client(quick(mosquitto.server()));
  watch(client);
  ServiceManager manager;
  const TemporaryDirectory directory;
  const auto trace = directory.path() / "trace";
  Program daemon(manager.command(mosquitto.server(), {"WATCHDOG_USEC=100000", "TRACE=" + trace.string()}));
  CHECK(manager.hears("READY=1"));
  CHECK(manager.hears("STATUS=Connected"));
  CHECK(alive(client) == "yes");
  CHECK(readings(client, 1) == 1);
  client.publish("plant/17/period", "soon", {.qos = QoS::at_least_once});
  client.publish("plant/17/period", "86400", {.qos = QoS::at_least_once});
  client.publish("plant/17/period", "0.01", {.qos = QoS::at_least_once});
  // With the first period that would take three minutes, with the second for ever.
  CHECK(readings(client, 200) == 200);
  for (int sign = 0; sign < 3; ++sign)
    CHECK(manager.hears("WATCHDOG=1"));
  daemon.signal(SIGTERM);
  CHECK(manager.hears("STOPPING=1"));
  const Outcome outcome = daemon.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.errors.find("\"soon\" is no period") != std::string::npos);
  CHECK(alive(client) == "no");
  // The will would have come before this.
  client.publish("plant/17/alive", "asked", {.qos = QoS::at_least_once});
  CHECK(alive(client) == "asked");
  CHECK(not_in_trace("12_daemon", trace) == nothing);
}

TEST_CASE("12_daemon is ready without a broker, and what it read before it was killed arrives",
          "[integration][samples]") {
  Mosquitto mosquitto;
  mosquitto.kill_hard();
  ServiceManager manager;
  {
    Program daemon(manager.command(mosquitto.server()));
    CHECK(manager.hears("READY=1"));
    CHECK(manager.hears("STATUS=Not connected"));
    CHECK(eventually([&] { return manager.stored() >= 4; }, program_patience));
    daemon.signal(SIGKILL);
    CHECK(daemon.wait().status == 128 + SIGKILL);
  }
  mosquitto.restart();
  Client client(quick(mosquitto.server()));
  watch(client);
  Program daemon(manager.command(mosquitto.server()));
  // It says that it is alive as soon as it is connected: the new process itself read once or twice before.
  std::size_t before = 0;
  for (auto message = client.receive(program_patience); message; message = client.receive(program_patience)) {
    if (message->payload() == "yes") break;
    if (message->topic() == "plant/17/load") ++before;
  }
  CHECK(before >= 4);
  daemon.signal(SIGINT);
  CHECK(daemon.wait().status == 0);
}

TEST_CASE("12_daemon that the broker does not let in ends with the reason", "[integration][samples]") {
  Mosquitto mosquitto({.users = {{"somebody", "else"}}});
  ServiceManager manager;
  Program daemon(manager.command(mosquitto.server()));
  CHECK(manager.hears("STATUS=the broker does not let this client in"));
  CHECK(daemon.wait().status == 1);
}

TEST_CASE("the daemon of sample 12 logs to its stderr where that is not the journal",
          "[integration][samples]") {
  ServiceManager manager;
  Program daemon(manager.command("mqtt://127.0.0.1:1", {"JOURNAL_STREAM=1:2"}));
  REQUIRE(manager.hears("READY=1"));
  daemon.signal(SIGTERM);
  const Outcome outcome = daemon.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.errors.find("12_daemon") != std::string::npos);
}
