#include "client/make_message.hpp"

#include <string>
#include <vector>

#include "client/check_argument.hpp"
#include "client/clock.hpp"
#include "session/limits.hpp"
#include "wire/property.hpp"
#include "wire/topic.hpp"

namespace holdfast::client {

namespace {

void check(const PublishOptions& options) {
  require_qos("qos", options.qos);
  require_seconds("message_expiry_interval", options.message_expiry_interval);
  if (options.content_type) require_utf8("content_type", *options.content_type);
  if (options.response_topic) require_response_topic("response_topic", *options.response_topic);
  if (options.correlation_data) require_binary("correlation_data", *options.correlation_data);
  if (!options.user_properties.empty()) require_user_properties(options.user_properties);
}

[[nodiscard]] bool has_properties(const PublishOptions& options) noexcept {
  return options.payload_is_utf8 || options.content_type || options.response_topic ||
         options.correlation_data || !options.user_properties.empty();
}

std::vector<std::byte> encode_properties(const PublishOptions& options) {
  std::vector<std::byte> bytes;
  wire::PropertyWriter writer(bytes);
  if (options.payload_is_utf8) writer.number(wire::PropertyId::payload_format_indicator, 1);
  if (options.content_type) writer.string(wire::PropertyId::content_type, *options.content_type);
  if (options.response_topic) writer.string(wire::PropertyId::response_topic, *options.response_topic);
  if (options.correlation_data) {
    writer.binary(wire::PropertyId::correlation_data, std::as_bytes(std::span(*options.correlation_data)));
  }
  for (const auto& [name, value] : options.user_properties)
    writer.user_property(name, value);
  return bytes;
}

}  // namespace

void check_message(std::string_view topic, const PublishOptions& options) {
  if (!wire::is_valid_topic_name(topic)) {
    throw Error(Errc::invalid_topic_name,
                "publish \"" + printable(topic) +
                    "\": not a topic name: it must be UTF-8, not empty, at most 65535 bytes, "
                    "and without +, # and null characters");
  }
  check(options);
}

session::OutboundMessagePtr make_message(std::string_view topic, std::span<const std::byte> payload,
                                         const PublishOptions& options) {
  check_message(topic, options);
  std::vector<std::byte> properties;
  if (has_properties(options)) properties = encode_properties(options);
  const auto expires_at =
      options.message_expiry_interval ? boot_time_now() + *options.message_expiry_interval : session::never;
  if (payload.size() > session::largest_packet) {
    throw Error(Errc::packet_too_large, "publish \"" + printable(topic) + "\": the payload has " +
                                            std::to_string(payload.size()) +
                                            " bytes, MQTT carries at most 256 MiB");
  }
  auto message =
      session::OutboundMessage::make({topic, payload, options.qos, options.retain, properties, expires_at});
  // Far from it there is nothing to count.
  if (message->size() > session::largest_packet / 2 &&
      session::publish_packet_size(*message) > session::largest_packet) {
    throw Error(Errc::packet_too_large, "publish \"" + printable(topic) + "\": MQTT carries at most 256 MiB");
  }
  return message;
}

}  // namespace holdfast::client
