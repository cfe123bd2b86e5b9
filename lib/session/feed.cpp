#include "session/feed.hpp"

#include <utility>

namespace holdfast::session {

void put_into_outbox(std::vector<OutboundMessagePtr>& messages, Engine& engine, Outbox& outbox) {
  for (auto& message : messages) {
    if (!message) continue;
    if (auto older = outbox.push_back(std::move(message))) engine.give_up(std::move(older), Errc::superseded);
  }
  messages.clear();
}

void accept(std::vector<OutboundMessagePtr>& messages, Engine& engine, Outbox& outbox, TimePoint now) {
  if (messages.empty()) return;
  if (engine.returned().empty() && outbox.empty()) {
    for (auto& message : messages) {
      if (!engine.can_publish(*message)) break;
      engine.publish(std::move(message), now);
    }
  }
  put_into_outbox(messages, engine, outbox);
}

void feed(Engine& engine, Outbox& outbox, TimePoint now) {
  engine.send_acknowledgements(now);
  engine.replay(now);
  if (!engine.returned().empty()) outbox.push_front(std::move(engine.returned()));
  engine.returned().clear();
  while (const OutboundMessage* next = outbox.front()) {
    if (!engine.can_publish(*next)) break;
    engine.publish(outbox.pop_front(), now);
  }
}

}  // namespace holdfast::session
