// The network thread: takes requests, runs the connect and reconnect state machine, moves bytes, commits the
// journal before the bytes that it promises, and hands results on, one batch a turn.
#pragma once

#include <poll.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "client/connect_attempt.hpp"
#include "client/connection.hpp"
#include "client/route.hpp"
#include "client/shared.hpp"
#include "client/trace.hpp"
#include "net/tls.hpp"
#include "session/engine.hpp"
#include "session/outbox.hpp"
#include "session/reconnect_policy.hpp"
#include "store/store.hpp"

namespace holdfast::client {

class NetworkThread {
 public:
  /// `snapshot` is what the store gave.
  NetworkThread(std::shared_ptr<Shared> shared, const session::Snapshot& snapshot);
  ~NetworkThread();
  NetworkThread(const NetworkThread&) = delete;
  NetworkThread& operator=(const NetworkThread&) = delete;

  /// Turns until command::Close, and ends.
  void run();
  /// Ends what is unfinished with Errc::closed and gives the store back. Called alone for a client that never
  /// ran.
  void end();

 private:
  using TimePoint = session::TimePoint;

  // network_thread.cpp: one turn.
  void turn();
  void fail(std::error_code code, const char* what);
  void keep_alive(TimePoint now);
  void take_requests(TimePoint now);
  void note_accepted(const std::vector<session::OutboundMessagePtr>& messages);
  void expire(TimePoint now);
  void make_room();
  void give_up(std::vector<session::OutboundMessagePtr>& messages, Errc why);
  [[nodiscard]] std::vector<session::OutboundMessagePtr> load(const session::WaitingRange& range);
  void commit(TimePoint now);
  void tidy_up(TimePoint now);
  void commit_now(TimePoint now);
  void hand_over();
  [[nodiscard]] bool route_received();
  void report_finished();
  void report_unclaimed(const session::SubscriptionAnswer& answer);
  void report_statistics();
  void sleep();
  [[nodiscard]] bool may_read();
  [[nodiscard]] bool has_work(bool reading);
  [[nodiscard]] TimePoint deadline() const;

  // network_thread_connection.cpp: attempts, connections and how they end.
  void begin_connecting(TimePoint now);
  void advance(TimePoint now);
  void start_attempt(TimePoint now);
  void advance_attempt(TimePoint now);
  void on_attempt_failed(const Failure& why, TimePoint now);
  void warn_of_weak_tls() const;
  void advance_connection(TimePoint now);
  void on_up(const Connected& connected);
  void finish_connection(TimePoint now);
  void end_connection(const session::Closing& closing, TimePoint now);
  /// `was_up`: it was a connection, no attempt. `elsewhere`: the server that a broker points to.
  void try_again(session::End end, Failure failure, std::optional<std::size_t> elsewhere, TimePoint now);
  [[nodiscard]] bool ends_first_connect(session::End end) const;
  void rest(State state, const Failure& failure);
  void end_waits(const Failure& failure);
  /// Into `state`, of which announcements_ tell.
  void enter(State state, const Failure& failure = {});
  std::optional<std::size_t> follow_reference(const session::Closing& closing, TimePoint now);
  [[nodiscard]] std::string server_name() const;
  void begin_disconnect(const DisconnectOptions& options, TimePoint now);
  void advance_disconnect(TimePoint now);

  // network_thread_trace.cpp
  void trace_timers(TimePoint now);
  void write_trace();
  void change_state(State state);

  const std::shared_ptr<Shared> shared_;
  const std::uint64_t recovered_to_;  // Sequences up to this one are of an earlier process.
  const std::shared_ptr<net::Tls> tls_;
  Route route_;
  session::ReconnectPolicy policy_;
  session::Engine engine_;
  session::Outbox outbox_;

  session::Journal uncommitted_;
  TimePoint commit_at_ = session::never;
  std::uint64_t commits_ = 0;
  std::uint64_t stored_ = 0;
  TimePoint alive_at_{};  // When to tell the store next that the connection is up.

  State state_ = State::idle;
  std::vector<Event> announcements_;  // What leads to the next state: told with it.
  std::unique_ptr<ConnectAttempt> attempt_;
  std::optional<Connection> connection_;
  TimePoint retry_at_ = session::never;
  unsigned attempts_ = 0;  // Since the last success.
  bool ever_connected_ = false;
  Destination at_;                // Of the latest attempt, as the hook left it.
  std::string earlier_failures_;  // Of the first connect(), which tells them all.

  // disconnect(): what was asked, until when to drain, and until when to wait for the broker to close.
  std::optional<DisconnectOptions> goodbye_;
  TimePoint drain_until_ = session::never;
  TimePoint close_at_ = session::never;

  bool ending_ = false;
  Failure fatal_;               // Why the thread ended by itself.
  bool readable_ = false;       // Something may be read.
  std::vector<pollfd> polled_;  // Kept for its memory.
  std::uint64_t connect_failures_ = 0;
  Connection::Counters counters_;
  std::unique_ptr<Trace> trace_;  // None unless Options::trace asks for one.
  std::vector<session::OutboundMessagePtr> messages_;
  std::vector<Command> commands_;
  std::vector<session::InboundToken> acknowledged_;
};

}  // namespace holdfast::client
