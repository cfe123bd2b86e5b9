// A real mosquitto on a port and in a directory of its own, for tests that kill and restart it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/certificates.hpp"
#include "support/child_process.hpp"
#include "support/temporary_directory.hpp"
#include "support/transport.hpp"

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
  /// What its one listener speaks. A WebSocket listens on all interfaces, whatever it is told.
  Transport transport = Transport::tcp;
  /// What it shows. Default: one of its own authority, for this machine.
  std::optional<Certificate> certificate = {};
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

  /// As its clients have to know them.
  static constexpr const char* psk_identity = "device";
  static constexpr const char* psk = "0123456789abcdef";

  /// Not of a Unix socket.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// As Options::server wants it.
  [[nodiscard]] std::string server() const;
  /// Who made its certificate, and whose clients it lets in. In a file, too.
  [[nodiscard]] CertificateAuthority& authority() noexcept { return authority_; }
  [[nodiscard]] std::string ca_file() const;
  [[nodiscard]] std::string log() const;

  /// SIGKILL: what it had not saved is gone.
  void kill_hard();
  /// SIGSTOP: it answers nobody any more. Only kill_hard() ends that.
  void stand_still();
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
  void write_listener(std::ostream& file, const MosquittoConfig& config);
  void write_certificates(std::ostream& file, const MosquittoConfig& config);
  [[nodiscard]] bool start();
  [[nodiscard]] bool listens() const;

  TemporaryDirectory directory_;
  CertificateAuthority authority_;
  Transport transport_;
  std::uint16_t port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace holdfast::support
