#include "json_output.hpp"

#include <string_view>
#include <variant>

namespace holdfast::tools {

namespace {

bool is_utf8(std::string_view text) {
  try {
    static_cast<void>(Json(text).dump());
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k <= bytes.size() ? digits[group >> (6 * (3 - k)) & 0x3F] : '=';
    }
  }
  return text;
}

Json limits_of(const BrokerLimits& limits) {
  Json json{{"session_expiry_interval", limits.session_expiry_interval.count()},
            {"receive_maximum", limits.receive_maximum},
            {"maximum_qos", static_cast<int>(limits.maximum_qos)},
            {"retain_available", limits.retain_available},
            {"keep_alive", limits.keep_alive.count()}};
  if (limits.maximum_packet_size) json["maximum_packet_size"] = *limits.maximum_packet_size;
  return json;
}

Json describe(const Connected& event) {
  return {{"event", "connected"},
          {"session_present", event.session_present},
          {"client_id", event.client_id},
          {"limits", limits_of(event.limits)}};
}

Json describe(const Disconnected& event) {
  Json json{{"event", "disconnected"}, {"what", event.what}};
  if (event.reason_code) json["reason_code"] = static_cast<int>(*event.reason_code);
  return json;
}

Json describe(const Reconnecting& event) {
  return {{"event", "reconnecting"}, {"delay_ms", event.delay.count()}, {"attempt", event.attempt}};
}

Json describe(const SessionLost& event) {
  return {{"event", "session_lost"},
          {"republished", event.republished},
          {"failed", event.failed},
          {"resubscribed", event.resubscribed}};
}

Json describe(const Refused& event) {
  return {{"event", "refused"},
          {"reason_code", static_cast<int>(event.reason_code)},
          {"reason", to_string(event.reason_code)},
          {"reason_string", event.reason_string},
          {"final", event.final}};
}

Json describe(const TakenOver& event) {
  return {{"event", "taken_over"}, {"final", event.final}};
}

Json describe(const ServerReferenceGiven& event) {
  return {{"event", "server_reference"},
          {"server_reference", event.server_reference},
          {"permanent", event.permanent},
          {"followed", event.followed}};
}

Json describe(const MessagesDropped& event) {
  return {{"event", "messages_dropped"},
          {"why", event.error.message()},
          {"messages", event.messages},
          {"topic", event.topic}};
}

Json describe(const MessageFailed& event) {
  return {{"event", "message_failed"}, {"topic", event.topic}, {"why", event.error.message()}};
}

Json describe(const SubscriptionFailed& event) {
  return {{"event", "subscription_failed"},
          {"filter", event.filter},
          {"reason_code", static_cast<int>(event.reason_code)},
          {"reason", to_string(event.reason_code)}};
}

}  // namespace

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json properties_of(const Message& message) {
  Json json = Json::object();
  if (message.payload_is_utf8()) json["payload-format-indicator"] = 1;
  if (const auto expiry = message.message_expiry_interval())
    json["message-expiry-interval"] = expiry->count();
  if (const auto type = message.content_type()) json["content-type"] = *type;
  if (const auto topic = message.response_topic()) json["response-topic"] = *topic;
  if (const auto data = message.correlation_data()) {
    json[is_utf8(*data) ? "correlation-data" : "correlation-data-base64"] =
        is_utf8(*data) ? std::string(*data) : base64(*data);
  }
  for (const auto identifier : message.subscription_identifiers())
    json["subscription-identifier"].push_back(identifier);
  for (const auto& [name, value] : message.user_properties()) {
    json["user-properties"].push_back({{"name", name}, {"value", value}});
  }
  return json;
}

std::string to_json_line(const Message& message) {
  Json json;
  json["topic"] = message.topic();
  if (is_utf8(message.payload())) {
    json["payload"] = message.payload();
  } else {
    json["payload_base64"] = base64(message.payload());
  }
  json["qos"] = static_cast<int>(message.qos());
  json["retain"] = message.retain();
  json["dup"] = message.duplicate();
  json["mid"] = message.packet_identifier();
  json["properties"] = properties_of(message);
  return dump(json);
}

std::string to_json_line(const Event& event) {
  return dump(std::visit([](const auto& one) { return describe(one); }, event));
}

std::string to_json_line(const Statistics& statistics) {
  const Json json{{"published", statistics.published},
                  {"acknowledged", statistics.acknowledged},
                  {"failed", statistics.failed},
                  {"received", statistics.received},
                  {"dropped", statistics.dropped},
                  {"duplicates_suppressed", statistics.duplicates_suppressed},
                  {"connects", statistics.connects},
                  {"sessions_resumed", statistics.sessions_resumed},
                  {"sessions_lost", statistics.sessions_lost},
                  {"connect_failures", statistics.connect_failures},
                  {"replayed", statistics.replayed},
                  {"republished", statistics.republished},
                  {"commits", statistics.commits},
                  {"stored", statistics.stored},
                  {"receive_maximum_overruns", statistics.receive_maximum_overruns},
                  {"oversized_packets", statistics.oversized_packets},
                  {"bytes_sent", statistics.bytes_sent},
                  {"bytes_received", statistics.bytes_received}};
  return dump(json);
}

}  // namespace holdfast::tools
