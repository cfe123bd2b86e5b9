#include "wire/property.hpp"

#include <bitset>

#include "wire/reader.hpp"
#include "wire/topic.hpp"
#include "wire/utf8.hpp"
#include "wire/variable_byte_integer.hpp"

namespace holdfast::wire {

namespace {

template <class... Places>
constexpr std::uint16_t in(Places... places) {
  return static_cast<std::uint16_t>((0 | ... | static_cast<unsigned>(places)));
}

using enum PropertyPlace;
using enum PropertyType;
constexpr std::uint32_t any = 0xFFFFFFFF;
constexpr ReasonCode bad = ReasonCode::protocol_error;
constexpr std::uint16_t everywhere = in(connect, connack, publish, will, puback, pubrec, pubrel, pubcomp,
                                        subscribe, suback, unsubscribe, unsuback, disconnect, auth);

// [MQTT 5, 2.2.2.2 and the sections of the packets]
constexpr std::array rules{
    PropertyRule{PropertyId::payload_format_indicator, byte, in(publish, will), 0, 0, 1, bad},
    PropertyRule{PropertyId::message_expiry_interval, four_byte_integer, in(publish, will), 0, 0, any, bad},
    PropertyRule{PropertyId::content_type, utf8_string, in(publish, will), 0, 0, 0, bad},
    PropertyRule{PropertyId::response_topic, utf8_string, in(publish, will), 0, 0, 0, bad},
    PropertyRule{PropertyId::correlation_data, binary_data, in(publish, will), 0, 0, 0, bad},
    PropertyRule{PropertyId::subscription_identifier, variable_byte_integer, in(publish, subscribe),
                 in(publish), 1, variable_byte_integer_max, bad},
    PropertyRule{PropertyId::session_expiry_interval, four_byte_integer, in(connect, connack, disconnect), 0,
                 0, any, bad},
    PropertyRule{PropertyId::assigned_client_identifier, utf8_string, in(connack), 0, 0, 0, bad},
    PropertyRule{PropertyId::server_keep_alive, two_byte_integer, in(connack), 0, 0, 65535, bad},
    PropertyRule{PropertyId::authentication_method, utf8_string, in(connect, connack, auth), 0, 0, 0, bad},
    PropertyRule{PropertyId::authentication_data, binary_data, in(connect, connack, auth), 0, 0, 0, bad},
    PropertyRule{PropertyId::request_problem_information, byte, in(connect), 0, 0, 1, bad},
    PropertyRule{PropertyId::will_delay_interval, four_byte_integer, in(will), 0, 0, any, bad},
    PropertyRule{PropertyId::request_response_information, byte, in(connect), 0, 0, 1, bad},
    PropertyRule{PropertyId::response_information, utf8_string, in(connack), 0, 0, 0, bad},
    PropertyRule{PropertyId::server_reference, utf8_string, in(connack, disconnect), 0, 0, 0, bad},
    PropertyRule{PropertyId::reason_string, utf8_string,
                 in(connack, puback, pubrec, pubrel, pubcomp, suback, unsuback, disconnect, auth), 0, 0, 0,
                 bad},
    PropertyRule{PropertyId::receive_maximum, two_byte_integer, in(connect, connack), 0, 1, 65535, bad},
    PropertyRule{PropertyId::topic_alias_maximum, two_byte_integer, in(connect, connack), 0, 0, 65535, bad},
    PropertyRule{PropertyId::topic_alias, two_byte_integer, in(publish), 0, 1, 65535,
                 ReasonCode::topic_alias_invalid},
    PropertyRule{PropertyId::maximum_qos, byte, in(connack), 0, 0, 1, bad},
    PropertyRule{PropertyId::retain_available, byte, in(connack), 0, 0, 1, bad},
    PropertyRule{PropertyId::user_property, utf8_string_pair, everywhere, everywhere, 0, 0, bad},
    PropertyRule{PropertyId::maximum_packet_size, four_byte_integer, in(connect, connack), 0, 1, any, bad},
    PropertyRule{PropertyId::wildcard_subscription_available, byte, in(connack), 0, 0, 1, bad},
    PropertyRule{PropertyId::subscription_identifier_available, byte, in(connack), 0, 0, 1, bad},
    PropertyRule{PropertyId::shared_subscription_available, byte, in(connack), 0, 0, 1, bad},
};

constexpr std::size_t identifiers = 0x2B;

constexpr std::array<std::uint8_t, identifiers> row_by_identifier = [] {
  std::array<std::uint8_t, identifiers> rows{};
  rows.fill(0xFF);
  for (std::size_t row = 0; row < rules.size(); ++row) {
    rows[static_cast<std::size_t>(rules[row].id)] = static_cast<std::uint8_t>(row);
  }
  return rows;
}();

Property read_value(const PropertyRule& rule, Reader& reader) noexcept {
  switch (rule.type) {
    case byte:
      return {rule.id, reader.byte()};
    case two_byte_integer:
      return {rule.id, reader.two_bytes()};
    case four_byte_integer:
      return {rule.id, reader.four_bytes()};
    case variable_byte_integer:
      return {rule.id, reader.variable()};
    case utf8_string:
      return {rule.id, reader.string()};
    case binary_data:
      return {rule.id, reader.binary()};
    case utf8_string_pair: {
      const std::string_view name = reader.string();
      return {rule.id, Property::Pair{name, reader.string()}};
    }
  }
  return {};
}

std::optional<std::uint32_t> as_number(const Property& property) noexcept {
  if (const auto* one = std::get_if<std::uint8_t>(&property.value)) return *one;
  if (const auto* two = std::get_if<std::uint16_t>(&property.value)) return *two;
  if (const auto* four = std::get_if<std::uint32_t>(&property.value)) return *four;
  return std::nullopt;
}

std::optional<DecodeError> check_value(const PropertyRule& rule, const Property& property) noexcept {
  if (const auto number = as_number(property)) {
    if (*number >= rule.minimum && *number <= rule.maximum) return std::nullopt;
    return DecodeError{rule.violated, "a property has a value out of its range [MQTT 5, 2.2.2]"};
  }
  bool well_formed = true;
  if (const auto* text = std::get_if<std::string_view>(&property.value))
    well_formed = is_valid_utf8_string(*text);
  if (const auto* pair = std::get_if<Property::Pair>(&property.value)) {
    well_formed = is_valid_utf8_string(pair->first) && is_valid_utf8_string(pair->second);
  }
  if (!well_formed)
    return DecodeError{ReasonCode::malformed_packet, "a property is not UTF-8 [MQTT 5, 1.5.4]"};
  if (rule.id == PropertyId::response_topic && has_wildcard(std::get<std::string_view>(property.value))) {
    return DecodeError{ReasonCode::protocol_error, "a response topic has wildcards [MQTT-3.3.2-14]"};
  }
  return std::nullopt;
}

template <class T>
std::optional<T> first_of(const PropertiesView& properties, PropertyId id) noexcept {
  for (const Property& property : properties) {
    if (property.id != id) continue;
    const T* value = std::get_if<T>(&property.value);
    return value != nullptr ? std::optional<T>(*value) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::span<const PropertyRule> property_rules() noexcept {
  return rules;
}

const PropertyRule* find_property_rule(std::uint8_t id) noexcept {
  if (id >= identifiers || row_by_identifier[id] == 0xFF) return nullptr;
  return &rules[row_by_identifier[id]];
}

std::optional<DecodeError> check_properties(std::span<const std::byte> bytes, PropertyPlace place) noexcept {
  Reader reader(bytes);
  std::bitset<identifiers> seen;
  while (!reader.at_end()) {
    // An identifier is a Variable Byte Integer; all that exist take one byte.
    const PropertyRule* rule = find_property_rule(reader.byte());
    if (rule == nullptr)
      return DecodeError{ReasonCode::malformed_packet, "an unknown property [MQTT 5, 2.2.2.2]"};
    if ((rule->places & in(place)) == 0) {
      return DecodeError{ReasonCode::malformed_packet,
                         "a property stands where it may not [MQTT 5, 2.2.2.2]"};
    }
    const auto position = static_cast<std::size_t>(rule->id);
    if (seen[position] && (rule->repeats & in(place)) == 0) {
      return DecodeError{ReasonCode::protocol_error, "a property stands twice [MQTT 5, 2.2.2.2]"};
    }
    seen[position] = true;
    const Property property = read_value(*rule, reader);
    if (reader.failed())
      return DecodeError{ReasonCode::malformed_packet, "a property is cut off [MQTT 5, 2.2.2]"};
    if (auto error = check_value(*rule, property)) return error;
  }
  if (place != publish && place != will && seen[static_cast<std::size_t>(PropertyId::authentication_data)] &&
      !seen[static_cast<std::size_t>(PropertyId::authentication_method)]) {
    return DecodeError{ReasonCode::protocol_error,
                       "authentication data without a method [MQTT 5, 3.1.2.11.10]"};
  }
  return std::nullopt;
}

PropertiesView::Iterator::Iterator(std::span<const std::byte> rest) noexcept
    : rest_(rest), begin_(rest.data()) {
  ++*this;
}

PropertiesView::Iterator& PropertiesView::Iterator::operator++() noexcept {
  begin_ = rest_.data();
  if (rest_.empty()) return *this;
  Reader reader(rest_);
  const PropertyRule* rule = find_property_rule(reader.byte());
  if (rule != nullptr) current_ = read_value(*rule, reader);
  rest_ = reader.rest().empty() ? rest_.last(0) : reader.rest();
  return *this;
}

std::optional<std::uint32_t> PropertiesView::number(PropertyId id) const noexcept {
  for (const Property& property : *this) {
    if (property.id == id) return as_number(property);
  }
  return std::nullopt;
}

std::optional<std::string_view> PropertiesView::string(PropertyId id) const noexcept {
  return first_of<std::string_view>(*this, id);
}

std::optional<std::span<const std::byte>> PropertiesView::binary(PropertyId id) const noexcept {
  return first_of<std::span<const std::byte>>(*this, id);
}

PropertyWriter& PropertyWriter::number(PropertyId id, std::uint32_t value) {
  const auto append = [&](unsigned size) {
    for (unsigned i = size; i > 0; --i)
      out_.push_back(static_cast<std::byte>(value >> (8 * (i - 1))));
  };
  out_.push_back(static_cast<std::byte>(id));
  switch (find_property_rule(static_cast<std::uint8_t>(id))->type) {
    case byte:
      append(1);
      break;
    case two_byte_integer:
      append(2);
      break;
    case variable_byte_integer:
      encode_variable_byte_integer(value, out_);
      break;
    default:
      append(4);
      break;
  }
  return *this;
}

PropertyWriter& PropertyWriter::string(PropertyId id, std::string_view value) {
  return binary(id, std::as_bytes(std::span(value)));
}

PropertyWriter& PropertyWriter::binary(PropertyId id, std::span<const std::byte> value) {
  out_.push_back(static_cast<std::byte>(id));
  out_.push_back(static_cast<std::byte>(value.size() >> 8));
  out_.push_back(static_cast<std::byte>(value.size()));
  out_.insert(out_.end(), value.begin(), value.end());
  return *this;
}

PropertyWriter& PropertyWriter::user_property(std::string_view name, std::string_view value) {
  string(PropertyId::user_property, name);
  out_.push_back(static_cast<std::byte>(value.size() >> 8));
  out_.push_back(static_cast<std::byte>(value.size()));
  const auto bytes = std::as_bytes(std::span(value));
  out_.insert(out_.end(), bytes.begin(), bytes.end());
  return *this;
}

}  // namespace holdfast::wire
