// What a store remembers of its file: which messages are in which batch and which of them have ended, what is
// in flight, which identifiers are taken. A few bytes a message; the messages themselves stay in the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "store/byte_codec.hpp"
#include "store/change_codec.hpp"

namespace holdfast::store {

/// A row of `batch`.
struct Batch {
  /// None if what the file has makes no sense.
  static std::optional<Batch> of(std::uint64_t first, std::size_t messages, std::span<const std::byte> heads,
                                 std::size_t body_bytes);

  struct Message {
    std::uint32_t offset;  ///< Of its sequence from the batch's first.
    std::uint32_t ended : 1;
    std::uint32_t size : 31;  ///< In the file.
  };

  [[nodiscard]] std::uint64_t last() const noexcept { return first + messages.back().offset; }
  /// Where the first message is whose sequence is this one or follows it.
  [[nodiscard]] std::size_t at_or_after(std::uint64_t sequence) const;

  std::uint64_t first = 0;
  std::vector<Message> messages;
  std::size_t stored_bytes = 0;
  std::size_t live_bytes = 0;  ///< Of messages that have not ended.
  std::size_t live = 0;
};

/// A message in flight.
struct Flight {
  std::uint16_t identifier = 0;
  QoS qos = QoS::at_least_once;
  bool released = false;
  std::uint64_t step = 0;  ///< Orders what was sent, and what was released.
};

/// An identifier of messages received.
struct Inbound {
  std::uint64_t exchanges = 0;  ///< Messages that had it in this session: the next needs a number of its own.
  bool released = false;        ///< None has it now.
};

/// Follows the file: it is told of a change when the file has it.
class FileIndex {
 public:
  using Batches = std::map<std::uint64_t, Batch>;  // By the first sequence.

  /// A batch that the file has; false if it overlaps another.
  [[nodiscard]] bool add(Batch batch);
  void remove(std::uint64_t first);
  /// Changes that the file has; false if they make no sense.
  [[nodiscard]] bool apply(std::span<const std::byte> changes);
  /// Whether what is in flight is there, each with an identifier of its own.
  [[nodiscard]] bool makes_sense() const;

  /// The shortest changes that lead here from the batches alone.
  [[nodiscard]] Bytes summary() const;

  [[nodiscard]] const Batches& batches() const noexcept { return batches_; }
  /// The batch that holds the sequence or is the next to hold more.
  [[nodiscard]] Batches::const_iterator at_or_after(std::uint64_t sequence) const;
  [[nodiscard]] const std::map<std::uint64_t, Flight>& flight() const noexcept { return flight_; }
  [[nodiscard]] const std::set<std::uint16_t>& held() const noexcept { return held_; }
  [[nodiscard]] const std::map<std::uint16_t, Inbound>& inbound() const noexcept { return inbound_; }
  [[nodiscard]] bool in_flight(std::uint64_t sequence) const { return flight_.count(sequence) != 0; }
  /// Of those that have not ended; 0 if there is none.
  [[nodiscard]] std::uint64_t last_sequence() const;

  /// Batches all of whose messages have ended.
  [[nodiscard]] const std::set<std::uint64_t>& dead() const noexcept { return dead_; }
  /// In the batches that are not dead.
  [[nodiscard]] std::size_t stored_bytes() const noexcept { return stored_bytes_; }
  [[nodiscard]] std::size_t live_bytes() const noexcept { return live_bytes_; }
  [[nodiscard]] std::size_t live_batches() const noexcept { return live_batches_; }

 private:
  void apply(const Change& change);
  void set_ended(std::uint64_t first, std::uint64_t last, bool ended);
  void set_ended(Batch& batch, std::uint64_t first, std::uint64_t last, bool ended);
  void land(std::uint64_t first, std::uint64_t last);
  void hold(std::uint64_t sequence);
  void count(const Batch& batch);
  void discount(const Batch& batch);

  Batches batches_;
  std::map<std::uint64_t, Flight> flight_;  // By sequence.
  std::set<std::uint16_t> held_;
  std::map<std::uint16_t, Inbound> inbound_;
  std::uint64_t last_step_ = 0;
  std::set<std::uint64_t> dead_;
  std::size_t stored_bytes_ = 0;
  std::size_t live_bytes_ = 0;
  std::size_t live_batches_ = 0;
};

}  // namespace holdfast::store
