// Hands messages and commands from application threads to the network thread, in order and in batches, and
// keeps the outbox within its bounds.
//
// What is bounded is all that was accepted and has not ended: here, in the outbox, or in flight.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include <holdfast/event.hpp>

#include "client/blocked_calls.hpp"
#include "client/command.hpp"
#include "session/limits.hpp"
#include "session/outbound_message.hpp"

namespace holdfast::client {

class RequestQueue {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  enum class Push : std::uint8_t { accepted, full, closed, forbidden };

  struct Bounds {
    std::size_t messages;
    std::size_t bytes;
  };
  /// How much is accepted and unfinished.
  struct Load {
    std::size_t messages = 0;
    std::size_t bytes = 0;
    std::uint64_t accepted = 0;  ///< Messages ever.
  };

  RequestQueue(Bounds bounds, bool lower_qos, BlockedCalls& blocked);

  // ---- Any thread ----

  /// Accepts a message, waiting for room at most `patience`. `forbidden`: the broker's limits forbid it, and
  /// `violation` says why.
  [[nodiscard]] Push push(session::OutboundMessagePtr message, std::chrono::milliseconds patience,
                          std::optional<session::LimitViolation>& violation);
  /// Whether the queue still takes commands.
  bool push(Command command);
  /// Waits until everything accepted before has ended; false at `deadline`.
  [[nodiscard]] bool flush(Deadline deadline);
  [[nodiscard]] Load load() const;
  [[nodiscard]] BrokerLimits limits() const;

  // ---- Network thread ----

  /// Swaps everything waiting into the empty vectors.
  void take_all(std::vector<session::OutboundMessagePtr>& messages, std::vector<Command>& commands);
  /// Whether anything waits.
  [[nodiscard]] bool has_work() const;
  /// These messages have ended.
  void release(const std::vector<session::OutboundMessagePtr>& finished);
  /// The network thread is about to sleep: whoever waits for room may look, however little there is.
  void settle();
  void set_limits(const BrokerLimits& limits);
  /// Messages that a store brought back count like accepted ones.
  void adopt(const std::vector<session::OutboundMessagePtr>& messages);
  /// Nothing is taken any more; all who wait return.
  void close();

 private:
  [[nodiscard]] bool has_room(std::size_t bytes) const noexcept;
  void admit(const session::OutboundMessagePtr& message);
  void close_flush_groups();

  // Constant after construction.
  const Bounds bounds_;
  const bool lower_qos_;
  BlockedCalls& blocked_;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable flushed_;
  std::vector<session::OutboundMessagePtr> messages_;
  std::vector<Command> commands_;
  BrokerLimits limits_;
  Load load_;
  // Unfinished messages by flush group, oldest group first; a flush() ends the last group and waits for it.
  std::deque<std::size_t> groups_{0};
  std::uint32_t first_group_ = 0;
  std::size_t room_waiters_ = 0;
  bool closed_ = false;
};

}  // namespace holdfast::client
