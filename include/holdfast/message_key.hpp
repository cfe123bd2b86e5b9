// What tells a received message from every other, beyond the end of the process.
#pragma once

#include <cstdint>
#include <string>

namespace holdfast {

/// The same message has the same key, however often it is handed over; two messages never share one. For an
/// application that has to do something exactly once for each message: it remembers the key in the same
/// transaction (docs/guide.md shows how).
///
/// Two that carry the same packet identifier follow one another: once a message with another key was handed
/// over, the earlier one does not come again. So the last key of each packet identifier is all that has to be
/// remembered.
struct MessageKey {
  /// Of the session at the broker. The store counts them, from a number chosen when it was made.
  std::uint64_t session = 0;
  /// Of the message at the broker, from 1. [MQTT 5, 2.2.1]
  std::uint16_t packet_identifier = 0;
  /// Counts the messages that had this packet identifier in this session, from 1.
  std::uint64_t exchange = 0;
  /// A hash of topic and payload (64-bit FNV-1a, with a null character between the two). Needed where a
  /// broker drops a message that it has sent already, because it expired or became too large, and gives its
  /// packet identifier to another one.
  std::uint64_t content = 0;

  /// Whether they are of the same message.
  friend bool operator==(const MessageKey&, const MessageKey&) = default;
};

/// The four numbers with a hyphen between: for a column of text, at most 68 characters. The same in every
/// version.
[[nodiscard]] std::string to_string(const MessageKey& key);

}  // namespace holdfast
