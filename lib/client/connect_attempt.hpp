// One attempt to reach the broker: the application's hook, the name, the addresses, one after the other,
// under one deadline. What may hang (hook, name) runs on a helper thread that nobody has to wait for.
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include <holdfast/options.hpp>

#include "client/doorbell.hpp"
#include "client/status.hpp"
#include "net/byte_stream.hpp"
#include "net/connector.hpp"
#include "net/detached_task.hpp"
#include "net/resolver.hpp"
#include "net/server_url.hpp"
#include "session/time.hpp"

namespace holdfast::client {

/// Network thread only.
class ConnectAttempt {
 public:
  /// `attempt` is what the hook may change.
  ConnectAttempt(const Options& options, Attempt attempt, const std::shared_ptr<Doorbell>& doorbell,
                 session::TimePoint now);

  /// Goes on as far as it can without waiting.
  void advance(session::TimePoint now);

  /// The stream, once connected; then the attempt is over.
  [[nodiscard]] std::unique_ptr<net::ByteStream> take_stream() { return std::move(stream_); }
  [[nodiscard]] const std::optional<Failure>& failure() const noexcept { return failure_; }
  /// As the hook left it.
  [[nodiscard]] const Attempt& attempt() const noexcept { return attempt_; }

  /// -1 while the helper is at work: it rings the doorbell.
  [[nodiscard]] int descriptor() const;
  [[nodiscard]] short poll_events() const;
  [[nodiscard]] session::TimePoint deadline() const;
