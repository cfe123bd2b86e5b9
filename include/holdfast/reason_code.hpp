// Every reason code of MQTT 5. [MQTT 5, 2.4]
#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast {

/// Why a request ended as it did. Values of 0x80 and above are failures; see is_error(). Which code may stand
/// in which packet is fixed by the standard's table 2-6.
enum class ReasonCode : std::uint8_t {
  success = 0x00,                                 ///< Success; also normal disconnection and granted QoS 0.
  granted_qos_1 = 0x01,                           ///< Granted QoS 1.
  granted_qos_2 = 0x02,                           ///< Granted QoS 2.
  disconnect_with_will_message = 0x04,            ///< Disconnect with Will Message.
  no_matching_subscribers = 0x10,                 ///< No matching subscribers.
  no_subscription_existed = 0x11,                 ///< No subscription existed.
  continue_authentication = 0x18,                 ///< Continue authentication.
  re_authenticate = 0x19,                         ///< Re-authenticate.
  unspecified_error = 0x80,                       ///< Unspecified error.
  malformed_packet = 0x81,                        ///< Malformed Packet.
  protocol_error = 0x82,                          ///< Protocol Error.
  implementation_specific_error = 0x83,           ///< Implementation specific error.
  unsupported_protocol_version = 0x84,            ///< Unsupported Protocol Version.
  client_identifier_not_valid = 0x85,             ///< Client Identifier not valid.
  bad_user_name_or_password = 0x86,               ///< Bad User Name or Password.
  not_authorized = 0x87,                          ///< Not authorized.
  server_unavailable = 0x88,                      ///< Server unavailable.
  server_busy = 0x89,                             ///< Server busy.
  banned = 0x8A,                                  ///< Banned.
  server_shutting_down = 0x8B,                    ///< Server shutting down.
  bad_authentication_method = 0x8C,               ///< Bad authentication method.
  keep_alive_timeout = 0x8D,                      ///< Keep Alive timeout.
  session_taken_over = 0x8E,                      ///< Session taken over.
  topic_filter_invalid = 0x8F,                    ///< Topic Filter invalid.
  topic_name_invalid = 0x90,                      ///< Topic Name invalid.
  packet_identifier_in_use = 0x91,                ///< Packet Identifier in use.
  packet_identifier_not_found = 0x92,             ///< Packet Identifier not found.
  receive_maximum_exceeded = 0x93,                ///< Receive Maximum exceeded.
  topic_alias_invalid = 0x94,                     ///< Topic Alias invalid.
  packet_too_large = 0x95,                        ///< Packet too large.
  message_rate_too_high = 0x96,                   ///< Message rate too high.
  quota_exceeded = 0x97,                          ///< Quota exceeded.
  administrative_action = 0x98,                   ///< Administrative action.
  payload_format_invalid = 0x99,                  ///< Payload format invalid.
  retain_not_supported = 0x9A,                    ///< Retain not supported.
  qos_not_supported = 0x9B,                       ///< QoS not supported.
  use_another_server = 0x9C,                      ///< Use another server.
  server_moved = 0x9D,                            ///< Server moved.
  shared_subscriptions_not_supported = 0x9E,      ///< Shared Subscriptions not supported.
  connection_rate_exceeded = 0x9F,                ///< Connection rate exceeded.
  maximum_connect_time = 0xA0,                    ///< Maximum connect time.
  subscription_identifiers_not_supported = 0xA1,  ///< Subscription Identifiers not supported.
  wildcard_subscriptions_not_supported = 0xA2,    ///< Wildcard Subscriptions not supported.
};

/// Whether the code stands for a failure. [MQTT 5, 2.4]
[[nodiscard]] constexpr bool is_error(ReasonCode code) noexcept {
  return static_cast<std::uint8_t>(code) >= 0x80;
}

/// The standard's name of the code, for people: "Not authorized"; "Unknown reason code" for a value it does
/// not list.
[[nodiscard]] std::string_view to_string(ReasonCode code) noexcept;

}  // namespace holdfast
