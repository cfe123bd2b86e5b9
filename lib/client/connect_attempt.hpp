// One attempt to reach the broker: the application's hook, the name, the addresses one after the other, all
// under one deadline. What may hang (hook and name) runs on a helper thread that nobody has to wait for.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/options.hpp>

#include "client/doorbell.hpp"
#include "client/status.hpp"
#include "net/byte_stream.hpp"
#include "net/connector.hpp"
#include "net/detached_task.hpp"
#include "session/time.hpp"

namespace holdfast::client {

/// Network thread only.
class ConnectAttempt {
 public:
  /// `attempt` is what the hook may change.
  ConnectAttempt(const Options& options, Attempt attempt, const std::shared_ptr<Doorbell>& doorbell,
                 session::TimePoint now);

  /// Goes on as far as it can without waiting. Afterwards there is a stream, or a failure, or neither yet.
  void advance(session::TimePoint now);
  [[nodiscard]] std::unique_ptr<net::ByteStream> take_stream() noexcept { return std::move(stream_); }
  [[nodiscard]] const std::optional<Failure>& failure() const noexcept { return failure_; }
  /// As the hook left it, with the credentials of the server's URL where there were no others.
  [[nodiscard]] const Attempt& attempt() const noexcept { return attempt_; }
  /// Where the stream leads: host:port.
  [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }

  /// Whether advance() can go on although nothing polls: the helper rings only for who sleeps already.
  [[nodiscard]] bool has_work() const { return helper_ && helper_->finished(); }

  /// -1 while the helper is at work: it rings the doorbell.
  [[nodiscard]] int descriptor() const noexcept { return connector_ ? connector_->descriptor() : -1; }
  [[nodiscard]] short poll_events() const noexcept {
    return connector_ ? connector_->poll_events() : short{0};
  }
  [[nodiscard]] session::TimePoint deadline() const noexcept;

 private:
  struct Target {
    Attempt attempt;
    std::string endpoint;
    std::vector<net::Address> addresses;
  };
  using Connector = net::Connector<session::TimePoint>;

  [[nodiscard]] static Target find_target(const std::function<void(Attempt&)>& hook, Attempt attempt);
  void take_target(session::TimePoint now);
  void connect(session::TimePoint now);

  const Options& options_;
  const session::TimePoint deadline_;
  Attempt attempt_;
  std::string endpoint_;
  std::optional<net::DetachedTask<Target>> helper_;
  std::optional<Connector> connector_;
  std::unique_ptr<net::ByteStream> stream_;
  std::optional<Failure> failure_;
};

}  // namespace holdfast::client
