// Which server to try after a connection ended, and when; or none, ever. One policy for every case. Pure:
// time and the seed come from outside.
//
// A server is a number, from 0, in the order in which they are tried; one more, the guest, is where a broker
// pointed us. Each has a back-off of its own. A connection that was up is tried again where it was, after a
// delay; an attempt that failed hands over to the next server whose back-off is over, at once, or else waits
// for the first to come out of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include <holdfast/options.hpp>

#include "session/time.hpp"

namespace holdfast::session {

/// Why a connection or an attempt ended, as far as the policy cares.
enum class End : std::uint8_t {
  lost,              ///< The network, a time-out, the broker's fault, or a refusal that may pass.
  closed_by_peer,    ///< The same, and perhaps the broker's answer to what we sent.
  sent_away,         ///< The broker is busy or shuts down: another one is better.
  refused_for_good,  ///< The broker says no, and would say it again.
  taken_over,        ///< Another client has our Client Identifier.
  session_mismatch,  ///< Session Present where it cannot be: a clean start mends it.
  by_request,        ///< disconnect().
  at_once,  ///< Another connection to the same server has to follow: no failure, no business of the policy.
};

class ReconnectPolicy {
 public:
  enum class Verdict : std::uint8_t { retry, refused, taken_over };
  struct Decision {
    Verdict verdict;
    std::chrono::milliseconds delay;
    unsigned attempt;    ///< The number of the attempt to come, from 1, counted since the last success.
    std::size_t server;  ///< Where it goes; also current() from now on.
  };

  /// Needs at least one server.
  ReconnectPolicy(const ReconnectOptions& options, std::size_t servers, std::uint32_t seed);

  /// connect() was called: begin anew, with this server.
  void reset(std::size_t first = 0);
  /// The attempt to come goes there, whatever its back-off.
  void go_to(std::size_t server);
  /// CONNACK with success.
  void on_connected(TimePoint now);
  /// Anything but by_request and at_once.
  [[nodiscard]] Decision on_end(End end, TimePoint now);
  /// The broker pointed to this server, which is no fault of its own: no back-off comes of it.
  [[nodiscard]] Decision on_sent_elsewhere(std::size_t server, TimePoint now);

  [[nodiscard]] std::size_t current() const noexcept { return current_; }
  [[nodiscard]] std::size_t guest() const noexcept { return servers_.size() - 1; }
  /// Every server but the guest was tried since reset().
  [[nodiscard]] bool all_tried() const noexcept;

 private:
  struct Server {
    unsigned failures = 0;           // Since the last connection that lasted.
    unsigned short_connections = 0;  // Likewise.
    TimePoint due{};                 // The end of its back-off.
    bool refused = false;            // It said no for good the last time.
    bool tried = false;              // Since reset().
  };

  enum class Ended : std::uint8_t { attempt, short_connection, lasting_connection };
  [[nodiscard]] Ended forget_connection(TimePoint now);
  [[nodiscard]] Decision retry(std::size_t server, std::chrono::milliseconds delay);
  [[nodiscard]] Decision next_server(TimePoint now);
  [[nodiscard]] Decision on_refused(TimePoint now);
  [[nodiscard]] Decision on_taken_over(TimePoint now);
  [[nodiscard]] bool all_refused() const noexcept;
  [[nodiscard]] std::chrono::milliseconds jittered(std::chrono::milliseconds delay);
  [[nodiscard]] std::chrono::milliseconds exponential(unsigned doublings, std::chrono::milliseconds first);

  const ReconnectOptions options_;
  std::mt19937 random_;
  std::vector<Server> servers_;  // The last one is the guest.
  std::size_t current_ = 0;
  std::size_t home_ = 0;  // The last one that was no guest: the walk goes on from there.
  std::optional<TimePoint> connected_at_;
  bool ever_connected_ = false;
  unsigned attempts_ = 0;    // Since the last success.
  unsigned take_overs_ = 0;  // Since the last connection that lasted.
};

}  // namespace holdfast::session
