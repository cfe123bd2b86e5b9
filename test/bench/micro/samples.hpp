// What the microbenchmarks work on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/types.hpp>

#include "session/outbound_message.hpp"
#include "wire/packets.hpp"

namespace holdfast::micro {

constexpr std::string_view topic = "plant/17/temperature";
constexpr std::size_t payload_size = 64;

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// As many bytes as an application might send.
inline std::vector<std::byte> payload(std::size_t size = payload_size) {
  return std::vector<std::byte>(size, std::byte{'x'});
}

/// Content Type and two User Properties, encoded.
inline std::vector<std::byte> properties() {
  std::vector<std::byte> bytes;
  wire::PropertyWriter writer(bytes);
  writer.string(wire::PropertyId::content_type, "application/json");
  writer.user_property("unit", "celsius");
  writer.user_property("sensor", "pt100");
  return bytes;
}

inline wire::Publish publish(std::span<const std::byte> payload, std::span<const std::byte> properties = {}) {
  return {.qos = QoS::at_least_once,
          .topic = topic,
          .packet_identifier = 17,
          .properties = wire::PropertiesView(properties),
          .payload = payload};
}

inline session::OutboundMessagePtr message() {
  static const std::vector<std::byte> bytes = payload();
  return session::OutboundMessage::make({.topic = topic, .payload = bytes, .qos = QoS::at_least_once});
}

}  // namespace holdfast::micro
