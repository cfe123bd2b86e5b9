// A process that uses Holdfast: the engine, the outbox and the store, driven in turns as the network thread
// drives them, and an application that publishes and receives. It can be killed at each step of a turn.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "session/engine.hpp"
#include "session/outbox.hpp"
#include "simulation/crashable_store.hpp"
#include "simulation/model_broker.hpp"
#include "simulation/packet_watch.hpp"
#include "simulation/world.hpp"

namespace holdfast::simulation {

/// Where in its turn the process is killed.
enum class Kill : std::uint8_t {
  no,
  before_commit,
  after_commit,
  while_writing,
  after_write,
  after_hand_over
};
/// Thrown by the turn in which it is.
struct Killed {};

class SimulatedProcess {
 public:
  /// `store` may be null.
  SimulatedProcess(World& world, ModelBroker& broker, CrashableStore* store);
  /// All that is in memory is gone, and the system closes the connection.
  ~SimulatedProcess();
  SimulatedProcess(const SimulatedProcess&) = delete;
  SimulatedProcess& operator=(const SimulatedProcess&) = delete;

  // ---- The application ----

  void publish(std::uint32_t topic, QoS qos, std::size_t size, std::chrono::nanoseconds expires_in);
  void request(session::SubscriptionRequest::Kind kind, std::uint32_t topic);
  /// Takes the oldest message out of the inbox, if there is one.
  void receive();
  /// With Ack::manual: acknowledges one of the messages received, in any order.
  void acknowledge();
  void disconnect(const DisconnectOptions& options);

  // ---- The network thread ----

  void turn(Kill kill);
  /// It has ended by itself: after disconnect(), or because its store failed.
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] session::TimePoint deadline() const;
  /// Everything is done: sent, acknowledged, received, answered.
  [[nodiscard]] bool idle();
  /// What the subscriptions should be, as far as it was answered.
  [[nodiscard]] const std::map<std::string, bool>& wishes() const noexcept { return wishes_; }
  [[nodiscard]] Link* link() const noexcept { return link_.get(); }

 private:
  // simulated_process.cpp
  [[nodiscard]] session::Snapshot open();
  [[nodiscard]] std::vector<session::OutboundMessagePtr> load(const session::WaitingRange& range);
  void give_up(std::vector<session::OutboundMessagePtr>& messages, Errc why);
  void make_room();
  void keep_alive(session::TimePoint now);
  void take_requests(session::TimePoint now);
  void read(session::TimePoint now);
  void expire(session::TimePoint now);
  void commit(bool all);
  void write(bool killed_meanwhile);
  void hand_over(session::TimePoint now);
  void on_connected(const Connected& connected);
  void report_finished(session::TimePoint now);

  // simulated_process_connection.cpp
  void connect(session::TimePoint now);
  void choose_server();
  void advance_disconnect(session::TimePoint now);
  void finish_connection(session::TimePoint now);
  void end_connection(session::End end, session::TimePoint now);
  void end(bool fatal);

  World& world_;
  ModelBroker& broker_;
  CrashableStore* const store_;
  std::uint64_t last_sequence_ = 0;
  std::vector<session::WaitingRange> left_waiting_;  // By the earlier process.
  session::Engine engine_;
  session::Outbox outbox_;
  session::Journal uncommitted_;
  PacketWatch watch_;
  std::shared_ptr<Link> link_;
  std::size_t connection_ = 0;  // The broker's number of it.
  bool other_server_ = false;   // It goes there; see Weather.
  session::TimePoint retry_at_{};
  session::TimePoint write_deadline_ = session::never;
  std::optional<DisconnectOptions> goodbye_;
  session::TimePoint drain_until_{};
  session::TimePoint close_at_{};
  bool stream_ended_ = false;
  bool over_ = false;  // It disconnected as it was told: this turn is its last.
  bool ended_ = false;

  // Between the application and the network thread.
  std::vector<session::OutboundMessagePtr> accepted_;
  std::vector<session::SubscriptionRequest> requests_;
  std::vector<session::InboundToken> acknowledged_;
  std::deque<session::InboundMessage::Ptr> inbox_;

  // The application's.
  std::map<std::uint32_t, session::OutboundMessagePtr> followed_;  // The Deliveries it keeps, by number.
  std::vector<session::InboundToken> owed_;                        // Received, to be acknowledged by hand.
  std::set<std::uint64_t> asked_;  // Tickets of requests that are not answered.
  std::uint64_t last_ticket_ = 0;
  std::map<std::string, bool> wishes_;
};

}  // namespace holdfast::simulation
