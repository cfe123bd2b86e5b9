// What of the network thread's work Options::trace records, apart from the bytes.
#include "client/network_thread.hpp"

namespace holdfast::client {

// Before they are acted upon, so that their consequences stand behind them.
void NetworkThread::trace_timers(TimePoint now) {
  for (const std::string_view timer : engine_.due_timers(now))
    trace_->on_timer(timer);
  if (retry_at_ <= now) trace_->on_timer("reconnect");
  if (attempt_ && attempt_->deadline() <= now) trace_->on_timer("connect");
  if (connection_ && connection_->write_deadline() <= now) trace_->on_timer("write");
  if (close_at_ <= now) trace_->on_timer("close");
  if (close_at_ == session::never && drain_until_ <= now) trace_->on_timer("drain");
  if (outbox_.deadline() <= now) trace_->on_timer("message_expiry");
  if (shared_->options.store && commit_at_ <= now) trace_->on_timer("commit");
}

// A trace that cannot be written must not end the client, nor keep its lines in memory for ever.
void NetworkThread::write_trace() {
  trace_->write();
  if (!trace_->error()) return;
  shared_->logger->warn("holdfast: trace: \"{}\" cannot be written: {}: the trace ends here",
                        shared_->options.trace, trace_->error().message());
  if (connection_) connection_->end_trace();
  trace_.reset();
}

void NetworkThread::change_state(State state) {
  if (trace_ && state != state_) trace_->on_state(name_of(state));
  state_ = state;
}

}  // namespace holdfast::client
