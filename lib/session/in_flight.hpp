// Everything of ours that waits for the broker's answer under a packet identifier: messages, subscribe and
// unsubscribe requests. One allocator of identifiers for all of them, over the whole range 1 to 65535 and
// independent of any window. [MQTT 5, 2.2.1]
//
// Entries lie in a slab; a flat table finds them by identifier in one step; two lists thread through them:
// messages in the order of their first sending, and messages past PUBREC in the order of their PUBRECs, which
// is the order of a replay. [MQTT 5, 4.4, 4.6]
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "session/outbound_message.hpp"
#include "session/time.hpp"

namespace holdfast::session {

/// What an entry waits for. In brackets: what may follow.
enum class Stage : std::uint8_t {
  free,      ///< Not in use.
  puback,    ///< QoS 1 PUBLISH. [ended]
  pubrec,    ///< QoS 2 PUBLISH. [pubcomp; ended: PUBREC >= 0x80]
  pubcomp,   ///< PUBREL; the message is the broker's now and is never sent again. [ended]
  suback,    ///< SUBSCRIBE. [ended]
  unsuback,  ///< UNSUBSCRIBE. [ended]
  held,      ///< The message has ended on our side, but the broker may still know the identifier. [ended]
};

struct InFlightEntry {
  OutboundMessagePtr message;    ///< Null for suback, unsuback and held.
  std::uint64_t end_offset = 0;  ///< Where its last packet ends in this connection's bytes.
  TimePoint sent_at{};           ///< When its last packet was encoded; when it left, once it has.
  std::uint32_t previous = 0;
  std::uint32_t next = 0;
  std::uint32_t connection = 0;  ///< The connection for which its last packet was encoded.
  std::uint16_t packet_identifier = 0;
  Stage stage = Stage::free;
  bool sent_before = false;  ///< A PUBLISH with this identifier has left entirely: DUP 1 from now on.
  bool takes_quota = false;  ///< It took a place of the send quota on this connection.
};

class InFlight {
 public:
  using Index = std::uint32_t;
  static constexpr Index none = 0xFFFFFFFF;

  /// Identifiers are given out from `first` on, so that two runs of a program do not start alike.
  explicit InFlight(std::uint16_t first);

  /// Whether another identifier is to be had.
  [[nodiscard]] bool has_room() const noexcept { return count_ < 65535; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

  /// Takes an unused identifier. Messages are appended to the list of their stage. Needs has_room().
  Index add(Stage stage, OutboundMessagePtr message);
  /// The same with the identifier given: what a store brings back. It must be unused.
  Index restore(Stage stage, OutboundMessagePtr message, std::uint16_t packet_identifier);
  [[nodiscard]] Index find(std::uint16_t packet_identifier) const noexcept;
  [[nodiscard]] InFlightEntry& operator[](Index index) noexcept { return entries_[index]; }
  [[nodiscard]] const InFlightEntry& operator[](Index index) const noexcept { return entries_[index]; }

  /// The PUBREC came: the entry moves to the end of the releases.
  void to_pubcomp(Index index);
  /// The message ended on our side alone: the identifier stays taken until remove().
  void hold(Index index);
  void remove(Index index);
  /// Frees every identifier of this stage.
  void remove_all(Stage stage);

  [[nodiscard]] Index first_publish() const noexcept { return publishes_.head; }
  [[nodiscard]] Index first_release() const noexcept { return releases_.head; }
  [[nodiscard]] Index last_publish() const noexcept { return publishes_.tail; }
  [[nodiscard]] Index last_release() const noexcept { return releases_.tail; }
  [[nodiscard]] Index previous(Index index) const noexcept { return entries_[index].previous; }
  [[nodiscard]] Index next(Index index) const noexcept { return entries_[index].next; }

 private:
  struct List {
    Index head = none;
    Index tail = none;
  };
  [[nodiscard]] List* list_of(Stage stage) noexcept;
  void append(List& list, Index index);
  void unlink(Index index);
  void grow();
  void place(Index index);
  [[nodiscard]] Index allocate();

  std::vector<InFlightEntry> entries_;
  std::vector<Index> free_;
  std::vector<Index>
      table_;  // By packet identifier modulo its size, a power of two; never two entries in one place.
  List publishes_;
  List releases_;
  std::size_t count_ = 0;
  std::uint16_t next_identifier_;
};

}  // namespace holdfast::session
