#include "client/stored_properties.hpp"

#include <variant>

#include "wire/property.hpp"

namespace holdfast::client {

std::optional<PublishOptions> stored_properties(const session::OutboundMessage& message) {
  const wire::PropertiesView properties = message.properties();
  if (wire::check_properties(properties.bytes(), wire::PropertyPlace::publish)) return std::nullopt;
  using wire::PropertyId;
  PublishOptions options;
  options.payload_is_utf8 = properties.number(PropertyId::payload_format_indicator).value_or(0) == 1;
  options.content_type = properties.string(PropertyId::content_type);
  options.response_topic = properties.string(PropertyId::response_topic);
  if (const auto data = properties.binary(PropertyId::correlation_data))
    options.correlation_data.emplace(reinterpret_cast<const char*>(data->data()), data->size());
  for (const wire::Property& property : properties) {
    if (property.id != PropertyId::user_property) continue;
    const auto& [name, value] = std::get<wire::Property::Pair>(property.value);
    options.user_properties.emplace_back(name, value);
  }
  return options;
}

}  // namespace holdfast::client
