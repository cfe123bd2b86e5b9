#include "client/connect_attempt.hpp"

#include <exception>
#include <string>
#include <system_error>

#include <holdfast/error.hpp>

#include "client/check_options.hpp"
#include "net/resolver.hpp"
#include "net/server_url.hpp"

namespace holdfast::client {

namespace {

net::TcpOptions tcp_options(const TcpSettings& settings) {
  return {settings.no_delay,       settings.keep_alive,   settings.user_timeout, settings.send_buffer,
          settings.receive_buffer, settings.bind_address, settings.bind_device};
}

std::string to_server(const Attempt& attempt) {
  return "connect to " + net::without_credentials(attempt.server) + ": ";
}

}  // namespace

ConnectAttempt::ConnectAttempt(const Options& options, Attempt attempt,
                               const std::shared_ptr<Doorbell>& doorbell, session::TimePoint now)
    : options_(options), deadline_(now + options.connect_timeout), attempt_(std::move(attempt)) {
  helper_.emplace([hook = options.before_connect, planned = attempt_] { return find_target(hook, planned); },
                  [doorbell] { doorbell->ring(); });
}

ConnectAttempt::Target ConnectAttempt::find_target(const std::function<void(Attempt&)>& hook,
                                                   Attempt attempt) {
  if (hook) hook(attempt);
  net::ServerUrl url = net::ServerUrl::parse(attempt.server);
  if (!attempt.user_name) attempt.user_name = std::move(url.user_name);
  if (!attempt.password) attempt.password = std::move(url.password);
  check(attempt);
  return {std::move(attempt), url.endpoint(), net::resolve(url.host, url.port)};
}

void ConnectAttempt::advance(session::TimePoint now) {
  if (helper_) take_target(now);
  if (connector_) connect(now);
}

void ConnectAttempt::take_target(session::TimePoint now) {
  try {
    if (auto target = helper_->take()) {
      helper_.reset();
      attempt_ = std::move(target->attempt);
      endpoint_ = std::move(target->endpoint);
      connector_.emplace(std::move(target->addresses), tcp_options(options_.tcp), deadline_);
      return;
    }
  } catch (const std::system_error& error) {
    const bool unknown = error.code().category() == net::resolver_category();
    const char* advice = unknown ? ": check the name and the network" : "";
    failure_ = Failure{unknown ? make_error_code(Errc::host_not_found) : error.code(),
                       to_server(attempt_) + error.what() + advice,
                       {},
                       {}};
    return;
  } catch (const std::exception& error) {
    failure_ = Failure{Errc::connect_failed, to_server(attempt_) + error.what(), {}, {}};
    return;
  } catch (...) {
    failure_ =
        Failure{Errc::connect_failed, to_server(attempt_) + "before_connect threw no std::exception", {}, {}};
    return;
  }
  if (now >= deadline_) {
    const char* culprit = options_.before_connect ? "neither before_connect nor the name's look-up ended"
                                                  : "the name's look-up did not end";
    failure_ = Failure{Errc::timed_out, to_server(attempt_) + culprit + " within connect_timeout", {}, {}};
  }
}

void ConnectAttempt::connect(session::TimePoint now) {
  stream_ = connector_->advance(now);
  if (stream_ || !connector_->failed()) return;
  const bool timed_out = connector_->error() == std::errc::timed_out;
  failure_ = Failure{timed_out ? Errc::timed_out : Errc::connect_failed,
                     to_server(attempt_) + connector_->what() + ": is the broker running and reachable?",
                     {},
                     {}};
}

session::TimePoint ConnectAttempt::deadline() const noexcept {
  return connector_ ? connector_->deadline() : deadline_;
}

}  // namespace holdfast::client
