// The fifteen control packets of MQTT 5. Each is used to encode and to decode, and owns nothing: its views
// point into what was fed to the decoder, or to what the caller wants to send. [MQTT 5, 3]
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <holdfast/reason_code.hpp>
#include <holdfast/types.hpp>

#include "wire/decoded.hpp"
#include "wire/property.hpp"

namespace holdfast::wire {

enum class PacketType : std::uint8_t {
  connect = 1,
  connack,
  publish,
  puback,
  pubrec,
  pubrel,
  pubcomp,
  subscribe,
  suback,
  unsubscribe,
  unsuback,
  pingreq,
  pingresp,
  disconnect,
  auth,
};

struct Will {
  QoS qos = QoS::at_most_once;
  bool retain = false;
  std::string_view topic = {};
  std::span<const std::byte> payload = {};
  PropertiesView properties = {};
};

/// [MQTT 5, 3.1]
struct Connect {
  bool clean_start = false;
  std::uint16_t keep_alive = 0;
  std::string_view client_identifier = {};
  PropertiesView properties = {};
  std::optional<Will> will = std::nullopt;
  std::optional<std::string_view> user_name = std::nullopt;
  std::optional<std::span<const std::byte>> password = std::nullopt;
};

/// [MQTT 5, 3.2]
struct Connack {
  bool session_present = false;
  ReasonCode reason_code = ReasonCode::success;
  PropertiesView properties = {};
};

/// [MQTT 5, 3.3]
struct Publish {
  bool dup = false;
  QoS qos = QoS::at_most_once;
  bool retain = false;
  std::string_view topic = {};
  std::uint16_t packet_identifier = 0;  ///< Only at QoS 1 and 2.
  PropertiesView properties = {};
  std::span<const std::byte> payload = {};
  /// What a parsed packet breaks that can be understood all the same, and so forgiven; null: nothing.
  const DecodeError* violation = nullptr;
};

/// PUBACK, PUBREC, PUBREL or PUBCOMP. [MQTT 5, 3.4 to 3.7]
struct Acknowledgement {
  PacketType type = PacketType::puback;
  std::uint16_t packet_identifier = 0;
  ReasonCode reason_code = ReasonCode::success;
  PropertiesView properties = {};
  const DecodeError* violation = nullptr;  ///< As in Publish.
};

/// A topic filter and the byte of its options. [MQTT 5, 3.8.3]
struct TopicSubscription {
  std::string_view filter;
  QoS maximum_qos = QoS::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::send;
};

/// [MQTT 5, 3.8]
struct Subscribe {
  std::uint16_t packet_identifier = 0;
  PropertiesView properties = {};
  std::vector<TopicSubscription> subscriptions = {};
};

/// SUBACK or UNSUBACK: a reason code a filter. [MQTT 5, 3.9, 3.11]
struct Suback {
  PacketType type = PacketType::suback;
  std::uint16_t packet_identifier = 0;
  PropertiesView properties = {};
  std::span<const std::byte> reason_codes = {};
  const DecodeError* violation = nullptr;  ///< As in Publish.
};

/// [MQTT 5, 3.10]
struct Unsubscribe {
  std::uint16_t packet_identifier = 0;
  PropertiesView properties = {};
  std::vector<std::string_view> filters = {};
};

/// [MQTT 5, 3.12]
struct Pingreq {};
/// [MQTT 5, 3.13]
struct Pingresp {};

/// [MQTT 5, 3.14]
struct Disconnect {
  ReasonCode reason_code = ReasonCode::success;
  PropertiesView properties = {};
  const DecodeError* violation = nullptr;  ///< As in Publish.
};

/// [MQTT 5, 3.15]
struct Auth {
  ReasonCode reason_code = ReasonCode::success;
  PropertiesView properties = {};
};

/// A packet as it lies in the bytes: type, flags and all behind the fixed header. [MQTT 5, 2.1]
struct Frame {
  PacketType type = PacketType::connect;
  std::uint8_t flags = 0;
  std::span<const std::byte> body = {};
};

}  // namespace holdfast::wire
