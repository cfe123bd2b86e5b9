// What every contestant can do, so that each measurement is written once. Each is a program of its own
// (peer_NAME), so that neither its memory nor its CPU time has anything of another's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "bench/work.hpp"

namespace holdfast::bench {

using TimePoint = std::chrono::steady_clock::time_point;

/// What is to be measured, from the command line.
struct Job {
  std::string measurement;
  std::uint16_t port = 0;  ///< Where the server listens, on 127.0.0.1.
  int qos = 1;
  std::size_t payload_size = 64;
  std::uint32_t messages = 0;
  unsigned threads = 1;                ///< That publish.
  std::uint32_t outstanding = window;  ///< Messages unfinished at a time.
  double rate = 0;                     ///< Messages a second, where the measurement wants a pace.
  std::string ca_file;                 ///< Whom to trust; empty: no TLS.
  bool resume = false;                 ///< Take up the TLS session of the connection before.
  bool warm_up = true;                 ///< Some messages before those that count.
  bool publisher = false;              ///< Somebody else publishes, when told; else the sink does.

  /// What to subscribe to in order to get so many messages.
  [[nodiscard]] std::string filter(std::uint32_t count) const;
  /// Whether the session has to outlive its connection: else some libraries throw away what is pending.
  [[nodiscard]] bool keeps_session() const { return measurement == "replay"; }
};

/// Everything throws std::runtime_error when it cannot be done.
class Peer {
 public:
  virtual ~Peer() = default;
  /// Returns when the server has accepted the connection.
  virtual void connect() = 0;
  virtual void disconnect() = 0;
  /// Waits until a connection that was lost is there again.
  virtual void await_connection() = 0;
  /// Publishes so many messages, at most Job::outstanding of them unfinished at a time. Several threads may
  /// call it at once if can_share().
  virtual void publish(std::uint32_t messages) = 0;
  [[nodiscard]] virtual bool can_share() const { return true; }
  /// Waits until all that was published has ended, and checks that it ended well.
  virtual void finish() = 0;
  /// Publishes one message and waits until it has ended.
  virtual void round_trip() = 0;
  /// Publishes a message at each of the times `due`, which it replaces by when it did, and tells when each
  /// ended.
  virtual void publish_at(std::span<TimePoint> due, std::span<TimePoint> ended) = 0;
  virtual void subscribe(const std::string& filter) = 0;
  /// Takes so many messages more.
  virtual void receive(std::uint32_t messages) = 0;
};

// Defined by each contestant.
std::unique_ptr<Peer> make_peer(const Job& job);
std::string peer_version();

/// Sleeps until `due`.
void sleep_until(TimePoint due);

}  // namespace holdfast::bench
