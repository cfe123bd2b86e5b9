// Messages accepted and not in flight, in the order in which they are to be sent. It outlives sessions.
//
// What a lost session gave back goes first. Then come the lanes, one for each priority that the rules give to
// topics, the highest first; within a lane the order is that of acceptance. All messages of one topic are in
// one lane, so their order is kept.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <vector>

#include <holdfast/options.hpp>

#include "session/backlog.hpp"
#include "session/latest_values.hpp"
#include "session/outbound_message.hpp"
#include "session/time.hpp"

namespace holdfast::session {

class Outbox {
 public:
  /// `load`: see Backlog; none where all stays in memory.
  explicit Outbox(std::vector<OutboxRule> rules = {}, Backlog::Load load = nullptr,
                  const Backlog::Limits& limits = {});
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Whether messages leave in the order in which they come.
  [[nodiscard]] bool keeps_order() const noexcept { return rules_.empty(); }

  /// Once, before all others: what a store holds of an earlier process. Messages that a newer one makes
  /// superfluous by today's rules are appended to `superseded`.
  void adopt(const std::vector<WaitingRange>& ranges, std::vector<OutboundMessagePtr>& superseded);
  /// The message that this one makes superfluous; null if none.
  OutboundMessagePtr push_back(OutboundMessagePtr message);
  /// Back from a lost session: they go out before all others, in their order.
  void push_front(std::vector<OutboundMessagePtr>&& messages);

  /// The next message to send; null when there is none.
  [[nodiscard]] OutboundMessage* front();
  /// Needs one.
  OutboundMessagePtr pop_front();
  [[nodiscard]] bool empty() { return front() == nullptr; }

  /// Take out what matters least: of the lowest priority the message that waits longest, or the one that came
  /// last (the last values of topics after all others). Null when none waits; what came back from a lost
  /// session is not taken.
  OutboundMessagePtr take_oldest();
  OutboundMessagePtr take_newest();

  /// When the first waiting message expires.
  [[nodiscard]] TimePoint deadline() const noexcept;
  /// Appends waiting messages whose time is over at `now` to `expired`; where deadline() is over still, there
  /// are more.
  void take_expired(TimePoint now, std::vector<OutboundMessagePtr>& expired);
  /// Takes out all QoS 0 messages in memory, in order within each lane.
  void take_qos0(std::vector<OutboundMessagePtr>& taken);

  /// After a commit: lets go what the store has, as far as memory asks for it.
  void spill();
  /// Takes out all messages in memory, for the end of the process.
  void take_all_in_memory(std::vector<OutboundMessagePtr>& taken);

 private:
  struct Lane {
    Backlog backlog;
    LatestValues latest;
  };
  // The highest priority first.
  using Lanes = std::map<int, Lane, std::greater<>>;

  [[nodiscard]] const OutboxRule& rule_of(const OutboundMessage& message) const;
  Lane& lane(int priority);
  [[nodiscard]] std::vector<OutboundMessagePtr> load(const WaitingRange& range, int priority) const;
  [[nodiscard]] static bool latest_is_next(Lane& lane);
  [[nodiscard]] static OutboundMessage* front(Lane& lane);
  OutboundMessagePtr pop_front(Lane& lane);
  [[nodiscard]] Lane* lowest_lane();
  void on_waiting(const OutboundMessagePtr& message);
  void on_left_in_place(std::size_t messages);
  void forget_left_expiring();
  template <class See>
  void for_each_in_memory(See see);

  const std::vector<OutboxRule> rules_;
  const Backlog::Load load_;
  const Backlog::Limits limits_;
  std::deque<OutboundMessagePtr> returned_;
  Lanes lanes_;
  std::size_t left_in_place_ = 0;  // Taken out of the middle since the last sweep().
  std::size_t sweep_at_ = 64;
  bool qos0_came_ = false;  // Since the last take_qos0().
  // Messages with an expiry as a heap, soonest first. Those that have left are dropped when they come up,
  // when the heap has doubled, or when nothing waits.
  std::vector<OutboundMessagePtr> expiring_;
  std::size_t look_through_at_ = 64;
};

}  // namespace holdfast::session
