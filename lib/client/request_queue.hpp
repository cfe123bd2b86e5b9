// Hands messages and commands from application threads to the network thread, in order and in batches, and
// keeps the outbox within its bounds.
//
// What is bounded is all that was accepted and has not ended: here, in the outbox, or in flight.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <vector>

#include <holdfast/event.hpp>
#include <holdfast/options.hpp>

#include "client/blocked_calls.hpp"
#include "client/command.hpp"
#include "session/limits.hpp"
#include "session/outbound_message.hpp"

namespace holdfast::client {

class RequestQueue {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  enum class Push : std::uint8_t { accepted, full, closed, given_up, forbidden };

  struct Bounds {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };
  /// How long a publisher waits for room.
  struct Patience {
    std::chrono::milliseconds timeout{0};
    const std::atomic<bool>* given_up = nullptr;  ///< Ends the wait when it is set and look_again() called.
  };
  /// How much is accepted and unfinished.
  struct Load {
    std::size_t messages = 0;
    std::size_t bytes = 0;
    std::uint64_t accepted = 0;  ///< Messages ever.
  };

  RequestQueue(const Options& options, BlockedCalls& blocked);

  // ---- Any thread ----

  /// Accepts a message and gives it its sequence, waiting for room with this patience. `forbidden`: the
  /// broker's limits forbid it, and `violation` says why.
  [[nodiscard]] Push push(session::OutboundMessagePtr message, Patience patience,
                          std::optional<session::LimitViolation>& violation);
  /// Whether the queue still takes commands.
  bool push(Command command);
  /// Waits until everything accepted before has ended; false at `deadline`.
  [[nodiscard]] bool flush(Deadline deadline);
  [[nodiscard]] Load load() const;
  [[nodiscard]] BrokerLimits limits() const;
  /// Whoever has given up what it waits to publish returns.
  void look_again();

  // ---- Network thread ----

  /// Swaps everything waiting into the empty vectors.
  void take_all(std::vector<session::OutboundMessagePtr>& messages, std::vector<Command>& commands);
  /// Whether anything waits.
  [[nodiscard]] bool has_work() const;
  /// Of the newest message that was accepted, taken or not.
  [[nodiscard]] std::uint64_t last_sequence() const;
  /// These messages have ended.
  void release(const std::vector<session::OutboundMessagePtr>& finished);
  /// The network thread is about to sleep: who waits for room may take it, however little there is.
  void settle();
  void set_limits(const BrokerLimits& limits);
  /// Once, before all others: what a store brought back counts like accepted messages, which follow
  /// `last_sequence`.
  void adopt(std::size_t messages, std::size_t bytes, std::uint64_t last_sequence);
  /// How much was taken from here and not released beyond the bounds, for a policy that drops.
  [[nodiscard]] Bounds excess() const;
  /// Nothing is taken any more; all who wait return.
  void close();

 private:
  // Unfinished messages with sequences from `first` on, up to the next group.
  struct FlushGroup {
    std::uint64_t first = 0;
    std::size_t unfinished = 0;
  };

  struct WaitingPublisher {
    const session::OutboundMessage& message;
    std::condition_variable woken = {};
  };

  [[nodiscard]] FlushGroup& group_of(std::uint64_t sequence) noexcept;
  [[nodiscard]] bool has_room(const session::OutboundMessage& message) const noexcept;
  void wait_for_room(std::unique_lock<std::mutex>& lock, const session::OutboundMessage& message,
                     Patience patience);
  void wake_some();
  void wake_all();
  void admit(const session::OutboundMessagePtr& message);
  void close_flush_groups();

  // Constant after construction.
  const Bounds bounds_;
  const bool drops_;            // What is above the bounds, later; not taken yet may be as much again.
  const bool store_sets_pace_;  // Memory is for what the store does not have yet.
  const bool lower_qos_;
  BlockedCalls& blocked_;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::condition_variable flushed_;
  std::vector<session::OutboundMessagePtr> messages_;
  std::vector<Command> commands_;
  BrokerLimits limits_;
  Load load_;
  std::size_t untaken_bytes_ = 0;  // Of messages_, and what they take of memory: where that bounds anything.
  std::size_t untaken_memory_ = 0;
  std::uint64_t last_sequence_ = 0;
  // The oldest first; a flush() begins a new one and waits for those before.
  std::deque<FlushGroup> groups_{FlushGroup{}};
  std::list<WaitingPublisher*> waiting_;  // For room: who has waited longest is woken first.
  std::size_t releases_ = 0;
  std::size_t wake_next_ = 1;  // How many of them, at the next opportunity.
  bool closed_ = false;
};

}  // namespace holdfast::client
