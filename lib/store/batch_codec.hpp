// Messages as a row of `batch` holds them: heads tell what there is, bodies are topics, properties and
// payloads, one after the other. They are apart so that who only counts the messages need not read them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "session/record.hpp"
#include "store/byte_codec.hpp"

namespace holdfast::store {

/// Of one message in a batch.
struct MessageHead {
  std::uint64_t sequence = 0;
  QoS qos = QoS::at_most_once;
  bool retain = false;
  std::optional<std::chrono::milliseconds> expires_at;  ///< By the store's clock.
  std::size_t topic_size = 0;
  std::size_t properties_size = 0;
  std::size_t payload_size = 0;

  [[nodiscard]] std::size_t size() const noexcept { return topic_size + properties_size + payload_size; }
};

/// Collects messages in the order of their sequences.
class BatchWriter {
 public:
  void add(const MessageHead& head);
  /// The body of the message added last.
  void append(std::span<const std::byte> body) { bodies_.insert(bodies_.end(), body.begin(), body.end()); }
  void clear() noexcept;

  [[nodiscard]] bool empty() const noexcept { return messages_ == 0; }
  [[nodiscard]] std::uint64_t first() const noexcept { return first_; }
  [[nodiscard]] std::size_t messages() const noexcept { return messages_; }
  [[nodiscard]] const Bytes& heads() const noexcept { return heads_; }
  [[nodiscard]] const Bytes& bodies() const noexcept { return bodies_; }

 private:
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
  std::size_t messages_ = 0;
  Bytes heads_;
  Bytes bodies_;
};

/// Gives the heads of a batch back, one after the other.
class HeadReader {
 public:
  HeadReader(std::uint64_t first, std::span<const std::byte> heads) noexcept
      : reader_(heads), sequence_(first) {}

  /// False after the last one, or if what follows is none.
  [[nodiscard]] bool next(MessageHead& head) noexcept;
  /// It ended before its end: the file is damaged.
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  /// How many bytes are not read yet.
  [[nodiscard]] std::size_t left() const noexcept { return reader_.left(); }

 private:
  [[nodiscard]] bool read(MessageHead& head) noexcept;

  ByteReader reader_;
  std::uint64_t sequence_;
  bool first_ = true;
  bool failed_ = false;
};

/// The message, as it waits or is sent; `body` is of the size that `head` says.
[[nodiscard]] session::OutboundMessagePtr make_message(const MessageHead& head,
                                                       std::span<const std::byte> body,
                                                       session::TimePoint expires_at);

}  // namespace holdfast::store
