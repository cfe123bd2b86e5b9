// From the application to the engine, in the order of acceptance: past the outbox where nothing waits in it.
#pragma once

#include <vector>

#include "session/engine.hpp"
#include "session/outbound_message.hpp"
#include "session/outbox.hpp"
#include "session/time.hpp"

namespace holdfast::session {

/// Into the outbox; what a message makes superfluous ends. Leaves `messages` empty.
void put_into_outbox(std::vector<OutboundMessagePtr>& messages, Engine& engine, Outbox& outbox);
/// Messages that were just accepted: to the engine as far as it takes them at once, else into the outbox.
/// Leaves `messages` empty.
void accept(std::vector<OutboundMessagePtr>& messages, Engine& engine, Outbox& outbox, TimePoint now);
/// As much as the engine takes now: first acknowledgements, then what is to be sent again, then the outbox.
void feed(Engine& engine, Outbox& outbox, TimePoint now);

}  // namespace holdfast::session
