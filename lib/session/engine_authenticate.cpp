// Enhanced authentication: the exchange of AUTH packets before CONNACK, and again on a connection that is up.
// [MQTT 5, 3.15, 4.12]
#include <exception>
#include <utility>

#include "session/engine.hpp"
#include "wire/encoder.hpp"

namespace holdfast::session {

namespace {

using wire::PropertyId;

// Every known method needs fewer; a broker that goes on asking must not keep us for ever.
constexpr unsigned challenges_max = 16;
constexpr std::size_t data_max = 65535;  // Binary data have a two-byte length. [MQTT 5, 1.5.6]

constexpr wire::DecodeError no_method_in_connack{
    ReasonCode::protocol_error, "a CONNACK came without our Authentication Method [MQTT-4.12.0-5]"};

std::string_view data_of(const wire::PropertiesView& properties) {
  const auto data = properties.binary(PropertyId::authentication_data).value_or(std::span<const std::byte>());
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

// What the application's authenticator has to say, and in `failure` what it threw instead.
template <class Step>
auto ask(Step step, std::optional<std::string>& failure) -> decltype(step()) {
  try {
    return step();
  } catch (const std::exception& error) {
    failure = error.what();
  } catch (...) {
    failure = "the authenticator threw something that is no std::exception";
  }
  return decltype(step())();
}

}  // namespace

bool Engine::start_authentication(std::optional<std::string>& data) {
  authentication_method_ = options_.connect_properties.authentication_method;
  data = options_.connect_properties.authentication_data;
  challenges_ = 0;
  if (!options_.authenticator) return true;
  std::optional<std::string> failure;
  authentication_method_ = ask([&] { return options_.authenticator->method(); }, failure);
  data = ask([&] { return options_.authenticator->start(); }, failure);
  if (!failure && data && data->size() > data_max) failure = "the authenticator begins with too many data";
  if (!failure) return true;
  close({End::refused_for_good, Errc::authentication_failed, {}, {}, "authentication: " + *failure, {}});
  return false;
}

void Engine::on_auth(const wire::Auth& auth, TimePoint now) {
  if (!check_auth(auth)) return;
  if (auth.reason_code == ReasonCode::success) {
    if (!finish_authentication(auth.properties)) return;
    return end_reauthentication({});
  }
  if (++challenges_ > challenges_max)
    return fail_authentication("the broker asks and asks: given up after 16 challenges");
  std::optional<std::string> failure;
  const std::string answer =
      ask([&] { return options_.authenticator->respond(data_of(auth.properties)); }, failure);
  if (!failure && answer.size() > data_max) failure = "the authenticator answers with too many data";
  if (failure) return fail_authentication(*failure);
  if (!send_auth(ReasonCode::continue_authentication, answer.empty() ? std::nullopt : std::optional(answer)))
    return fail_authentication("the answer is larger than the broker's Maximum Packet Size");
  last_sent_ = now;
}

// Whether this AUTH may come now, and from this broker.
bool Engine::check_auth(const wire::Auth& auth) {
  const auto refuse = [this](std::string_view what) {
    fail(ReasonCode::protocol_error, what);
    return false;
  };
  if (!authentication_method_)
    return refuse("AUTH came though no authentication method was sent [MQTT 5, 3.15]");
  if (!options_.authenticator && phase_ == Phase::handshake) {
    close({End::refused_for_good,
           Errc::authentication_failed,
           ReasonCode::bad_authentication_method,
           {},
           "the broker asks for an exchange of AUTH packets: set Options::authenticator, or use another "
           "authentication_method",
           {}});
    return false;
  }
  if (phase_ == Phase::connected && !reauthenticating_)
    return refuse("AUTH came though no authentication is under way [MQTT 5, 4.12]");
  if (!check_method(auth.properties, "AUTH")) return false;
  if (auth.reason_code == ReasonCode::re_authenticate)
    return refuse("AUTH came with a reason code that only clients send [MQTT 5, 3.15.2.1]");
  if (auth.reason_code == ReasonCode::success && phase_ == Phase::handshake)
    return refuse("AUTH came with success where CONNACK is due [MQTT 5, 4.12]");
  return true;
}

bool Engine::check_method(const wire::PropertiesView& properties, std::string_view packet) {
  if (properties.string(PropertyId::authentication_method) == authentication_method_) return true;
  fail(ReasonCode::protocol_error,
       std::string(packet) + " came without our authentication method [MQTT-4.12.0-5]");
  return false;
}

bool Engine::is_authenticated(const wire::Connack& connack) {
  if (!authentication_method_) return true;
  const bool named = connack.properties.string(PropertyId::authentication_method).has_value();
  // Nothing was proven by the exchange that did not take place, so nothing is lost.
  if (!named && !options_.authenticator) return tolerate(counters_.other_violations, no_method_in_connack);
  return check_method(connack.properties, "CONNACK") && finish_authentication(connack.properties);
}

bool Engine::finish_authentication(const wire::PropertiesView& properties) {
  if (!options_.authenticator) return true;
  std::optional<std::string> failure;
  ask([&] { options_.authenticator->finish(data_of(properties)); }, failure);
  if (failure) fail_authentication(*failure);
  return !failure;
}

// The packet says nothing for the broker's log, so that it is as small as it can be; whether it is small
// enough. [MQTT-3.15.2-2, MQTT-3.15.2-3]
bool Engine::send_auth(ReasonCode reason, const std::optional<std::string>& data) {
  std::vector<std::byte> bytes;
  wire::PropertyWriter properties(bytes);
  properties.string(PropertyId::authentication_method, *authentication_method_);
  if (data) properties.binary(PropertyId::authentication_data, std::as_bytes(std::span(*data)));
  wire::Auth auth;
  auth.reason_code = reason;
  auth.properties = wire::PropertiesView(bytes);
  const std::size_t before = output_.scratch().size();
  wire::encode(auth, output_.scratch());
  // Before CONNACK the broker has not said what it takes.
  const auto& maximum = limits_.maximum_packet_size;
  if (phase_ != Phase::connected || !maximum || output_.scratch().size() - before <= *maximum) return true;
  output_.scratch().resize(before);
  return false;
}

// [MQTT-4.12.1-2]
void Engine::fail_authentication(const std::string& what) {
  wire::Disconnect disconnect;
  disconnect.reason_code = ReasonCode::unspecified_error;
  wire::encode(disconnect, version_, output_.scratch());
  // Who cannot prove who it is may have let a stranger in; the next attempt asks it again, later.
  const End end = phase_ == Phase::handshake ? End::refused_for_good : End::lost;
  close({end, Errc::authentication_failed, disconnect.reason_code, {}, "authentication: " + what, {}});
}

void Engine::reauthenticate(TimePoint now) {
  if (reauthenticating_) return;
  const auto refuse = [this](Errc code, std::string what) {
    authentications_.push_back({code, "reauthenticate: " + std::move(what), {}, {}});
  };
  if (phase_ != Phase::connected) return refuse(Errc::not_connected, "there is no connection now");
  std::optional<std::string> failure;
  const auto data = ask([&] { return options_.authenticator->start(); }, failure);
  if (!failure && data && data->size() > data_max) failure = "the authenticator begins with too many data";
  if (failure) return refuse(Errc::authentication_failed, *failure);
  if (!send_auth(ReasonCode::re_authenticate, data))
    return refuse(Errc::packet_too_large, "the packet is larger than the broker's Maximum Packet Size");
  reauthenticating_ = true;
  challenges_ = 0;
  auth_end_ = output_.end_offset();
  last_sent_ = now;
}

void Engine::end_reauthentication(AuthenticationOutcome outcome) {
  auth_end_ = 0;
  set_timer(Timer::authentication, never);
  if (std::exchange(reauthenticating_, false)) authentications_.push_back(std::move(outcome));
}

// A connection that ends while we authenticate again: by the broker's refusal, or for another reason.
void Engine::blame_authentication(Closing& closing) {
  if (closing.error == Errc::server_disconnected && closing.end == End::closed_by_peer) {
    closing.what = "authentication: the broker refused it: " + closing.what;
    closing.error = Errc::authentication_failed;
    closing.end = End::lost;
  }
  AuthenticationOutcome outcome;
  outcome.failure = closing.end == End::by_request ? Errc::closed : static_cast<Errc>(closing.error.value());
  outcome.what = "reauthenticate: " + closing.what;
  outcome.reason_code = closing.reason_code;
  outcome.reason_string = closing.reason_string;
  end_reauthentication(std::move(outcome));
}

// The answer is waited for from when the question has left.
void Engine::note_auth_written(TimePoint now) {
  if (auth_end_ == 0 || auth_end_ > output_.written_offset()) return;
  auth_end_ = 0;
  if (reading_) set_timer(Timer::authentication, now + options_.connack_timeout);
}

// While nothing is read, no answer can be missed.
void Engine::hold_authentication(TimePoint now) {
  if (!reauthenticating_ || auth_end_ != 0) return;
  set_timer(Timer::authentication, reading_ ? now + options_.connack_timeout : never);
}

void Engine::check_authentication(TimePoint now) {
  if (phase_ != Phase::connected || !due(Timer::authentication, now)) return;
  fail_authentication("the broker did not finish it in time");
}

}  // namespace holdfast::session
