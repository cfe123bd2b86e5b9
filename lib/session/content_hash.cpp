#include "session/content_hash.hpp"

#include <type_traits>
#include <variant>

namespace holdfast::session {

namespace {

bool may_change(wire::PropertyId id) noexcept {
  using wire::PropertyId;
  return id == PropertyId::message_expiry_interval || id == PropertyId::topic_alias ||
         id == PropertyId::subscription_identifier;
}

}  // namespace

void add_properties(ContentHash& hash, wire::PropertiesView properties) noexcept {
  for (const wire::Property& property : properties) {
    if (may_change(property.id)) continue;
    hash.add(static_cast<std::uint64_t>(property.id));
    std::visit(
        [&hash](const auto& value) {
          using Value = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<Value, wire::Property::Pair>) {
            hash.add(value.first);
            hash.add(value.second);
          } else if constexpr (std::is_same_v<Value, std::span<const std::byte>>) {
            hash.add({reinterpret_cast<const char*>(value.data()), value.size()});
          } else {
            hash.add(value);
          }
        },
        property.value);
  }
}

}  // namespace holdfast::session
