// Which version of MQTT a connection speaks, and what a clean start takes in 3.1.1.
#include <utility>

#include "session/engine.hpp"
#include "session/protocol_limits.hpp"
#include "wire/encoder.hpp"

namespace holdfast::session {

wire::Version Engine::choose_version() const {
  const bool older = options_.protocol == Protocol::mqtt_3_1_1 ||
                     (options_.protocol == Protocol::automatic && older_servers_.count(endpoint_) != 0);
  return older ? wire::Version::mqtt_3_1_1 : wire::Version::mqtt_5;
}

// What the next CONNECT needs and 3.1.1 does not have.
std::optional<std::string> Engine::lacking() const {
  auto what = not_in_3_1_1(options_);
  if (!what) what = not_in_3_1_1(user_name_, password_, will_);
  if (what && options_.protocol == Protocol::automatic)
    *what = "this broker speaks MQTT 3.1.1 only: " + *what;
  return what;
}

// A broker that refuses one version is asked in the other, once; what it answers then, holds.
bool Engine::change_version(ReasonCode refusal) {
  if (options_.protocol != Protocol::automatic || refusal != ReasonCode::unsupported_protocol_version)
    return false;
  if (version_ == wire::Version::mqtt_3_1_1) {
    // Perhaps it was brought up to date: the next attempt, after its delay, is one with MQTT 5.
    forget_older_server();
    return false;
  }
  older_servers_.insert(endpoint_);
  journal_.emplace_back(record::OlderServer{endpoint_, true});
  close({End::at_once,
         {},
         {},
         {},
         "this broker does not speak MQTT 5: going on with MQTT 3.1.1, also the next times",
         {}});
  return true;
}

// In 3.1.1 one flag says both how a session begins and how long it lasts: with Clean Session 1 it ends with
// its connection. One that lasts can begin only where the broker has none; what it has is made to end first,
// by a connection with Clean Session 1.
bool Engine::wants_clean_session() const noexcept {
  return asked_expiry_.count() == 0 || discard_ == Discard::next;
}

// CONNACK came. Whether the connection has done all it was for, or cannot do it.
bool Engine::discard_session(bool session_present) {
  if (version_ == wire::Version::mqtt_5 || asked_expiry_.count() == 0) return false;
  if (discard_ == Discard::next) {
    if (session_present) return false;
    discard_ = Discard::done;
  } else if (!sent_clean_start_ || !session_present) {
    discard_ = Discard::no;
    return false;
  } else if (std::exchange(discard_, Discard::next) == Discard::done) {
    return false;  // It was discarded, and is there again: not to be tried on and on without delay.
  }
  wire::encode(wire::Disconnect{}, version_, output_.scratch());
  close({End::at_once,
         {},
         {},
         {},
         discard_ == Discard::next
             ? "the broker has a session that is not to be resumed: discarding it first, with Clean Session 1"
             : "the broker's session is discarded: connecting again, with Clean Session 0",
         {}});
  return true;
}

void Engine::note_version() {
  if (version_ == wire::Version::mqtt_5) forget_older_server();
}

// The next attempt there is one with MQTT 5.
void Engine::forget_older_server() {
  if (older_servers_.erase(endpoint_) != 0) journal_.emplace_back(record::OlderServer{endpoint_, false});
}

}  // namespace holdfast::session
