// The properties of MQTT 5: one table of what each is and where it may stand, a view over encoded properties,
// and a writer. [MQTT 5, 2.2.2]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "wire/decoded.hpp"

namespace holdfast::wire {

enum class PropertyId : std::uint8_t {
  payload_format_indicator = 0x01,
  message_expiry_interval = 0x02,
  content_type = 0x03,
  response_topic = 0x08,
  correlation_data = 0x09,
  subscription_identifier = 0x0B,
  session_expiry_interval = 0x11,
  assigned_client_identifier = 0x12,
  server_keep_alive = 0x13,
  authentication_method = 0x15,
  authentication_data = 0x16,
  request_problem_information = 0x17,
  will_delay_interval = 0x18,
  request_response_information = 0x19,
  response_information = 0x1A,
  server_reference = 0x1C,
  reason_string = 0x1F,
  receive_maximum = 0x21,
  topic_alias_maximum = 0x22,
  topic_alias = 0x23,
  maximum_qos = 0x24,
  retain_available = 0x25,
  user_property = 0x26,
  maximum_packet_size = 0x27,
  wildcard_subscription_available = 0x28,
  subscription_identifier_available = 0x29,
  shared_subscription_available = 0x2A,
};

/// Where properties stand: a packet, or the will within CONNECT. Bits, so that the table can name several.
enum class PropertyPlace : std::uint16_t {
  connect = 1 << 0,
  connack = 1 << 1,
  publish = 1 << 2,
  will = 1 << 3,
  puback = 1 << 4,
  pubrec = 1 << 5,
  pubrel = 1 << 6,
  pubcomp = 1 << 7,
  subscribe = 1 << 8,
  suback = 1 << 9,
  unsubscribe = 1 << 10,
  unsuback = 1 << 11,
  disconnect = 1 << 12,
  auth = 1 << 13,
};

enum class PropertyType : std::uint8_t {
  byte,
  two_byte_integer,
  four_byte_integer,
  variable_byte_integer,
  utf8_string,
  binary_data,
  utf8_string_pair,
};

/// A row of the standard's table.
struct PropertyRule {
  PropertyId id;
  PropertyType type;
  std::uint16_t places;   ///< PropertyPlace bits.
  std::uint16_t repeats;  ///< PropertyPlace bits of where it may stand more than once.
  std::uint32_t minimum;  ///< Of the value, for numbers.
  std::uint32_t maximum;
  ReasonCode violated;  ///< What a value out of range is answered with.
};

[[nodiscard]] std::span<const PropertyRule> property_rules() noexcept;
/// The rule of this identifier; null if the standard has none.
[[nodiscard]] const PropertyRule* find_property_rule(std::uint8_t id) noexcept;

struct Property {
  using Pair = std::pair<std::string_view, std::string_view>;
  PropertyId id;
  std::variant<std::uint8_t, std::uint16_t, std::uint32_t, std::string_view, std::span<const std::byte>, Pair>
      value;
};

/// Encoded properties without their length: valid ones, checked by check_properties() or made by a
/// PropertyWriter. A view: the bytes live elsewhere.
class PropertiesView {
 public:
  class Iterator {
   public:
    using value_type = Property;
    using difference_type = std::ptrdiff_t;
    using reference = Property;
    using pointer = void;
    using iterator_category = std::input_iterator_tag;
    explicit Iterator(std::span<const std::byte> rest) noexcept;
    const Property& operator*() const noexcept { return current_; }
    Iterator& operator++() noexcept;
    bool operator==(const Iterator& other) const noexcept { return begin_ == other.begin_; }

   private:
    std::span<const std::byte> rest_;  // Behind current_.
    const std::byte* begin_;           // Of current_.
    Property current_{};
  };

  PropertiesView() noexcept = default;
  explicit PropertiesView(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }
  [[nodiscard]] Iterator begin() const noexcept { return Iterator(bytes_); }
  [[nodiscard]] Iterator end() const noexcept { return Iterator(bytes_.last(0)); }

  /// The first property of this identifier, if there is one; it must be of the type the name says.
  [[nodiscard]] std::optional<std::uint32_t> number(PropertyId id) const noexcept;
  [[nodiscard]] std::optional<std::string_view> string(PropertyId id) const noexcept;
  [[nodiscard]] std::optional<std::span<const std::byte>> binary(PropertyId id) const noexcept;

 private:
  std::span<const std::byte> bytes_;
};

/// Checks encoded properties against the table; no error means that a PropertiesView may be made of them.
[[nodiscard]] std::optional<DecodeError> check_properties(std::span<const std::byte> bytes,
                                                          PropertyPlace place) noexcept;

/// Appends encoded properties. The values must keep the table's rules.
class PropertyWriter {
 public:
  explicit PropertyWriter(std::vector<std::byte>& out) noexcept : out_(out) {}
  PropertyWriter& number(PropertyId id, std::uint32_t value);
  PropertyWriter& string(PropertyId id, std::string_view value);
  PropertyWriter& binary(PropertyId id, std::span<const std::byte> value);
  PropertyWriter& user_property(std::string_view name, std::string_view value);

 private:
  std::vector<std::byte>& out_;
};

}  // namespace holdfast::wire
