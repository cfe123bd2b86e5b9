#include "simulation/session_check.hpp"

#include <string>
#include <utility>

#include "simulation/trace.hpp"

namespace holdfast::simulation {

void SessionCheck::on_process_started(std::optional<std::chrono::seconds> stored_expiry,
                                      std::string stored_servers) {
  session_servers_ = std::move(stored_servers);
  held_ = stored_expiry.has_value();
  expiry_ = stored_expiry.value_or(std::chrono::seconds(0));
  must_be_clean_ = options_.start == Start::clean;
  away_since_.reset();
  if (!held_) ++epoch_;
}

void SessionCheck::on_connect_sent(bool clean_start, session::TimePoint now) {
  const bool by_clock = options_.session_end == SessionEnd::by_clock && expiry_ != never_expires;
  const bool over =
      expiry_ == std::chrono::seconds(0) || (by_clock && away_since_ && now - *away_since_ > expiry_);
  const bool elsewhere = servers_ != session_servers_;
  const bool expected = must_be_clean_ || !held_ || over || elsewhere;
  require(clean_start == expected, [&] {
    return "CONNECT has Clean Start " + std::to_string(clean_start) + ", expected " +
           std::to_string(expected);
  });
}

bool SessionCheck::on_connack(bool session_present, std::chrono::seconds effective_expiry) {
  const bool lost = std::exchange(held_, true) && !session_present;
  if (lost) ++epoch_;
  must_be_clean_ = false;
  session_servers_ = servers_;
  expiry_ = effective_expiry;
  away_since_.reset();
  return lost;
}

void SessionCheck::on_disconnected(bool was_up, session::TimePoint now) {
  if (was_up) away_since_ = now;
}

}  // namespace holdfast::simulation
