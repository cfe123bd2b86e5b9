// One attempt to reach the broker: the application's hook, the files of TLS, the name and the addresses under
// one deadline, then the handshakes of proxy, TLS and WebSocket under another. What may hang in the system
// (hook, files and name) runs on a helper thread that nobody has to wait for.
#pragma once

#include <poll.h>

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
#include "net/proxy.hpp"
#include "net/server_url.hpp"
#include "net/tls.hpp"
#include "session/time.hpp"

namespace holdfast::client {

/// Network thread only.
class ConnectAttempt {
 public:
  /// `attempt` is what the hook may change.
  ConnectAttempt(const Options& options, Attempt attempt, std::shared_ptr<net::Tls> tls,
                 const std::shared_ptr<Doorbell>& doorbell, session::TimePoint now);

  /// Goes on as far as it can without waiting. Afterwards there is a stream, or a failure, or neither yet.
  void advance(session::TimePoint now);
  [[nodiscard]] std::unique_ptr<net::ByteStream> take_stream() noexcept {
    return up_ ? std::move(stream_) : nullptr;
  }
  [[nodiscard]] const std::optional<Failure>& failure() const noexcept { return failure_; }
  /// As the hook left it, with the credentials of the server's URL where there were no others.
  [[nodiscard]] const Attempt& attempt() const noexcept { return attempt_; }
  /// Where the stream leads; see ServerUrl::endpoint().
  [[nodiscard]] std::string endpoint() const { return target_.url.endpoint(); }

  [[nodiscard]] bool uses_tls() const noexcept { return target_.tls != nullptr; }

  /// Whether advance() can go on although nothing polls: the helper rings only for who sleeps already.
  [[nodiscard]] bool has_work() const {
    return (helper_ && helper_->finished()) || (stream_ && stream_->has_pending_input());
  }

  /// Adds what to poll: nothing while the helper is at work, which rings the doorbell.
  void add_to(std::vector<pollfd>& polled) const;
  [[nodiscard]] session::TimePoint deadline() const noexcept;

 private:
  struct Target {
    Attempt attempt;
    net::ServerUrl url;
    std::optional<net::ProxyUrl> proxy;
    std::shared_ptr<const net::TlsContext> tls;
    std::vector<net::Address> addresses;
  };
  using Connector = net::Connector<session::TimePoint>;

  [[nodiscard]] static Target find_target(const std::function<void(Attempt&)>& hook, const std::string& proxy,
                                          bool ask_environment, bool check_payload_format, Attempt attempt,
                                          net::Tls& tls);
  void take_target(session::TimePoint now);
  void connect(session::TimePoint now);
  void lay_layers();
  void shake_hands(session::TimePoint now);
  void fail(std::error_code error, const std::string& why);

  const Options& options_;
  const std::shared_ptr<net::Tls> tls_;
  session::TimePoint deadline_;
  Attempt attempt_;
  Target target_;
  std::optional<net::DetachedTask<Target>> helper_;
  std::optional<Connector> connector_;
  std::unique_ptr<net::ByteStream> stream_;
  bool up_ = false;
  std::optional<Failure> failure_;
};

}  // namespace holdfast::client
