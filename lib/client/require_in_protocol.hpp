// Refuses what MQTT 3.1.1 does not have, where that is what is spoken.
#pragma once

#include <holdfast/error.hpp>
#include <holdfast/event.hpp>

#include "session/protocol_limits.hpp"

namespace holdfast::client {

/// `asked` is anything that session::not_in_3_1_1() takes. Throws Error (Errc::not_in_protocol).
template <class Asked>
void require_in_protocol(const BrokerLimits& limits, const Asked& asked) {
  if (limits.protocol == Protocol::mqtt_5) return;
  if (const auto what = session::not_in_3_1_1(asked)) throw Error(Errc::not_in_protocol, *what);
}

}  // namespace holdfast::client
