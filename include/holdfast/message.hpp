// A received message.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/message_key.hpp>
#include <holdfast/reason_code.hpp>
#include <holdfast/types.hpp>

namespace holdfast {

namespace session {
class InboundMessage;
}
namespace client {
class Inbox;
class Requests;
}  // namespace client

/// What an acknowledgement may carry besides its reason code: words for the broker and its log. What would
/// make the packet larger than the broker's Maximum Packet Size is left out. [MQTT 5, 3.4.2.2, 3.5.2.2]
struct AcknowledgementProperties {
  std::optional<std::string> reason_string = std::nullopt;
  UserProperties user_properties = {};
};

/// A message as the broker delivered it. Owns its bytes: the views it gives live as long as it does. Move it;
/// to keep parts, copy them: messages of up to 8 KiB that came together share blocks of up to 32 KiB, so
/// keeping one of them keeps its block. One thread at a time.
class Message {
 public:
  ~Message();
  Message(Message&&) noexcept;
  Message& operator=(Message&&) noexcept;
  Message(const Message&) = delete;  ///< Two owners of one acknowledgement make no sense: move it.
  Message& operator=(const Message&) = delete;

  [[nodiscard]] std::string_view topic() const noexcept;
  /// The payload as characters; any bytes, perhaps none.
  [[nodiscard]] std::string_view payload() const noexcept;
  [[nodiscard]] std::span<const std::byte> payload_bytes() const noexcept;
  /// The QoS of this delivery, which may be lower than the publisher's.
  [[nodiscard]] QoS qos() const noexcept;
  [[nodiscard]] bool retain() const noexcept;
  /// The broker may have sent this message before. [MQTT 5, 3.3.1.1]
  [[nodiscard]] bool duplicate() const noexcept;
  /// 0 at QoS 0.
  [[nodiscard]] std::uint16_t packet_identifier() const noexcept;
  /// What tells this message from every other, also after the end of the process: for QoS 2 and with
  /// Options::store (of a file: memory_store() begins anew with each process). Empty otherwise: at QoS 1 the
  /// protocol has nothing by which a message that is sent again could be told from a new one.
  [[nodiscard]] std::optional<MessageKey> key() const noexcept;

  // Properties. [MQTT 5, 3.3.2.3]
  [[nodiscard]] bool payload_is_utf8() const noexcept;
  [[nodiscard]] std::optional<std::chrono::seconds> message_expiry_interval() const noexcept;
  [[nodiscard]] std::optional<std::string_view> content_type() const noexcept;
  [[nodiscard]] std::optional<std::string_view> response_topic() const noexcept;
  [[nodiscard]] std::optional<std::string_view> correlation_data() const noexcept;
  [[nodiscard]] std::vector<std::uint32_t> subscription_identifiers() const;
  [[nodiscard]] UserProperties user_properties() const;

  /// With Ack::manual: acknowledges this message; the broker then forgets it. Otherwise, at QoS 0, or a
  /// second time: nothing. Sent in the order the protocol asks for, whatever the order of the calls. Never
  /// blocks, never throws, and may be called after the client is gone.
  void ack();
  /// The same with a reason code: success, or one of the errors of PUBACK and PUBREC: 0x80, 0x83, 0x87, 0x90,
  /// 0x91, 0x97, 0x99. An error ends the exchange, at QoS 2 too: the broker will not send this message again.
  /// What a broker makes of an error is its own affair; most only log it. Throws Error (invalid_argument) for
  /// other codes and ill-formed strings, (not_in_protocol) in MQTT 3.1.1, which has no reasons. [MQTT
  /// 5, 3.4.2.1, 3.5.2.1]
  void ack(ReasonCode reason, const AcknowledgementProperties& properties = {});

 private:
  friend class client::Inbox;
  friend class client::Requests;
  Message(session::InboundMessage* message, std::shared_ptr<client::Inbox> inbox) noexcept;

  session::InboundMessage* message_;      // Owned.
  std::shared_ptr<client::Inbox> inbox_;  // Set while an acknowledgement by hand is owed.
};

}  // namespace holdfast
