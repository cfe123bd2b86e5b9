// The handshake, and what a session that is present, lost or ended means for what we hold. [MQTT
// 5, 3.1, 3.2, 4.1, 4.4]
#include <algorithm>
#include <utility>

#include "session/connect_packet.hpp"
#include "session/engine.hpp"
#include "session/server_group.hpp"
#include "wire/encoder.hpp"

namespace holdfast::session {

namespace {

using wire::PropertyId;

constexpr unsigned resumes_refused_max = 5;
// Failed attempts follow each other without delay from node to node, so their number alone says little.
constexpr std::chrono::seconds resumes_refused_for{15};

constexpr wire::DecodeError expiry_from_server{
    ReasonCode::protocol_error, "a DISCONNECT came with a Session Expiry Interval [MQTT-3.14.2-2]"};

std::string text(const wire::PropertiesView& properties, PropertyId id) {
  return std::string(properties.string(id).value_or(std::string_view()));
}

UserProperties user_properties(const wire::PropertiesView& properties) {
  UserProperties found;
  for (const wire::Property& property : properties) {
    if (property.id != PropertyId::user_property) continue;
    const auto& [name, value] = std::get<std::pair<std::string_view, std::string_view>>(property.value);
    found.emplace_back(name, value);
  }
  return found;
}

// Refusals that another attempt with the same CONNECT will meet again. [MQTT 5, 3.2.2.2]
bool is_final(ReasonCode code) {
  switch (code) {
    case ReasonCode::malformed_packet:
    case ReasonCode::protocol_error:
    case ReasonCode::unsupported_protocol_version:
    case ReasonCode::client_identifier_not_valid:
    case ReasonCode::bad_user_name_or_password:
    case ReasonCode::not_authorized:
    case ReasonCode::banned:
    case ReasonCode::bad_authentication_method:
    case ReasonCode::topic_name_invalid:
    case ReasonCode::packet_too_large:
    case ReasonCode::payload_format_invalid:
    case ReasonCode::retain_not_supported:
    case ReasonCode::qos_not_supported:
    case ReasonCode::server_moved:
      return true;
    default:
      return false;
  }
}

// Whether a DISCONNECT may be the broker's answer to a packet of ours, or has reasons of the broker's own.
End end_of_disconnect(ReasonCode code) {
  switch (code) {
    case ReasonCode::session_taken_over:
      return End::taken_over;
    case ReasonCode::server_busy:
    case ReasonCode::server_shutting_down:
    case ReasonCode::use_another_server:
    case ReasonCode::server_moved:
      return End::sent_away;
    case ReasonCode::keep_alive_timeout:
      return End::lost;
    default:
      return End::closed_by_peer;
  }
}

std::string described(ReasonCode code, const std::string& reason_string) {
  std::string line(to_string(code));
  if (reason_string.empty()) return line;
  std::string shown = reason_string;  // The broker's words must not break the one line or the terminal.
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; },
      ' ');
  return line + " (" + shown + ")";
}

std::string advice(ReasonCode code, wire::Version version) {
  switch (code) {
    case ReasonCode::bad_user_name_or_password:
    case ReasonCode::not_authorized:
      return ": check user name, password and what the broker lets this client do";
    case ReasonCode::client_identifier_not_valid:
      return ": choose another client id";
    case ReasonCode::unsupported_protocol_version:
      return version == wire::Version::mqtt_5
                 ? ": this broker does not speak MQTT 5: set protocol to mqtt_3_1_1 or automatic"
                 : ": this broker does not speak MQTT 3.1.1: set protocol to mqtt_5";
    case ReasonCode::retain_not_supported:
    case ReasonCode::qos_not_supported:
      return ": the will asks for more than this broker offers";
    default:
      return "";
  }
}

std::optional<std::string> server_reference(ReasonCode code, const wire::PropertiesView& properties) {
  if (code != ReasonCode::use_another_server && code != ReasonCode::server_moved) return std::nullopt;
  return text(properties, PropertyId::server_reference);
}

}  // namespace

void Engine::on_connected(TimePoint now) {
  phase_ = Phase::handshake;
  ++connection_;
  accepted_ = false;
  connack_awaited_ = true;
  last_sent_ = last_received_ = now;
  // Other servers know nothing of the session; asking them for one could only mix two up.
  const bool ended = !is_same_group(servers_, session_servers_) || session_ended_by_itself(now);
  sent_clean_start_ = clean_start_ || (session_held_ ? ended : !resume_asserted_);
  version_ = choose_version();
  bool clean = sent_clean_start_;
  // What was to be discarded is on another server: here is the session that we want.
  if (!sent_clean_start_) discard_ = Discard::no;
  if (version_ == wire::Version::mqtt_3_1_1) {
    if (auto what = lacking()) {
      connack_awaited_ = false;
      forget_older_server();
      return close({End::refused_for_good, Errc::not_in_protocol, {}, {}, std::move(*what), {}});
    }
    clean = wants_clean_session();
    sent_clean_start_ = sent_clean_start_ || clean;
  }
  std::optional<std::string> authentication_data;
  if (!start_authentication(authentication_data)) return;
  // What only makes room for the session to come leaves no will behind.
  const std::optional<Will> none;
  encode_connect(options_, version_,
                 {client_id_, user_name_, password_, discard_ == Discard::next ? none : will_, clean,
                  asked_expiry_, authentication_method_, authentication_data},
                 output_.scratch());
  set_timer(Timer::connack, now + options_.connack_timeout);
}

bool Engine::session_ended_by_itself(TimePoint now) const noexcept {
  if (expiry_.count() == 0) return true;
  const bool by_clock = options_.session_end == SessionEnd::by_clock && expiry_ != never_expires;
  return by_clock && away_since_ && now - *away_since_ > expiry_;
}

void Engine::on_connack(const wire::Connack& connack, TimePoint now) {
  // Whose proof is missing has no say in what becomes of the session.
  if (!is_error(connack.reason_code) && !is_authenticated(connack)) return;
  connack_awaited_ = false;
  if (is_error(connack.reason_code)) {
    if (!change_version(connack.reason_code)) on_refused(connack, now);
    return;
  }
  if (discard_session(connack.session_present)) return;
  if (connack.session_present && sent_clean_start_) {
    // The broker holds a session we know nothing of; going on would mix the two. [MQTT-3.2.2-4]
    clean_start_ = true;
    fail(ReasonCode::protocol_error,
         "it has a session for us though we asked for a clean start [MQTT 5, 3.2.2.1.1]");
    closing_->end = End::session_mismatch;
    return;
  }
  phase_ = Phase::connected;
  accepted_ = true;
  clean_start_ = resume_asserted_ = false;
  resumes_refused_ = 0;
  session_given_up_ = false;
  session_servers_ = servers_;
  for (std::string& filter : discarded_)
    journal_.emplace_back(record::Unsubscribed{std::move(filter)});
  discarded_.clear();
  progress_ = false;
  set_timer(Timer::connack, never);
  accept_limits(connack);
  note_version();
  ++counters_.connects;
  announce(connack);
  if (!connack.session_present) began_here_ = true;
  const bool had_session = std::exchange(session_held_, true);
  const bool in_doubt = std::exchange(unanswered_, false);
  if (connack.session_present) {
    ++counters_.sessions_resumed;
    // The session may be one that began with a CONNECT whose CONNACK never reached us: ours had ended, and
    // the Session Present that said so is lost. Nothing tells the two apart; so the subscriptions, which
    // would be missing in the new one for ever, are asked for again, which costs the old one nothing.
    if (in_doubt && options_.resubscribe) {
      const bool has_retain_handling = version_ == wire::Version::mqtt_5;
      subscriptions_.resubscribe(has_retain_handling ? Subscriptions::Again::if_new
                                                     : Subscriptions::Again::as_asked);
    }
  } else if (had_session) {
    session_lost();
  }
  journal_.emplace_back(record::SessionHeld{{client_id_, session_servers_}, expiry_});
  if (connack.session_present) resume(now);
  send_requests(now);
  schedule_ping(now);
  if (options_.acknowledgement_timeout)
    set_timer(Timer::acknowledgement, now + *options_.acknowledgement_timeout);
}

void Engine::on_refused(const wire::Connack& connack, TimePoint now) {
  const ReasonCode code = connack.reason_code;
  const std::string reason_string = text(connack.properties, PropertyId::reason_string);
  const End end = is_final(code) ? End::refused_for_good : End::lost;
  std::string what =
      "the broker refused the connection: " + described(code, reason_string) + advice(code, version_);
  if (give_up_session(code, now))
    what += ": the session is given up, the next attempt asks for a clean start";
  close({end, Errc::connection_refused, code, reason_string, what, server_reference(code, connack.properties),
         user_properties(connack.properties)});
}

// A session that a client takes from one node to another at once can break on the way: ejabberd then refuses
// to resume it, on every node and for as long as it lives, and lets in only who begins anew. A few refusals
// may have another cause that passes; so it is if a clean start is refused, too: then it is taken back,
// unless one may have been accepted without our hearing of it.
bool Engine::give_up_session(ReasonCode refusal, TimePoint now) {
  if (options_.server_group != ServerGroup::cluster || resume_asserted_) return false;
  if (sent_clean_start_ || refusal != ReasonCode::unspecified_error) {
    if (session_given_up_ && !unanswered_) clean_start_ = session_given_up_ = false;
    resumes_refused_ = 0;
    return false;
  }
  if (resumes_refused_++ == 0) resumes_refused_since_ = now;
  if (resumes_refused_ < resumes_refused_max || now - resumes_refused_since_ < resumes_refused_for)
    return false;
  clean_start_ = session_given_up_ = true;
  return true;
}

void Engine::on_disconnect_packet(const wire::Disconnect& disconnect) {
  const ReasonCode code = disconnect.reason_code;
  if (disconnect.properties.number(PropertyId::session_expiry_interval) &&
      !tolerate(counters_.other_violations, expiry_from_server))
    return;
  const std::string reason_string = text(disconnect.properties, PropertyId::reason_string);
  close({end_of_disconnect(code), Errc::server_disconnected, code, reason_string,
         "the broker disconnected us: " + described(code, reason_string),
         server_reference(code, disconnect.properties), user_properties(disconnect.properties)});
}

void Engine::accept_limits(const wire::Connack& connack) {
  const auto number = [&](PropertyId id, std::uint32_t absent) {
    return connack.properties.number(id).value_or(absent);
  };
  const auto seconds = [&](PropertyId id, std::chrono::seconds absent) {
    const auto value = connack.properties.number(id);
    return value ? std::chrono::seconds(*value) : absent;
  };
  limits_ = BrokerLimits{};
  limits_.protocol = protocol();
  limits_.session_expiry_interval = expiry_ = seconds(PropertyId::session_expiry_interval, asked_expiry_);
  limits_.receive_maximum = static_cast<std::uint16_t>(number(PropertyId::receive_maximum, 65535));
  limits_.maximum_qos = static_cast<QoS>(number(PropertyId::maximum_qos, 2));
  limits_.retain_available = number(PropertyId::retain_available, 1) != 0;
  limits_.maximum_packet_size = connack.properties.number(PropertyId::maximum_packet_size);
  limits_.topic_alias_maximum = static_cast<std::uint16_t>(number(PropertyId::topic_alias_maximum, 0));
  own_aliases_.begin(std::min(limits_.topic_alias_maximum, options_.topic_aliases_max));
  limits_.wildcard_subscription_available = number(PropertyId::wildcard_subscription_available, 1) != 0;
  limits_.subscription_identifiers_available =
      version_ == wire::Version::mqtt_5 && number(PropertyId::subscription_identifier_available, 1) != 0;
  limits_.shared_subscription_available = number(PropertyId::shared_subscription_available, 1) != 0;
  limits_.keep_alive = seconds(PropertyId::server_keep_alive, options_.keep_alive);
  const auto assigned = connack.properties.string(PropertyId::assigned_client_identifier);
  if (assigned && client_id_.empty()) client_id_ = *assigned;
}

void Engine::announce(const wire::Connack& connack) {
  Connected connected;
  connected.session_present = connack.session_present;
  connected.client_id = client_id_;
  connected.limits = limits_;
  connected.reason_string = text(connack.properties, PropertyId::reason_string);
  connected.response_information = text(connack.properties, PropertyId::response_information);
  connected.user_properties = user_properties(connack.properties);
  events_.emplace_back(std::move(connected));
}

void Engine::session_lost() {
  ++counters_.sessions_lost;
  SessionLost lost;
  // A message past PUBREC is the broker's: nobody can tell whether it was passed on, so it is never sent
  // again.
  while (in_flight_.first_release() != InFlight::none) {
    ++lost.failed;
    end_exchange(in_flight_.first_release(), Errc::session_lost);
  }
  while (in_flight_.first_publish() != InFlight::none) {
    const InFlight::Index index = in_flight_.first_publish();
    if (options_.on_session_lost == OnSessionLost::fail) {
      ++lost.failed;
      end_exchange(index, Errc::session_lost);
      continue;
    }
    OutboundMessagePtr message = in_flight_[index].message;
    message->repeated = message->repeated || in_flight_[index].sent_before;
    in_flight_.remove(index);
    --messages_in_flight_;
    if (message->journaled) journal_.emplace_back(record::Returned{message->sequence});
    returned_.push_back(std::move(message));
    ++lost.republished;
  }
  counters_.republished += lost.republished;
  in_flight_.remove_all(Stage::held);
  inbound_.clear();
  exchanges_.clear();
  ++epoch_;
  journal_.emplace_back(record::SessionEnded{});
  if (options_.resubscribe) {
    lost.resubscribed = subscriptions_.resubscribe(Subscriptions::Again::as_asked);
  } else {
    subscriptions_.forget_held(journal_);
  }
  events_.emplace_back(lost);
}

void Engine::resume(TimePoint now) {
  for (auto index = in_flight_.first_release(); index != InFlight::none; index = in_flight_.next(index)) {
    ++counters_.replayed;
    send_release(index, now);  // Free of the quota: it was taken on an earlier connection. [MQTT 5, 4.9]
  }
  replay_next_ = in_flight_.first_publish();
  replay(now);
}

}  // namespace holdfast::session
