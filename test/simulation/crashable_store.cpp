#include "simulation/crashable_store.hpp"

#include <utility>
#include <variant>

#include <holdfast/error.hpp>

namespace holdfast::simulation {

namespace {

session::OutboundMessagePtr copy(const session::OutboundMessage& message) {
  auto made =
      session::OutboundMessage::make({message.topic(), message.payload(), message.qos, message.retain(),
                                      message.properties().bytes(), message.expires_at()});
  made->sequence = message.sequence;
  return made;
}

}  // namespace

void CrashableStore::commit(const session::Journal& journal, Clock& clock) {
  clock.now += std::exchange(slow_, std::chrono::nanoseconds(0));
  if (full_) throw Error(Errc::store_failed, "commit: no space left on device");
  // As a file would, it has the bytes and not the object.
  session::Journal written = journal;
  for (session::Record& record : written) {
    if (auto* accepted = std::get_if<session::record::Accepted>(&record))
      accepted->message = copy(*accepted->message);
  }
  store_->commit(written, clock.now);
}

}  // namespace holdfast::simulation
