// The client's side of the session, told a second time: when a CONNECT has to ask for a clean start, and when
// a session was lost. (docs/architecture.md, "What a session means here")
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <holdfast/options.hpp>

#include "session/time.hpp"

namespace holdfast::simulation {

class SessionCheck {
 public:
  explicit SessionCheck(const Options& options) : options_(options) {}

  /// A process starts. `stored_expiry`: of the session that its store holds, if it holds one; likewise
  /// `stored_servers`.
  void on_process_started(std::optional<std::chrono::seconds> stored_expiry, std::string stored_servers);
  /// Where the next CONNECT goes: servers that share a session have one name.
  void on_connecting(std::string servers) { servers_ = std::move(servers); }
  void on_connect_sent(bool clean_start, session::TimePoint now);
  /// The client has read a CONNACK with success; whether a session that it held is lost.
  [[nodiscard]] bool on_connack(bool session_present, std::chrono::seconds effective_expiry);
  /// The client has read one that no honest broker sends.
  void on_mismatch() noexcept { must_be_clean_ = true; }
  void on_disconnected(bool was_up, session::TimePoint now);
  /// disconnect() gave the session another expiry interval.
  void on_expiry_changed(std::chrono::seconds expiry) noexcept { expiry_ = expiry; }

  /// Counts the sessions of the client's side.
  [[nodiscard]] std::uint32_t epoch() const noexcept { return epoch_; }

 private:
  const Options& options_;
  bool held_ = false;
  bool must_be_clean_ = false;
  std::string servers_;
  std::string session_servers_;
  std::chrono::seconds expiry_{0};
  std::optional<session::TimePoint> away_since_;  // Unknown at the start of a process.
  std::uint32_t epoch_ = 0;
};

}  // namespace holdfast::simulation
