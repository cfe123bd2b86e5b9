// How a process's connections begin and end.
#include <algorithm>
#include <utility>

#include "session/server_group.hpp"
#include "simulation/simulated_process.hpp"

namespace holdfast::simulation {

using session::End;

void SimulatedProcess::connect(session::TimePoint now) {
  link_ = std::make_shared<Link>(world_.weather, world_.random);
  connection_ = broker_.accept(link_);
  watch_.reset();
  choose_server();
  stream_ended_ = false;
  write_deadline_ = session::never;
  engine_.on_connected(now);
  watch_.on_made(engine_.output());
}

// To the other one of two servers, and back. The broker plays both: an independent one is asked for a clean
// start, and whatever the broker had is gone then, as if it had never been there.
void SimulatedProcess::choose_server() {
  if (world_.random.chance(world_.weather.other_server)) other_server_ = !other_server_;
  const bool cluster = world_.scenario.options.server_group == ServerGroup::cluster;
  const std::vector<std::string> servers = cluster ? std::vector<std::string>{"one:1883", "other:1883"}
                                           : other_server_ ? std::vector<std::string>{"other:1883"}
                                                           : std::vector<std::string>{"one:1883"};
  world_.invariants.session.on_connecting(session::server_group(servers));
  engine_.set_servers(session::server_group(servers));
}

void SimulatedProcess::advance_disconnect(session::TimePoint now) {
  if (!goodbye_ || engine_.closing()) return;
  const bool drained = outbox_.empty() && engine_.returned().empty() && engine_.in_flight() == 0;
  if (!drained && now < drain_until_) return;
  engine_.disconnect(*goodbye_, now);
  close_at_ = now + world_.scenario.options.close_timeout;
  if (goodbye_->session_expiry_interval)
    world_.invariants.session.on_expiry_changed(*goodbye_->session_expiry_interval);
  if (!link_) over_ = true;
}

void SimulatedProcess::finish_connection(session::TimePoint now) {
  if (!link_) return;
  if (const auto& closing = engine_.closing()) {
    const bool by_request = closing->end == End::by_request;
    const bool leaving = by_request && !engine_.output().empty() && !stream_ended_ &&
                         std::min(close_at_, write_deadline_) > now;
    if (leaving) return;  // DISCONNECT is to arrive.
    if (closing->end == End::session_mismatch) world_.invariants.session.on_mismatch();
    end_connection(closing->end, now);
    over_ = by_request;
    return;
  }
  if (stream_ended_) return end_connection(world_.random.chance(800) ? End::closed_by_peer : End::lost, now);
  if (write_deadline_ <= now) end_connection(End::lost, now);
}

void SimulatedProcess::end_connection(End end, session::TimePoint now) {
  world_.trace.note("client", [&] {
    return "connection ends" + (engine_.closing() ? ": " + engine_.closing()->what : std::string());
  });
  const auto& closing = engine_.closing();
  require(!closing || closing->error != Errc::malformed_packet || end == End::session_mismatch,
          [&] { return "the client blames an honest broker: " + closing->what; });
  world_.invariants.session.on_disconnected(engine_.is_up(), now);
  world_.invariants.outgoing.on_disconnected(end == End::closed_by_peer && engine_.is_up());
  link_->close(Link::Side::client);
  link_.reset();
  write_deadline_ = session::never;
  engine_.on_disconnected(end, now);
  retry_at_ = now + std::chrono::milliseconds(world_.random.below(2000));
}

// What is not finished ends here for its Deliveries; a store keeps it.
void SimulatedProcess::end(bool fatal) {
  const session::TimePoint now = world_.clock.client_now();
  ended_ = true;
  try {
    take_requests(now);
    if (!fatal) commit(true);
  } catch (const Error&) {
    // The client is over either way.
  }
  for (auto& message : engine_.returned())
    engine_.abandon(std::move(message));
  engine_.returned().clear();
  std::vector<session::OutboundMessagePtr> waiting;
  outbox_.take_all_in_memory(waiting);
  for (auto& message : waiting)
    engine_.abandon(std::move(message));
  engine_.abandon_all();
  world_.invariants.outgoing.on_process_ends();
  report_finished(now);
  require(followed_.empty(), [] { return "the client ended, but not all of its Deliveries"; });
  require(store_ != nullptr || world_.invariants.outgoing.live() == 0,
          [] { return "the client ended, but not all of its messages"; });
}

session::TimePoint SimulatedProcess::deadline() const {
  if (!accepted_.empty() || !requests_.empty() || !acknowledged_.empty()) return world_.clock.now;
  session::TimePoint first = std::min(engine_.deadline(), outbox_.deadline());
  first = std::min(first, link_ ? write_deadline_ : retry_at_);
  if (goodbye_) first = std::min(first, engine_.closing() ? close_at_ : drain_until_);
  return first == session::never ? first : first - world_.clock.client_ahead;
}

bool SimulatedProcess::idle() {
  const bool nothing_waits = accepted_.empty() && requests_.empty() && acknowledged_.empty() &&
                             inbox_.empty() && owed_.empty() && asked_.empty() && outbox_.empty();
  return nothing_waits && engine_.is_connected() && engine_.in_flight() == 0 && engine_.output().empty() &&
         engine_.returned().empty();
}

}  // namespace holdfast::simulation
