// When to try again after a connection ended, or never. One policy for every case. Pure: time and the seed
// come from outside.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

#include <holdfast/options.hpp>

#include "session/time.hpp"

namespace holdfast::session {

/// Why a connection or an attempt ended, as far as the policy cares.
enum class End : std::uint8_t {
  lost,              ///< The network, a time-out, the broker's fault, or a refusal that may pass.
  closed_by_peer,    ///< The same, and perhaps the broker's answer to what we sent.
  refused_for_good,  ///< The broker says no, and would say it again.
  taken_over,        ///< Another client has our Client Identifier.
  session_mismatch,  ///< Session Present where it cannot be: a clean start mends it.
  by_request,        ///< disconnect().
};

class ReconnectPolicy {
 public:
  enum class Verdict : std::uint8_t { retry, refused, taken_over };
  struct Decision {
    Verdict verdict;
    std::chrono::milliseconds delay;
    unsigned attempt;  ///< The number of the attempt to come, from 1, counted since the last success.
  };

  ReconnectPolicy(const ReconnectOptions& options, std::uint32_t seed);

  /// CONNACK with success.
  void on_connected(TimePoint now);
  /// Anything but by_request.
  [[nodiscard]] Decision on_end(End end, TimePoint now);
  /// connect() was called: begin anew.
  void reset();

 private:
  [[nodiscard]] std::chrono::milliseconds jittered(std::chrono::milliseconds delay);
  [[nodiscard]] std::chrono::milliseconds exponential(unsigned doublings, std::chrono::milliseconds first);

  const ReconnectOptions options_;
  std::mt19937 random_;
  std::optional<TimePoint> connected_at_;
  bool ever_connected_ = false;
  unsigned attempts_ = 0;    // Since the last success.
  unsigned failures_ = 0;    // Since the last connection that lasted.
  unsigned take_overs_ = 0;  // Since the last connection that lasted.
};

}  // namespace holdfast::session
