#include "client/send_command.hpp"

#include <utility>

#include "client/clock.hpp"

namespace holdfast::client {

void throw_failure(const Failure& failure) {
  if (failure.reason_code && failure.error.category() == error_category()) {
    throw Error(static_cast<Errc>(failure.error.value()), failure.what, *failure.reason_code,
                failure.reason_string);
  }
  throw Error(failure.error, failure.what);
}

void throw_why_closed(Shared& shared) {
  const auto status = shared.status.wait(after(std::chrono::milliseconds(0)), [](State) { return true; });
  if (status.failure.error) throw_failure(status.failure);
  throw Error(Errc::closed, "the client is being destroyed");
}

void send(Shared& shared, Command command) {
  if (!shared.queue.push(std::move(command))) throw_why_closed(shared);
  shared.doorbell->ring();
}

}  // namespace holdfast::client
