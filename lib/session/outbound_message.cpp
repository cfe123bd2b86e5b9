#include "session/outbound_message.hpp"

#include <cstring>
#include <new>

namespace holdfast::session {

OutboundMessagePtr OutboundMessage::make(const Contents& contents) {
  const std::size_t trailing = contents.topic.size() + contents.properties.size() + contents.payload.size();
  void* memory = ::operator new(sizeof(OutboundMessage) + trailing);
  return OutboundMessagePtr(new (memory) OutboundMessage(contents));
}

OutboundMessage::OutboundMessage(const Contents& contents) noexcept
    : qos(contents.qos),
      retain_(contents.retain),
      topic_size_(static_cast<std::uint16_t>(contents.topic.size())),
      properties_size_(static_cast<std::uint32_t>(contents.properties.size())),
      payload_size_(static_cast<std::uint32_t>(contents.payload.size())),
      expires_at_(contents.expires_at) {
  auto* to = reinterpret_cast<std::byte*>(this + 1);
  const auto append = [&to](const void* from, std::size_t size) {
    if (size != 0) std::memcpy(to, from, size);  // An empty view may have no address.
    to += size;
  };
  append(contents.topic.data(), contents.topic.size());
  append(contents.properties.data(), contents.properties.size());
  append(contents.payload.data(), contents.payload.size());
}

void OutboundMessage::remove_reference() noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  this->~OutboundMessage();
  ::operator delete(static_cast<void*>(this));
}

}  // namespace holdfast::session
