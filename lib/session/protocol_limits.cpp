#include "session/protocol_limits.hpp"

#include <initializer_list>
#include <utility>

#include "session/connect_packet.hpp"
#include "wire/property.hpp"

namespace holdfast::session {

namespace {

struct Asked {
  bool asked;
  const char* name;
};

// A sentence on the first one that is asked for.
std::optional<std::string> first_of(const std::string& subject, std::initializer_list<Asked> things) {
  for (const auto& [asked, name] : things) {
    if (asked)
      return subject + name +
             ": there is no such thing in MQTT 3.1.1: leave it out, or set protocol to mqtt_5";
  }
  return std::nullopt;
}

const char* name_of(wire::PropertyId property) {
  switch (property) {
    case wire::PropertyId::payload_format_indicator:
      return "payload_is_utf8";
    case wire::PropertyId::content_type:
      return "content_type";
    case wire::PropertyId::response_topic:
      return "response_topic";
    case wire::PropertyId::correlation_data:
      return "correlation_data";
    default:
      return "user_properties";
  }
}

}  // namespace

std::optional<std::string> not_in_3_1_1(const Options& options) {
  const ConnectProperties& properties = options.connect_properties;
  auto lacking =
      first_of("connect_properties.",
               {{properties.receive_maximum.has_value(), "receive_maximum"},
                {properties.maximum_packet_size.has_value(), "maximum_packet_size"},
                {properties.topic_alias_maximum.has_value(), "topic_alias_maximum"},
                {properties.request_response_information.has_value(), "request_response_information"},
                {properties.request_problem_information.has_value(), "request_problem_information"},
                {!properties.user_properties.empty(), "user_properties"},
                {properties.authentication_method.has_value(), "authentication_method"},
                {properties.authentication_data.has_value(), "authentication_data"}});
  if (lacking) return lacking;
  const bool lasts = asked_session_expiry(options).count() != 0;
  if (lasts && options.client_id.empty()) {
    return "client_id: in MQTT 3.1.1 a session that outlives its connection needs one: set it, or leave "
           "session_expiry out [MQTT 3.1.1, MQTT-3.1.3-7]";
  }
  if (!lasts && options.start == Start::resume) {
    return "Start::resume: in MQTT 3.1.1 a session that is resumed outlives its connection again: set "
           "session_expiry";
  }
  return std::nullopt;
}

std::optional<std::string> not_in_3_1_1(const std::optional<std::string>& user_name,
                                        const std::optional<std::string>& password,
                                        const std::optional<Will>& will) {
  if (password && !user_name)
    return "password: MQTT 3.1.1 has none without a user name: set user_name [MQTT 3.1.1, MQTT-3.1.2-22]";
  if (!will) return std::nullopt;
  return first_of("will.", {{will->will_delay_interval.has_value(), "will_delay_interval"},
                            {will->payload_is_utf8, "payload_is_utf8"},
                            {will->message_expiry_interval.has_value(), "message_expiry_interval"},
                            {will->content_type.has_value(), "content_type"},
                            {will->response_topic.has_value(), "response_topic"},
                            {will->correlation_data.has_value(), "correlation_data"},
                            {!will->user_properties.empty(), "user_properties"}});
}

// Asked for every message: the common case ends with two comparisons.
std::optional<std::string> not_in_3_1_1(const OutboundMessage& message) {
  const bool expires = message.expires_at() != never;
  if (!expires && message.properties().empty()) return std::nullopt;
  const char* name = expires ? "message_expiry_interval" : name_of((*message.properties().begin()).id);
  return first_of("", {{true, name}});
}

std::optional<std::string> not_in_3_1_1(const SubscriptionRequest& request) {
  const bool subscribe = request.kind == SubscriptionRequest::Kind::subscribe;
  const SubscribeProperties& properties = request.properties;
  auto lacking = first_of(subscribe ? "subscribe: " : "unsubscribe: ",
                          {{properties.subscription_identifier.has_value() && !request.identifier_optional,
                            "subscription_identifier"},
                           {!properties.user_properties.empty(), "user_properties"}});
  if (!subscribe) return lacking;
  for (const auto& [filter, options] : request.subscriptions) {
    if (lacking) break;
    lacking = first_of("subscribe \"" + filter + "\": ",
                       {{options.no_local, "no_local"},
                        {options.retain_as_published, "retain_as_published"},
                        {options.retain_handling != RetainHandling::send, "retain_handling"}});
  }
  return lacking;
}

std::optional<std::string> not_in_3_1_1(const DisconnectOptions& options) {
  return first_of("disconnect: ", {{options.reason != ReasonCode::success, "reason"},
                                   {options.session_expiry_interval.has_value(), "session_expiry_interval"},
                                   {options.reason_string.has_value(), "reason_string"},
                                   {!options.user_properties.empty(), "user_properties"}});
}

}  // namespace holdfast::session
