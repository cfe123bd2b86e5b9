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
      queue({options.outbox_messages_max, options.outbox_bytes_max}, options.lower_qos,
            completions->blocked()),
      events(readiness) {
  client_id.set(options.client_id);
}

}  // namespace holdfast::client
