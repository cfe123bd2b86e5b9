// Messages accepted and not in flight, in the order in which they are to be sent. It outlives sessions.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "session/outbound_message.hpp"
#include "session/time.hpp"

namespace holdfast::session {

class Outbox {
 public:
  void push_back(OutboundMessagePtr message);
  /// Back from a lost session: they go out before all others, in their order.
  void push_front(std::vector<OutboundMessagePtr>&& messages);

  /// The next message to send; null when there is none. Messages that take_expired() gave away are passed
  /// over.
  [[nodiscard]] OutboundMessage* front();
  OutboundMessagePtr pop_front();

  /// When the first waiting message expires.
  [[nodiscard]] TimePoint deadline() const noexcept;
  /// Appends every waiting message whose time is over at `now` to `expired`, in the order of their times.
  void take_expired(TimePoint now, std::vector<OutboundMessagePtr>& expired);
  /// Takes out all QoS 0 messages, in order.
  void take_qos0(std::vector<OutboundMessagePtr>& taken);

  [[nodiscard]] bool empty() { return front() == nullptr; }

 private:
  void watch_expiry(const OutboundMessagePtr& message);

  std::deque<OutboundMessagePtr> waiting_;
  std::size_t expired_in_waiting_ = 0;  // Given away by take_expired() and still in waiting_.
  // Messages with an expiry as a heap, soonest first. Those that have left are dropped when they come up,
  // when the heap has doubled, or when nothing waits.
  std::vector<OutboundMessagePtr> expiring_;
  std::size_t look_through_at_ = 64;
};

}  // namespace holdfast::session
