// A real mosquitto on a port and in a directory of its own, for tests that kill and restart it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/child_process.hpp"
#include "support/temporary_directory.hpp"

namespace holdfast::support {

/// When mosquitto writes its sessions and messages to disk.
enum class Persistence : std::uint8_t {
  none,             ///< Never: a restart forgets everything.
  on_demand,        ///< At save() and terminate() only.
  on_every_change,  ///< After every change, and at terminate().
};

struct MosquittoConfig {
  Persistence persistence = Persistence::none;
  /// User names and passwords. Empty: everybody is let in.
  std::vector<std::pair<std::string, std::string>> users = {};
  /// Further lines of the configuration file, such as "max_inflight_messages 3".
  std::vector<std::string> lines = {};
};

/// One thread at a time. The program is ended with the object.
class Mosquitto {
 public:
  /// Starts it and waits until it accepts connections. Throws std::runtime_error with its log if it does not.
  explicit Mosquitto(const MosquittoConfig& config = {});

  /// Whether /usr/sbin/mosquitto is there.
  [[nodiscard]] static bool installed();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string server() const;
  [[nodiscard]] std::string log() const;

  /// SIGKILL: what it had not saved is gone.
  void kill_hard();
  /// SIGTERM: it saves, if persistent, and ends.
  void terminate();
  /// Starts it again on the same port after kill_hard() or terminate().
  void restart();
  /// SIGUSR1: it saves now; returns when the file is written.
  void save();
  /// Deletes what it saved. Call it while the program is down.
  void wipe_database();

 private:
  void write_configuration(const MosquittoConfig& config);
  [[nodiscard]] bool start();

  TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace holdfast::support
