#include "client/shared.hpp"

#include "client/log.hpp"

namespace holdfast::client {

Shared::Shared(Options given)
    : options(std::move(given)),
      logger(options.logger ? options.logger : default_logger()),
      doorbell(std::make_shared<Doorbell>()),
      readiness(std::make_shared<Readiness>()),
      completions(std::make_shared<Completions>(doorbell)),
      inbox(std::make_shared<Inbox>(Inbox::Settings{options.ack, options.inbox_full,
                                                    options.inbox_messages_max, options.inbox_bytes_max},
                                    doorbell, readiness)),
      queue(options, completions->blocked()),
      events(readiness) {
  client_id.set(options.client_id);
}

Statistics Shared::statistics() const {
  Statistics now = counters.get();
  const RequestQueue::Load load = queue.load();
  now.outbox_messages = load.messages;
  now.outbox_bytes = load.bytes;
  now.published = load.accepted;
  now.inbox_messages = inbox->size();
  now.received = inbox->received();
  now.dropped = inbox->dropped();
  now.reading_paused = completions->blocked().reading_paused();
  return now;
}

void Shared::pause_receiving(bool pause) {
  receiving_paused = pause;
  doorbell->ring();
}

}  // namespace holdfast::client
