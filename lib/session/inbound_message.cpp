#include "session/inbound_message.hpp"

#include <cstring>
#include <new>

namespace holdfast::session {

InboundMessage::Ptr InboundMessage::make(const wire::Publish& publish, std::string_view topic,
                                         InboundToken token, InboundExchange exchange, Protocol protocol,
                                         InboundMemory* memory) {
  const std::size_t trailing = topic.size() + publish.properties.bytes().size() + publish.payload.size();
  static_assert(alignof(InboundMessage) <= MessageBlocks::alignment);
  const std::size_t size = sizeof(InboundMessage) + trailing;
  const MessageBlocks::Piece piece =
      memory != nullptr ? memory->take(size) : MessageBlocks::Piece{::operator new(size), nullptr};
  return Ptr(new (piece.memory) InboundMessage(publish, topic, token, exchange, protocol, piece.block));
}

InboundMessage::InboundMessage(const wire::Publish& publish, std::string_view topic, InboundToken token,
                               InboundExchange exchange, Protocol protocol,
                               MessageBlocks::Block* block) noexcept
    : block_(block),
      token_(token),
      exchange_(exchange),
      properties_size_(static_cast<std::uint32_t>(publish.properties.bytes().size())),
      payload_size_(static_cast<std::uint32_t>(publish.payload.size())),
      topic_size_(static_cast<std::uint16_t>(topic.size())),
      qos_(publish.qos),
      retain_(publish.retain),
      duplicate_(publish.dup),
      protocol_(protocol),
      is_copy_(false),
      owes_acknowledgement_(publish.qos != QoS::at_most_once) {
  auto* to = reinterpret_cast<std::byte*>(this + 1);
  const auto append = [&to](const void* from, std::size_t size) {
    if (size != 0) std::memcpy(to, from, size);  // An empty view may have no address.
    to += size;
  };
  append(topic.data(), topic.size());
  append(publish.properties.bytes().data(), publish.properties.bytes().size());
  append(publish.payload.data(), publish.payload.size());
}

InboundMessage::Ptr InboundMessage::copy(std::uint32_t serial) const {
  void* memory = ::operator new(sizeof(InboundMessage) + size());
  return Ptr(new (memory) InboundMessage(*this, serial));
}

InboundMessage::InboundMessage(const InboundMessage& other, std::uint32_t serial) noexcept
    : block_(nullptr),
      token_{other.token_.packet_identifier, serial},
      exchange_(other.exchange_),
      properties_size_(other.properties_size_),
      payload_size_(other.payload_size_),
      topic_size_(other.topic_size_),
      qos_(other.qos_),
      retain_(other.retain_),
      duplicate_(other.duplicate_),
      protocol_(other.protocol_),
      is_copy_(true),
      owes_acknowledgement_(other.owes_acknowledgement_) {
  std::memcpy(reinterpret_cast<std::byte*>(this + 1), other.bytes(), other.size());
}

void InboundMessage::Deleter::operator()(InboundMessage* message) const noexcept {
  MessageBlocks::Block* block = message->block_;
  message->~InboundMessage();
  if (block != nullptr) return MessageBlocks::release(block);
  ::operator delete(static_cast<void*>(message));
}

}  // namespace holdfast::session
