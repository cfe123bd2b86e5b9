#include "session/connect_packet.hpp"

#include "wire/encoder.hpp"
#include "wire/packets.hpp"
#include "wire/property.hpp"

namespace holdfast::session {

namespace {

using wire::PropertyId;

void write_user_properties(wire::PropertyWriter& writer, const UserProperties& user_properties) {
  for (const auto& [name, value] : user_properties)
    writer.user_property(name, value);
}

void write_seconds(wire::PropertyWriter& writer, PropertyId id, std::optional<std::chrono::seconds> value) {
  if (value) writer.number(id, static_cast<std::uint32_t>(value->count()));
}

template <class Number>
void write_number(wire::PropertyWriter& writer, PropertyId id, std::optional<Number> value) {
  if (value) writer.number(id, static_cast<std::uint32_t>(*value));
}

void write_string(wire::PropertyWriter& writer, PropertyId id, const std::optional<std::string>& value) {
  if (value) writer.string(id, *value);
}

void write_binary(wire::PropertyWriter& writer, PropertyId id, const std::optional<std::string>& value) {
  if (value) writer.binary(id, std::as_bytes(std::span(*value)));
}

std::vector<std::byte> connect_properties(const ConnectProperties& properties,
                                          std::chrono::seconds session_expiry) {
  std::vector<std::byte> bytes;
  wire::PropertyWriter writer(bytes);
  if (session_expiry.count() != 0) write_seconds(writer, PropertyId::session_expiry_interval, session_expiry);
  write_number(writer, PropertyId::receive_maximum, properties.receive_maximum);
  write_number(writer, PropertyId::maximum_packet_size, properties.maximum_packet_size);
  write_number(writer, PropertyId::topic_alias_maximum, properties.topic_alias_maximum);
  write_number(writer, PropertyId::request_response_information, properties.request_response_information);
  write_number(writer, PropertyId::request_problem_information, properties.request_problem_information);
  write_string(writer, PropertyId::authentication_method, properties.authentication_method);
  write_binary(writer, PropertyId::authentication_data, properties.authentication_data);
  write_user_properties(writer, properties.user_properties);
  return bytes;
}

std::vector<std::byte> will_properties(const Will& will) {
  std::vector<std::byte> bytes;
  wire::PropertyWriter writer(bytes);
  write_seconds(writer, PropertyId::will_delay_interval, will.will_delay_interval);
  if (will.payload_is_utf8) writer.number(PropertyId::payload_format_indicator, 1);
  write_seconds(writer, PropertyId::message_expiry_interval, will.message_expiry_interval);
  write_string(writer, PropertyId::content_type, will.content_type);
  write_string(writer, PropertyId::response_topic, will.response_topic);
  write_binary(writer, PropertyId::correlation_data, will.correlation_data);
  write_user_properties(writer, will.user_properties);
  return bytes;
}

}  // namespace

std::chrono::seconds asked_session_expiry(const Options& options) {
  if (options.session_expiry) return *options.session_expiry;
  return options.connect_properties.session_expiry_interval.value_or(std::chrono::seconds(0));
}

void encode_connect(const Options& options, wire::Version version, const ConnectIdentity& identity,
                    std::vector<std::byte>& out) {
  const auto properties = connect_properties(options.connect_properties, identity.session_expiry);
  std::vector<std::byte> will_bytes;
  wire::Connect connect;
  connect.clean_start = identity.clean_start;
  connect.keep_alive = static_cast<std::uint16_t>(options.keep_alive.count());
  connect.client_identifier = identity.client_id;
  connect.properties = wire::PropertiesView(properties);
  if (identity.will) {
    will_bytes = will_properties(*identity.will);
    wire::Will will;
    will.qos = identity.will->qos;
    will.retain = identity.will->retain;
    will.topic = identity.will->topic;
    will.payload = std::as_bytes(std::span(identity.will->payload));
    will.properties = wire::PropertiesView(will_bytes);
    connect.will = will;
  }
  if (identity.user_name) connect.user_name = *identity.user_name;
  if (identity.password) connect.password = std::as_bytes(std::span(*identity.password));
  wire::encode(connect, version, out);
}

}  // namespace holdfast::session
