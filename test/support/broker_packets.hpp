// MQTT 5 and 3.1.1 as the scripted broker reads and writes them.
//
// A codec of its own and not lib/wire's: an error that the library's encoder and decoder share would be
// invisible to a peer that used them. It checks only what a broker needs to understand a client, and it can
// write what no honest broker would.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/reason_code.hpp>
#include <holdfast/subscription.hpp>
#include <holdfast/types.hpp>

namespace holdfast::support {

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

[[nodiscard]] std::string_view name_of(PacketType type);

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
  maximum_packet_size = 0x27,
  wildcard_subscription_available = 0x28,
  subscription_identifiers_available = 0x29,
  shared_subscription_available = 0x2A,
};

/// The properties of a packet in the order in which they stand there.
class Properties {
 public:
  Properties& add(PropertyId id, std::uint32_t value);
  Properties& add(PropertyId id, std::string value);
  Properties& add(UserProperty property);

  [[nodiscard]] std::optional<std::uint32_t> number(PropertyId id) const;
  [[nodiscard]] std::optional<std::string> text(PropertyId id) const;
  [[nodiscard]] const UserProperties& user_properties() const noexcept { return user_properties_; }

  /// With the length in front.
  [[nodiscard]] std::string encoded() const;

 private:
  std::vector<std::pair<PropertyId, std::uint32_t>> numbers_;
  std::vector<std::pair<PropertyId, std::string>> texts_;
  UserProperties user_properties_;
};

struct ReceivedWill {
  std::string topic;
  std::string payload;
  QoS qos = QoS::at_most_once;
  bool retain = false;
  Properties properties;
};

/// One packet, from or to a client. Only the fields of its type mean something.
struct Packet {
  PacketType type = PacketType::pingreq;
  std::uint16_t packet_identifier = 0;
  ReasonCode reason_code = ReasonCode::success;
  Properties properties;
  std::size_t size = 0;  ///< In bytes, fixed header included; set by decode(), as is what follows.
  std::string bytes;
  // PUBLISH.
  std::string topic;
  std::string payload;
  QoS qos = QoS::at_most_once;
  bool dup = false;
  bool retain = false;
  // CONNECT.
  std::string client_id;
  bool clean_start = false;
  std::uint16_t keep_alive = 0;
  std::optional<std::string> user_name;
  std::optional<std::string> password;
  std::optional<ReceivedWill> will;
  std::uint8_t level = 5;  ///< The protocol level: 5, or 4 for MQTT 3.1.1.
  // CONNACK.
  bool session_present = false;
  // SUBSCRIBE and UNSUBSCRIBE.
  std::vector<TopicFilter> subscriptions;
  // SUBACK and UNSUBACK.
  std::vector<ReasonCode> reason_codes;

  /// "PUBLISH 7 dup qos 1 a/b": for the messages of failed checks.
  [[nodiscard]] std::string describe() const;
};

/// The first whole packet in `bytes`: its size; nothing while it is not complete. Throws std::runtime_error
/// for a length that is none.
[[nodiscard]] std::optional<std::size_t> frame_size(std::string_view bytes);

/// Throws std::runtime_error if `frame` is not one well-formed packet of this version (a CONNECT may be of
/// either).
[[nodiscard]] Packet decode(std::string_view frame, std::uint8_t level = 5);
/// In 3.1.1 without all that it does not have. Throws std::out_of_range for a CONNACK with a code it has not.
[[nodiscard]] std::string encode(const Packet& packet, std::uint8_t level = 5);
/// The same packet of MQTT 5 in 3.1.1.
[[nodiscard]] std::string in_3_1_1(std::string_view frame);

/// PUBACK, PUBREC, PUBREL or PUBCOMP.
[[nodiscard]] std::string acknowledgement(PacketType type, std::uint16_t packet_identifier,
                                          ReasonCode reason_code = ReasonCode::success,
                                          const Properties& properties = {});
/// SUBACK or UNSUBACK.
[[nodiscard]] std::string answer(PacketType type, std::uint16_t packet_identifier,
                                 const std::vector<ReasonCode>& reason_codes,
                                 const Properties& properties = {});
[[nodiscard]] std::string connack(bool session_present, ReasonCode reason_code = ReasonCode::success,
                                  const Properties& properties = {});
[[nodiscard]] std::string publish(std::string topic, std::string payload, QoS qos = QoS::at_most_once,
                                  std::uint16_t packet_identifier = 0, bool dup = false,
                                  const Properties& properties = {});
[[nodiscard]] std::string disconnect(ReasonCode reason_code, const Properties& properties = {});
[[nodiscard]] std::string pingresp();

}  // namespace holdfast::support
