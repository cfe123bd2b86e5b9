#include <holdfast/reason_code.hpp>

#include <array>

#include "wire/reason_code_table.hpp"

namespace holdfast {

std::string_view to_string(ReasonCode code) noexcept {
  switch (code) {
    case ReasonCode::success:
      return "Success";
    case ReasonCode::granted_qos_1:
      return "Granted QoS 1";
    case ReasonCode::granted_qos_2:
      return "Granted QoS 2";
    case ReasonCode::disconnect_with_will_message:
      return "Disconnect with Will Message";
    case ReasonCode::no_matching_subscribers:
      return "No matching subscribers";
    case ReasonCode::no_subscription_existed:
      return "No subscription existed";
    case ReasonCode::continue_authentication:
      return "Continue authentication";
    case ReasonCode::re_authenticate:
      return "Re-authenticate";
    case ReasonCode::unspecified_error:
      return "Unspecified error";
    case ReasonCode::malformed_packet:
      return "Malformed Packet";
    case ReasonCode::protocol_error:
      return "Protocol Error";
    case ReasonCode::implementation_specific_error:
      return "Implementation specific error";
    case ReasonCode::unsupported_protocol_version:
      return "Unsupported Protocol Version";
    case ReasonCode::client_identifier_not_valid:
      return "Client Identifier not valid";
    case ReasonCode::bad_user_name_or_password:
      return "Bad User Name or Password";
    case ReasonCode::not_authorized:
      return "Not authorized";
    case ReasonCode::server_unavailable:
      return "Server unavailable";
    case ReasonCode::server_busy:
      return "Server busy";
    case ReasonCode::banned:
      return "Banned";
    case ReasonCode::server_shutting_down:
      return "Server shutting down";
    case ReasonCode::bad_authentication_method:
      return "Bad authentication method";
    case ReasonCode::keep_alive_timeout:
      return "Keep Alive timeout";
    case ReasonCode::session_taken_over:
      return "Session taken over";
    case ReasonCode::topic_filter_invalid:
      return "Topic Filter invalid";
    case ReasonCode::topic_name_invalid:
      return "Topic Name invalid";
    case ReasonCode::packet_identifier_in_use:
      return "Packet Identifier in use";
    case ReasonCode::packet_identifier_not_found:
      return "Packet Identifier not found";
    case ReasonCode::receive_maximum_exceeded:
      return "Receive Maximum exceeded";
    case ReasonCode::topic_alias_invalid:
      return "Topic Alias invalid";
    case ReasonCode::packet_too_large:
      return "Packet too large";
    case ReasonCode::message_rate_too_high:
      return "Message rate too high";
    case ReasonCode::quota_exceeded:
      return "Quota exceeded";
    case ReasonCode::administrative_action:
      return "Administrative action";
    case ReasonCode::payload_format_invalid:
      return "Payload format invalid";
    case ReasonCode::retain_not_supported:
      return "Retain not supported";
    case ReasonCode::qos_not_supported:
      return "QoS not supported";
    case ReasonCode::use_another_server:
      return "Use another server";
    case ReasonCode::server_moved:
      return "Server moved";
    case ReasonCode::shared_subscriptions_not_supported:
      return "Shared Subscriptions not supported";
    case ReasonCode::connection_rate_exceeded:
      return "Connection rate exceeded";
    case ReasonCode::maximum_connect_time:
      return "Maximum connect time";
    case ReasonCode::subscription_identifiers_not_supported:
      return "Subscription Identifiers not supported";
    case ReasonCode::wildcard_subscriptions_not_supported:
      return "Wildcard Subscriptions not supported";
  }
  return "Unknown reason code";
}

namespace wire {

namespace {

template <class... Types>
constexpr std::uint16_t in(Types... types) {
  return static_cast<std::uint16_t>((0U | ... | (1U << static_cast<unsigned>(types))));
}

using enum PacketType;

// Bits of the packet types, by reason code.
constexpr std::array<std::uint16_t, 256> packets_by_code = [] {
  std::array<std::uint16_t, 256> packets{};
  packets[0x00] = in(connack, puback, pubrec, pubrel, pubcomp, unsuback, auth, disconnect, suback);
  packets[0x01] = in(suback);
  packets[0x02] = in(suback);
  packets[0x04] = in(disconnect);
  packets[0x10] = in(puback, pubrec);
  packets[0x11] = in(unsuback);
  packets[0x18] = in(auth);
  packets[0x19] = in(auth);
  packets[0x80] = in(connack, puback, pubrec, suback, unsuback, disconnect);
  packets[0x81] = in(connack, disconnect);
  packets[0x82] = in(connack, disconnect);
  packets[0x83] = in(connack, puback, pubrec, suback, unsuback, disconnect);
  packets[0x84] = in(connack);
  packets[0x85] = in(connack);
  packets[0x86] = in(connack);
  packets[0x87] = in(connack, puback, pubrec, suback, unsuback, disconnect);
  packets[0x88] = in(connack);
  packets[0x89] = in(connack, disconnect);
  packets[0x8A] = in(connack);
  packets[0x8B] = in(disconnect);
  packets[0x8C] = in(connack, disconnect);
  packets[0x8D] = in(disconnect);
  packets[0x8E] = in(disconnect);
  packets[0x8F] = in(suback, unsuback, disconnect);
  packets[0x90] = in(connack, puback, pubrec, disconnect);
  packets[0x91] = in(puback, pubrec, suback, unsuback);
  packets[0x92] = in(pubrel, pubcomp);
  packets[0x93] = in(disconnect);
  packets[0x94] = in(disconnect);
  packets[0x95] = in(connack, disconnect);
  packets[0x96] = in(disconnect);
  packets[0x97] = in(connack, puback, pubrec, suback, disconnect);
  packets[0x98] = in(disconnect);
  packets[0x99] = in(connack, puback, pubrec, disconnect);
  packets[0x9A] = in(connack, disconnect);
  packets[0x9B] = in(connack, disconnect);
  packets[0x9C] = in(connack, disconnect);
  packets[0x9D] = in(connack, disconnect);
  packets[0x9E] = in(suback, disconnect);
  packets[0x9F] = in(connack, disconnect);
  packets[0xA0] = in(disconnect);
  packets[0xA1] = in(suback, disconnect);
  packets[0xA2] = in(suback, disconnect);
  return packets;
}();

}  // namespace

bool is_reason_code_of(PacketType type, std::uint8_t code) noexcept {
  return (packets_by_code[code] & in(type)) != 0;
}

}  // namespace wire

}  // namespace holdfast
