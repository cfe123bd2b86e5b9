// A queue of waiting messages of any length in memory of a bounded size: what a store has, and nobody
// follows, is let go and loaded again when its turn comes.
//
// The messages lie in segments of the size that a store loads at once. A segment is in memory, or spilled:
// then it is a range of sequences, and the few messages in it that cannot be let go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "session/fifo.hpp"
#include "session/outbound_message.hpp"
#include "session/record.hpp"
#include "session/time.hpp"

namespace holdfast::session {

class Backlog {
 public:
  struct Limits {
    /// How much memory the messages take before some are let go, counted with what an object costs.
    std::size_t memory = std::size_t{16} << 20;
    RangeLimits segment;
  };
  /// Gives the messages of a range that wait, as of now, in order.
  using Load = std::function<std::vector<OutboundMessagePtr>(const WaitingRange&)>;
  /// Told of each message that came into memory by loading.
  using Loaded = std::function<void(const OutboundMessagePtr&)>;

  /// Without `load` nothing is ever let go.
  Backlog(const Limits& limits, Load load, Loaded loaded);

  void push_back(OutboundMessagePtr message);
  /// What a store holds from before, to be called before all others.
  void push_back(const WaitingRange& range);

  /// The next message, null when there is none; messages that have left are passed over.
  [[nodiscard]] OutboundMessage* front();
  OutboundMessagePtr pop_front();
  /// Takes out the message that came last; null when there is none.
  OutboundMessagePtr take_back();

  /// When to look for what expires of the spilled ones; a message there may be found up to a second late.
  [[nodiscard]] TimePoint deadline() const noexcept { return spilled_deadline_; }
  /// Appends what has expired of one spilled segment; where deadline() is over still, there is more.
  void take_expired(TimePoint now, std::vector<OutboundMessagePtr>& expired);

  /// Lets messages go when those in memory are too many. Those that are not in the store, or that others
  /// hold, too, stay. Whether any went.
  bool spill();
  /// Forgets the messages that have left.
  void sweep();
  /// Calls `see(message)` with each message in memory, in order.
  template <class See>
  void for_each_in_memory(See see) {
    for (Segment& segment : segments_) {
      for (auto& message : segment.messages)
        see(message);
    }
  }

 private:
  struct Segment {
    Fifo<OutboundMessagePtr> messages;  // All of them, or of a spilled one those that had to stay.
    std::size_t bytes = 0;              // Ever pushed, for the segment's limit.
    bool spilled = false;
    WaitingRange range;  // Of a spilled one.
  };

  [[nodiscard]] bool has_room(const OutboundMessagePtr& message) const noexcept;
  [[nodiscard]] bool can_let_go(const OutboundMessagePtr& message) const noexcept;
  [[nodiscard]] bool worth_spilling(const Segment& segment) const noexcept;
  void spill(Segment& segment);
  void load(Segment& segment);
  void find_deadline() noexcept;
  void drop_front(Segment& segment);
  void drop_front_segment();

  const Limits limits_;
  const Load load_;
  const Loaded loaded_;
  std::deque<Segment> segments_;
  Fifo<OutboundMessagePtr> spare_;  // The memory of a segment that has left, for the next one.
  std::size_t in_memory_ = 0;       // As Limits::memory.
  std::size_t look_at_;             // How much in memory makes it worth to look again for what can go.
  TimePoint spilled_deadline_ = never;
};

}  // namespace holdfast::session
