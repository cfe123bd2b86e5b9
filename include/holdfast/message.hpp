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
  /// UTF-8, at most 65535 bytes. Absent: none. [MQTT 5, 3.4.2.2.2, 3.5.2.2.2]
  std::optional<std::string> reason_string = std::nullopt;
  /// Default: none. [MQTT 5, 3.4.2.2.3, 3.5.2.2.3]
  UserProperties user_properties = {};
};

/// A message as the broker delivered it. Owns its bytes: the views it gives live as long as it does. Move it;
/// to keep parts, copy them: messages of up to 8 KiB that came together share blocks of up to 32 KiB, so
/// keeping one of them keeps its block. One thread at a time.
class Message {
 public:
  /// Acknowledges nothing: with Ack::manual the broker sends an unacknowledged message again on the next
  /// connection of the session.
  ~Message();
  ///@{
  /// Takes over the bytes and the acknowledgement; the other one can only be destroyed or assigned to then.
  Message(Message&&) noexcept;
  Message& operator=(Message&&) noexcept;
  ///@}
  /// Two owners of one acknowledgement make no sense: move it.
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  /// The topic name, in full, also where the broker sent an alias. [MQTT 5, 3.3.2.1]
  [[nodiscard]] std::string_view topic() const noexcept;
  /// The payload as characters; any bytes, perhaps none.
  [[nodiscard]] std::string_view payload() const noexcept;
  /// The payload as bytes.
  [[nodiscard]] std::span<const std::byte> payload_bytes() const noexcept;
  /// The QoS of this delivery, which may be lower than the publisher's.
  [[nodiscard]] QoS qos() const noexcept;
  /// The broker had kept it when the subscription was made; with
  /// SubscriptionOptions::retain_as_published as the publisher set it. [MQTT 5, 3.3.1.3]
  [[nodiscard]] bool retain() const noexcept;
  /// The broker may have sent this message before. [MQTT 5, 3.3.1.1]
  [[nodiscard]] bool duplicate() const noexcept;
  /// 0 at QoS 0.
  [[nodiscard]] std::uint16_t packet_identifier() const noexcept;
  /// What tells this message from every other, also after the end of the process: for QoS 2 and with
  /// Options::store (of a file: memory_store() begins anew with each process). Empty otherwise: at QoS 1 the
  /// protocol has nothing by which a message that is sent again could be told from a new one.
  [[nodiscard]] std::optional<MessageKey> key() const noexcept;

  /// The publisher says that the payload is UTF-8 text. Checked only with Options::check_payload_format.
  /// [MQTT 5, 3.3.2.3.2]
  [[nodiscard]] bool payload_is_utf8() const noexcept;
  /// What was left of it when the broker sent the message, in seconds. [MQTT 5, 3.3.2.3.3]
  [[nodiscard]] std::optional<std::chrono::seconds> message_expiry_interval() const noexcept;
  /// What the publisher calls the payload: a MIME type, perhaps. [MQTT 5, 3.3.2.3.9]
  [[nodiscard]] std::optional<std::string_view> content_type() const noexcept;
  /// Where a response is expected: then this is a request, see Client::reply(). [MQTT 5, 3.3.2.3.5]
  [[nodiscard]] std::optional<std::string_view> response_topic() const noexcept;
  /// Bytes by which the requester knows the response. [MQTT 5, 3.3.2.3.6]
  [[nodiscard]] std::optional<std::string_view> correlation_data() const noexcept;
  /// The number that the broker gave to the topic, or that stands for it; of interest to who studies a
  /// connection. Absent unless connect_properties.topic_alias_maximum allows it. [MQTT 5, 3.3.2.3.4]
  [[nodiscard]] std::optional<std::uint16_t> topic_alias() const noexcept;
  /// Of all subscriptions that it matched and that have one. [MQTT 5, 3.3.2.3.8]
  [[nodiscard]] std::vector<std::uint32_t> subscription_identifiers() const;
  /// Of the publisher, in its order; copied. [MQTT 5, 3.3.2.3.7]
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
