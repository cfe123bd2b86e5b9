#include <holdfast/message.hpp>

#include <array>
#include <utility>

#include <holdfast/error.hpp>

#include "client/check_options.hpp"
#include "client/inbox.hpp"
#include "session/inbound_message.hpp"

namespace holdfast {

namespace {
using wire::PropertyId;

std::string_view characters(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
// 64-bit FNV-1a.
std::uint64_t hash_of(std::span<const std::byte> bytes, std::uint64_t hash = 0xCBF29CE484222325) noexcept {
  for (const std::byte byte : bytes)
    hash = (hash ^ static_cast<std::uint64_t>(byte)) * 0x100000001B3;
  return hash;
}

// No topic contains a null character, so that two of them never run together with different payloads.
std::uint64_t content_of(const session::InboundMessage& message) noexcept {
  constexpr std::array end_of_topic{std::byte{0}};
  const auto topic = std::as_bytes(std::span(message.topic()));
  return hash_of(message.payload(), hash_of(end_of_topic, hash_of(topic)));
}
}  // namespace

Message::Message(session::InboundMessage* message, std::shared_ptr<client::Inbox> inbox) noexcept
    : message_(message), inbox_(std::move(inbox)) {}

Message::~Message() {
  if (message_ != nullptr) session::InboundMessage::Deleter()(message_);
}

Message::Message(Message&& other) noexcept
    : message_(std::exchange(other.message_, nullptr)), inbox_(std::move(other.inbox_)) {}

Message& Message::operator=(Message&& other) noexcept {
  std::swap(message_, other.message_);
  inbox_.swap(other.inbox_);
  return *this;
}

std::string_view Message::topic() const noexcept {
  return message_->topic();
}
std::string_view Message::payload() const noexcept {
  return characters(message_->payload());
}
std::span<const std::byte> Message::payload_bytes() const noexcept {
  return message_->payload();
}
QoS Message::qos() const noexcept {
  return message_->qos();
}
bool Message::retain() const noexcept {
  return message_->retain();
}
bool Message::duplicate() const noexcept {
  return message_->duplicate();
}
std::uint16_t Message::packet_identifier() const noexcept {
  return message_->token().packet_identifier;
}

std::optional<MessageKey> Message::key() const noexcept {
  const session::InboundExchange exchange = message_->exchange();
  if (exchange.number == 0) return std::nullopt;
  return MessageKey{exchange.epoch, packet_identifier(), exchange.number, content_of(*message_)};
}

bool Message::payload_is_utf8() const noexcept {
  return message_->properties().number(PropertyId::payload_format_indicator).value_or(0) == 1;
}

std::optional<std::chrono::seconds> Message::message_expiry_interval() const noexcept {
  const auto seconds = message_->properties().number(PropertyId::message_expiry_interval);
  return seconds ? std::optional(std::chrono::seconds(*seconds)) : std::nullopt;
}

std::optional<std::string_view> Message::content_type() const noexcept {
  return message_->properties().string(PropertyId::content_type);
}

std::optional<std::string_view> Message::response_topic() const noexcept {
  return message_->properties().string(PropertyId::response_topic);
}

std::optional<std::string_view> Message::correlation_data() const noexcept {
  const auto bytes = message_->properties().binary(PropertyId::correlation_data);
  return bytes ? std::optional(characters(*bytes)) : std::nullopt;
}

std::optional<std::uint16_t> Message::topic_alias() const noexcept {
  const auto alias = message_->properties().number(PropertyId::topic_alias);
  return alias ? std::optional(static_cast<std::uint16_t>(*alias)) : std::nullopt;
}

std::vector<std::uint32_t> Message::subscription_identifiers() const {
  std::vector<std::uint32_t> found;
  for (const wire::Property& property : message_->properties()) {
    if (property.id == PropertyId::subscription_identifier)
      found.push_back(std::get<std::uint32_t>(property.value));
  }
  return found;
}

UserProperties Message::user_properties() const {
  UserProperties found;
  for (const wire::Property& property : message_->properties()) {
    if (property.id != PropertyId::user_property) continue;
    const auto& [name, value] = std::get<std::pair<std::string_view, std::string_view>>(property.value);
    found.emplace_back(name, value);
  }
  return found;
}

void Message::ack() {
  if (!inbox_) return;
  inbox_->acknowledge(message_->token());
  inbox_.reset();
}

void Message::ack(ReasonCode reason, const AcknowledgementProperties& properties) {
  client::check(reason, properties);
  const bool says_more = is_error(reason) || properties.reason_string || !properties.user_properties.empty();
  if (says_more && inbox_ && message_->protocol() == Protocol::mqtt_3_1_1) {
    throw Error(Errc::not_in_protocol,
                "ack: MQTT 3.1.1 acknowledges without reason codes and properties: call ack() without them");
  }
  if (!inbox_) return;
  inbox_->acknowledge(session::InboundAnswer{message_->token(), reason, properties});
  inbox_.reset();
}

}  // namespace holdfast
