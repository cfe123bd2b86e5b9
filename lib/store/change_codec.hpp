// What changes while messages are sent, as a row of `change` holds it: a few bytes for each change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "session/record.hpp"
#include "store/byte_codec.hpp"

namespace holdfast::store {

/// The numbers are those of the file.
enum class ChangeKind : std::uint8_t {
  accepted = 1,       ///< The messages from `first` to `last`: they live, whatever was said of them before.
  ended = 2,          ///< The messages from `first` to `last`.
  sent_qos1 = 3,      ///< Message `first` with `identifier`.
  sent_qos2 = 4,      ///< Message `first` with `identifier`.
  released = 5,       ///< Message `first` is past PUBREC.
  returned = 6,       ///< Message `first` waits again.
  held = 7,           ///< Message `first` has ended, its identifier stays taken.
  identifier = 8,     ///< `identifier` stays taken, its message is long gone.
  inbound = 9,        ///< `identifier` of a message received.
  inbound_done = 10,  ///< `identifier` is free again.
  session_ended = 11  ///< No identifier means anything any more.
};

struct Change {
  ChangeKind kind = ChangeKind::session_ended;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint16_t identifier = 0;
  std::uint64_t exchange = 0;
};

/// Collects changes; those of neighbours that are accepted or end one after the other become one.
class ChangeWriter {
 public:
  void accepted(std::uint64_t sequence) { extend(ChangeKind::accepted, sequence, sequence); }
  void ended(std::uint64_t sequence) { extend(ChangeKind::ended, sequence, sequence); }
  void ended(std::uint64_t first, std::uint64_t last) { extend(ChangeKind::ended, first, last); }
  void sent(std::uint64_t sequence, std::uint16_t identifier, QoS qos);
  void of_message(ChangeKind kind, std::uint64_t sequence);
  void of_identifier(ChangeKind kind, std::uint16_t identifier);
  void received(std::uint16_t identifier, std::uint64_t exchange);
  void session_ended();

  /// All of them. More may follow after clear() only.
  [[nodiscard]] const Bytes& finish();
  void clear() noexcept;

 private:
  void extend(ChangeKind kind, std::uint64_t first, std::uint64_t last);
  void put(ChangeKind kind);
  void put_sequence(std::uint64_t sequence);

  Bytes bytes_;
  std::uint64_t base_ = 0;  // Sequences are told as the way from the one before.
  bool open_ = false;       // A range that may grow.
  ChangeKind open_kind_ = ChangeKind::accepted;
  std::uint64_t open_first_ = 0;
  std::uint64_t open_last_ = 0;
};

/// Gives them back, one after the other.
class ChangeReader {
 public:
  explicit ChangeReader(std::span<const std::byte> bytes) noexcept : reader_(bytes) {}

  /// False after the last one, or if what follows is none.
  [[nodiscard]] bool next(Change& change) noexcept;
  /// It ended before its end: the file is damaged.
  [[nodiscard]] bool failed() const noexcept { return failed_; }

 private:
  [[nodiscard]] bool read(Change& change) noexcept;
  [[nodiscard]] bool read_sequence(Change& change) noexcept;
  [[nodiscard]] bool read_range(Change& change) noexcept;
  [[nodiscard]] bool read_identifier(Change& change) noexcept;

  ByteReader reader_;
  std::uint64_t base_ = 0;
  bool failed_ = false;
};

}  // namespace holdfast::store
