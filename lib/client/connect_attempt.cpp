#include "client/connect_attempt.hpp"

#include <exception>
#include <string>
#include <system_error>

#include <holdfast/error.hpp>

#include "client/check_options.hpp"
#include "client/transport_settings.hpp"
#include "net/resolver.hpp"
#include "net/websocket_stream.hpp"

namespace holdfast::client {

ConnectAttempt::ConnectAttempt(const Options& options, Attempt attempt, std::shared_ptr<net::Tls> tls,
                               const std::shared_ptr<Doorbell>& doorbell, session::TimePoint now)
    : options_(options),
      tls_(std::move(tls)),
      deadline_(now + options.connect_timeout),
      attempt_(std::move(attempt)) {
  // The helper may outlive everything of this client.
  helper_.emplace(
      [hook = options.before_connect, proxy = options.proxy, ask_environment = options.proxy_from_environment,
       check_payload_format = options.check_payload_format, planned = attempt_,
       tls = tls_] { return find_target(hook, proxy, ask_environment, check_payload_format, planned, *tls); },
      [doorbell] { doorbell->ring(); });
}

ConnectAttempt::Target ConnectAttempt::find_target(const std::function<void(Attempt&)>& hook,
                                                   const std::string& proxy, bool ask_environment,
                                                   bool check_payload_format, Attempt attempt,
                                                   net::Tls& tls) {
  if (hook) hook(attempt);
  Target target{std::move(attempt), {}, {}, {}, {}};
  target.url = net::ServerUrl::parse(target.attempt.server);
  if (!target.attempt.user_name) {  // Never one's name with the other's password.
    target.attempt.user_name = target.url.user_name;
    if (!target.attempt.password) target.attempt.password = target.url.password;
  }
  check(target.attempt, check_payload_format);
  if (target.url.is_websocket()) net::check_websocket({target.url.authority(), target.url.path, {}});
  if (target.url.is_secure()) target.tls = tls.prepare();
  if (target.url.is_unix()) {
    target.addresses.push_back(net::Address::unix_socket(target.url.path));
    return target;
  }
  if (!proxy.empty()) {
    target.proxy = net::ProxyUrl::parse(proxy);
  } else if (ask_environment) {
    target.proxy = net::proxy_from_environment(target.url.scheme, target.url.host);
  }
  target.addresses = target.proxy ? net::resolve(target.proxy->host, target.proxy->port)
                                  : net::resolve(target.url.host, target.url.port);
  return target;
}

void ConnectAttempt::advance(session::TimePoint now) {
  if (helper_) take_target(now);
  if (connector_) connect(now);
  if (stream_ && !failure_) shake_hands(now);
}

void ConnectAttempt::take_target(session::TimePoint now) {
  try {
    if (auto target = helper_->take()) {
      helper_.reset();
      target_ = std::move(*target);
      attempt_ = target_.attempt;
      connector_.emplace(target_.addresses, to_net(options_.tcp), deadline_);
      return;
    }
  } catch (const std::system_error& error) {
    const bool unknown = error.code().category() == net::resolver_category();
    return fail(public_error(error.code()),
                error.what() + std::string(unknown ? ": check the name and the network" : ""));
  } catch (const std::exception& error) {
    return fail(Errc::connect_failed, error.what());
  } catch (...) {
    return fail(Errc::connect_failed, "before_connect threw no std::exception");
  }
  if (now >= deadline_) {
    const char* culprit = options_.before_connect ? "neither before_connect nor the name's look-up ended"
                                                  : "the name's look-up did not end";
    fail(Errc::timed_out, std::string(culprit) + " within connect_timeout");
  }
}

void ConnectAttempt::connect(session::TimePoint now) {
  stream_ = connector_->advance(now);
  if (stream_) {
    connector_.reset();
    deadline_ = now + options_.handshake_timeout;
    try {
      return lay_layers();
    } catch (const std::exception& error) {  // The system has no random bytes for us, or no memory.
      stream_.reset();
      return fail(Errc::connect_failed, error.what());
    }
  }
  if (!connector_->failed()) return;
  const bool timed_out = connector_->error() == std::errc::timed_out;
  const std::string what = connector_->what();
  const char* advice =
      target_.proxy ? ": is the proxy running and reachable?" : ": is the broker running and reachable?";
  fail(timed_out ? Errc::timed_out : Errc::connect_failed, what + advice);
}

void ConnectAttempt::lay_layers() {
  const net::ServerUrl& url = target_.url;
  if (target_.proxy) stream_ = net::proxy_over(std::move(stream_), *target_.proxy, url.host, url.port);
  if (target_.tls) stream_ = tls_->over(std::move(stream_), target_.tls, url.host, url.endpoint());
  if (url.is_websocket()) {
    stream_ =
        net::websocket_over(std::move(stream_), {url.authority(), url.path, options_.websocket.headers});
  }
}

void ConnectAttempt::shake_hands(session::TimePoint now) {
  const net::IoResult result = stream_->advance();
  if (result.status == net::IoStatus::ok) {
    up_ = true;
    return;
  }
  if (result.status == net::IoStatus::would_block) {
    const std::string awaited = stream_->failure();
    if (now >= deadline_)
      fail(Errc::timed_out,
           (awaited.empty() ? "" : awaited + ": ") + "no end of the handshakes within handshake_timeout");
    return;
  }
  const std::string why = stream_->failure();
  const std::error_code error = result.status == net::IoStatus::closed
                                    ? make_error_code(Errc::connection_lost)
                                    : public_error(result.error);
  fail(error, why.empty() ? error.message() : why);
}

void ConnectAttempt::fail(std::error_code error, const std::string& why) {
  failure_ = Failure{error, "connect to " + net::without_credentials(attempt_.server) + ": " + why, {}, {}};
}

void ConnectAttempt::add_to(std::vector<pollfd>& polled) const {
  if (stream_) {
    polled.push_back({stream_->descriptor(), stream_->poll_events(false, false), 0});
  } else if (connector_) {
    connector_->add_to(polled);
  }
}

session::TimePoint ConnectAttempt::deadline() const noexcept {
  return connector_ ? connector_->deadline() : deadline_;
}

}  // namespace holdfast::client
