// A received message: one piece of memory that holds topic, properties and payload.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <holdfast/message.hpp>
#include <holdfast/reason_code.hpp>
#include <holdfast/types.hpp>

#include "session/inbound_memory.hpp"
#include "wire/packets.hpp"
#include "wire/property.hpp"

namespace holdfast::session {

/// Names one delivery of a message to the application, so that its acknowledgement finds the right exchange
/// even when the broker has used the packet identifier again since. All copies of a message have one.
struct InboundToken {
  std::uint16_t packet_identifier = 0;  ///< 0: QoS 0, nothing to acknowledge.
  std::uint32_t serial = 0;
  // clang-tidy 14 takes the 0 in what the compiler writes here for a pointer.
  friend auto operator<=>(const InboundToken&,
                          const InboundToken&) = default;  // NOLINT(modernize-use-nullptr)
};

/// An acknowledgement with more to say than "taken".
struct InboundAnswer {
  InboundToken token;
  ReasonCode reason = ReasonCode::success;
  AcknowledgementProperties properties;
};

/// What tells a QoS 2 message from others with its packet identifier: the session it came in, and how many
/// had the identifier before it in that session, and 1. Without a store nobody counts: 0.
struct InboundExchange {
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  friend auto operator<=>(const InboundExchange&, const InboundExchange&) = default;
};

class InboundMessage {
 public:
  struct Deleter {
    void operator()(InboundMessage* message) const noexcept;
  };
  using Ptr = std::unique_ptr<InboundMessage, Deleter>;

  /// Copies what the packet's views point to. `topic` is given apart because a topic alias may stand for it.
  /// The memory is from `memory`, if that is given.
  [[nodiscard]] static Ptr make(const wire::Publish& publish, std::string_view topic, InboundToken token,
                                InboundExchange exchange = {}, Protocol protocol = Protocol::mqtt_5,
                                InboundMemory* memory = nullptr);

  /// One of several, for as many readers. `serial`: the message's own, or at QoS 0 one that only they have.
  [[nodiscard]] Ptr copy(std::uint32_t serial) const;

  InboundMessage(const InboundMessage&) = delete;
  InboundMessage& operator=(const InboundMessage&) = delete;

  [[nodiscard]] std::string_view topic() const noexcept {
    return {reinterpret_cast<const char*>(bytes()), topic_size_};
  }
  [[nodiscard]] wire::PropertiesView properties() const noexcept {
    return wire::PropertiesView({bytes() + topic_size_, properties_size_});
  }
  [[nodiscard]] std::span<const std::byte> payload() const noexcept {
    return {bytes() + topic_size_ + properties_size_, payload_size_};
  }
  [[nodiscard]] QoS qos() const noexcept { return qos_; }
  [[nodiscard]] bool retain() const noexcept { return retain_; }
  [[nodiscard]] bool duplicate() const noexcept { return duplicate_; }
  /// In which it came: mqtt_5 or mqtt_3_1_1.
  [[nodiscard]] Protocol protocol() const noexcept { return protocol_; }
  [[nodiscard]] InboundToken token() const noexcept { return token_; }
  [[nodiscard]] InboundExchange exchange() const noexcept { return exchange_; }
  [[nodiscard]] bool is_copy() const noexcept { return is_copy_; }
  [[nodiscard]] std::size_t size() const noexcept {
    return std::size_t{topic_size_} + properties_size_ + payload_size_;
  }

  // ---- Of whoever holds it until it is read ----

  /// Whether its reader is to acknowledge it: not at QoS 0, nor where that was done ahead of him.
  [[nodiscard]] bool owes_acknowledgement() const noexcept { return owes_acknowledgement_; }
  void set_owes_acknowledgement(bool owes) noexcept { owes_acknowledgement_ = owes; }
  /// Whether a copy went where this one would go if nobody read it.
  [[nodiscard]] bool handed_on() const noexcept { return handed_on_; }
  void set_handed_on() noexcept { handed_on_ = true; }

 private:
  InboundMessage(const wire::Publish& publish, std::string_view topic, InboundToken token,
                 InboundExchange exchange, Protocol protocol, MessageBlocks::Block* block) noexcept;
  InboundMessage(const InboundMessage& other, std::uint32_t serial) noexcept;
  ~InboundMessage() = default;
  [[nodiscard]] const std::byte* bytes() const noexcept {
    return reinterpret_cast<const std::byte*>(this + 1);
  }

  MessageBlocks::Block* const block_;  // Null: memory of its own.
  const InboundToken token_;
  const InboundExchange exchange_;
  const std::uint32_t properties_size_;
  const std::uint32_t payload_size_;
  const std::uint16_t topic_size_;
  const QoS qos_;
  const bool retain_;
  const bool duplicate_;
  const Protocol protocol_;
  const bool is_copy_;
  bool owes_acknowledgement_ : 1;
  bool handed_on_ : 1 = false;
};

}  // namespace holdfast::session
