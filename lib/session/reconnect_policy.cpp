#include "session/reconnect_policy.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::session {

namespace {

// Two clients with one identifier throw each other out; whoever comes back at once keeps the fight going, on
// whatever node of a cluster.
constexpr std::chrono::milliseconds taken_over_delay{5'000};

// A server that takes us and drops us, again and again, is left for another one. Not at once: it may be the
// network, and another server may cost the session.
constexpr unsigned short_connections_max = 3;

}  // namespace

ReconnectPolicy::ReconnectPolicy(const ReconnectOptions& options, std::size_t servers, std::uint32_t seed)
    : options_(options), random_(seed), servers_(servers + 1) {}

void ReconnectPolicy::reset(std::size_t first) {
  connected_at_.reset();
  ever_connected_ = false;
  attempts_ = take_overs_ = 0;
  servers_.assign(servers_.size(), Server());
  current_ = home_ = first;
}

void ReconnectPolicy::go_to(std::size_t server) {
  current_ = server;
  if (server != guest()) home_ = server;
}

void ReconnectPolicy::on_connected(TimePoint now) {
  connected_at_ = now;
  ever_connected_ = true;
  attempts_ = 0;
  for (Server& server : servers_)
    server.refused = false;
}

ReconnectPolicy::Ended ReconnectPolicy::forget_connection(TimePoint now) {
  if (!connected_at_) return Ended::attempt;
  const bool lasted = now - *std::exchange(connected_at_, std::nullopt) >= options_.stable_after;
  if (!lasted) return Ended::short_connection;
  // What the others did before that is long ago, too.
  for (Server& server : servers_)
    server.failures = server.short_connections = 0;
  take_overs_ = 0;
  return Ended::lasting_connection;
}

ReconnectPolicy::Decision ReconnectPolicy::on_sent_elsewhere(std::size_t server, TimePoint now) {
  const bool was_up = forget_connection(now) != Ended::attempt;
  ++attempts_;
  servers_[current_].tried = true;
  servers_[current_].refused = false;
  if (server == guest()) servers_[server] = Server();
  // Many clients are sent away at the same moment, but each comes at its own.
  return retry(server, was_up ? jittered(options_.min_delay) : std::chrono::milliseconds(0));
}

ReconnectPolicy::Decision ReconnectPolicy::on_end(End end, TimePoint now) {
  Server& server = servers_[current_];
  const Ended ended = forget_connection(now);
  const bool was_up = ended != Ended::attempt;
  ++attempts_;
  server.tried = true;
  server.refused = end == End::refused_for_good;
  if (end == End::refused_for_good) return on_refused(now);
  if (end == End::taken_over) return on_taken_over(now);
  const bool stays = end == End::session_mismatch ||
                     (was_up && end != End::sent_away && server.short_connections < short_connections_max);
  if (ended == Ended::short_connection) ++server.short_connections;
  // Whoever points to a server that is not there, or back, would only do so again.
  Server& blamed = current_ == guest() && !stays ? servers_[home_] : server;
  const auto delay = jittered(exponential(blamed.failures++, options_.min_delay));
  server.due = blamed.due = now + delay;
  if (stays) return retry(current_, delay);
  Decision next = next_server(now);
  // Many clients lose a node at the same moment: they must not fall upon the next one together.
  if (was_up) next.delay = std::max(next.delay, delay);
  return next;
}

ReconnectPolicy::Decision ReconnectPolicy::on_refused(TimePoint now) {
  servers_[current_].due = now + options_.max_delay;
  if (current_ == guest()) {  // Whoever pointed there would only do so again.
    servers_[home_].refused = true;
    servers_[home_].due = now + options_.max_delay;
  }
  const bool give_up = ever_connected_ ? options_.give_up_when_refused : !options_.retry_when_refused;
  if (give_up && all_refused()) return {Verdict::refused, options_.max_delay, attempts_, current_};
  return next_server(now);
}

ReconnectPolicy::Decision ReconnectPolicy::on_taken_over(TimePoint now) {
  const bool give_up = ++take_overs_ >= options_.take_overs_max && !options_.retry_when_taken_over;
  const auto least = std::min(taken_over_delay, options_.max_delay);
  // Half of it at random: never sooner than the least, and two fighters drift apart.
  const auto delay = std::min(least + jittered(exponential(take_overs_ - 1, least)), options_.max_delay);
  if (give_up) return {Verdict::taken_over, delay, attempts_, current_};
  servers_[current_].due = now + delay;
  return retry(current_, delay);
}

ReconnectPolicy::Decision ReconnectPolicy::next_server(TimePoint now) {
  const std::size_t count = guest();
  std::size_t best = (home_ + 1) % count;
  for (std::size_t step = 1; step <= count && servers_[best].due > now; ++step) {
    const std::size_t server = (home_ + step) % count;
    if (servers_[server].due <= now || servers_[server].due < servers_[best].due) best = server;
  }
  return retry(best, std::chrono::ceil<std::chrono::milliseconds>(
                         std::max(servers_[best].due - now, TimePoint::duration::zero())));
}

ReconnectPolicy::Decision ReconnectPolicy::retry(std::size_t server, std::chrono::milliseconds delay) {
  go_to(server);
  return {Verdict::retry, delay, attempts_, server};
}

bool ReconnectPolicy::all_tried() const noexcept {
  return std::all_of(servers_.begin(), servers_.end() - 1, [](const Server& server) { return server.tried; });
}

bool ReconnectPolicy::all_refused() const noexcept {
  return std::all_of(servers_.begin(), servers_.end() - 1,
                     [](const Server& server) { return server.refused; });
}

std::chrono::milliseconds ReconnectPolicy::exponential(unsigned doublings, std::chrono::milliseconds first) {
  auto delay = first;
  for (unsigned i = 0; i < doublings && delay < options_.max_delay; ++i)
    delay *= 2;
  return std::min(delay, options_.max_delay);
}

std::chrono::milliseconds ReconnectPolicy::jittered(std::chrono::milliseconds delay) {
  std::uniform_int_distribution<std::chrono::milliseconds::rep> up_to(0, delay.count());
  return std::chrono::milliseconds(up_to(random_));
}

}  // namespace holdfast::session
