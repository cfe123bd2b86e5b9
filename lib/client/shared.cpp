#include "client/shared.hpp"

#include <random>

#include "client/log.hpp"

namespace holdfast::client {

namespace {
// Small numbers are the application's. At random, so that what a session brings that an earlier process began
// is not taken for ours.
std::uint32_t first_identifier() {
  return 8'192 + std::random_device{}() % 1'000'000;
}
}  // namespace

Shared::Shared(Options given)
    : options(std::move(given)),
      logger(options.logger ? options.logger : default_logger()),
      doorbell(std::make_shared<Doorbell>()),
      readiness(std::make_shared<Readiness>()),
      completions(std::make_shared<Completions>(doorbell)),
      inbox(std::make_shared<Inbox>(Inbox::Settings{options.ack, options.inbox_full,
                                                    options.inbox_messages_max, options.inbox_bytes_max},
                                    doorbell, readiness)),
      subscribers(inbox, first_identifier()),
      requests(options.response_topic),
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
  const Subscribers::Totals totals = subscribers.totals();
  now.inbox_messages = totals.waiting;
  now.received = totals.received;
  now.dropped = totals.dropped;
  const Requests::Totals responses = requests.totals();
  now.requests_waiting = responses.waiting;
  now.responses = responses.answered;
  now.responses_ignored = responses.ignored;
  now.reading_paused = completions->blocked().reading_paused();
  return now;
}

void Shared::pause_receiving(bool pause) {
  receiving_paused = pause;
  doorbell->ring();
}

void Shared::resume() {
  inbox->set_closed(false);
  subscribers.set_closed(false);
  calls.resume();
  requests.resume();
}

}  // namespace holdfast::client
