#include "json_output.hpp"

#include <array>
#include <chrono>
#include <ctime>
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
          {"server", event.server},
          {"limits", limits_of(event.limits)}};
}

Json describe(const Disconnected& event) {
  Json json{{"event", "disconnected"}, {"what", event.what}};
  if (event.reason_code) json["reason_code"] = static_cast<int>(*event.reason_code);
  return json;
}

Json describe(const Reconnecting& event) {
  return {{"event", "reconnecting"},
          {"delay_ms", event.delay.count()},
          {"attempt", event.attempt},
          {"server", event.server}};
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
          {"followed", event.followed},
          {"what", event.what}};
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

void add_payload(Json& json, std::string_view payload, Binary binary = Binary::base64) {
  if (is_utf8(payload)) {
    json["payload"] = payload;
  } else if (binary == Binary::hexadecimal) {
    json["payload_hex"] = hexadecimal(payload);
  } else {
    json["payload_base64"] = base64(payload);
  }
}

PublishOptions published_with(const Message& message) {
  PublishOptions options;
  options.payload_is_utf8 = message.payload_is_utf8();
  options.message_expiry_interval = message.message_expiry_interval();
  options.content_type = message.content_type();
  options.response_topic = message.response_topic();
  options.correlation_data = message.correlation_data();
  options.user_properties = message.user_properties();
  return options;
}

Json publish_properties_of(const PublishOptions& options) {
  Json json = Json::object();
  if (options.payload_is_utf8) json["payload-format-indicator"] = 1;
  if (options.message_expiry_interval)
    json["message-expiry-interval"] = options.message_expiry_interval->count();
  if (options.content_type) json["content-type"] = *options.content_type;
  if (options.response_topic) json["response-topic"] = *options.response_topic;
  if (const auto& data = options.correlation_data) {
    json[is_utf8(*data) ? "correlation-data" : "correlation-data-base64"] =
        is_utf8(*data) ? *data : base64(*data);
  }
  for (const auto& [name, value] : options.user_properties)
    json["user-properties"].push_back({{"name", name}, {"value", value}});
  return json;
}

std::string utc(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace

std::string hexadecimal(std::string_view bytes, bool capitals) {
  const std::string_view digits = capitals ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.append(1, digits[byte >> 4]).append(1, digits[byte & 0xF]);
  }
  return text;
}

std::string dump(const Json& json, bool pretty) {
  const std::string line = json.dump(pretty ? 2 : -1, ' ', false, Json::error_handler_t::replace);
  // JSON has no need to write U+007F to U+009F otherwise, but a terminal may obey them.
  std::string safe;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto second = static_cast<unsigned char>(i + 1 < line.size() ? line[i + 1] : '\0');
    if (line[i] == '\x7F') {
      safe += "\\u007f";
    } else if (line[i] == '\xC2' && second < 0xA0) {
      safe.append("\\u00").append(1, second < 0x90 ? '8' : '9').append(1, "0123456789abcdef"[second & 0xF]);
      ++i;
    } else {
      safe += line[i];
    }
  }
  return safe;
}

Json properties_of(const Message& message) {
  Json json = publish_properties_of(published_with(message));
  if (const auto alias = message.topic_alias()) json["topic-alias"] = *alias;
  for (const auto identifier : message.subscription_identifiers())
    json["subscription-identifier"].push_back(identifier);
  return json;
}

std::string to_json(const Message& message, Binary binary, bool pretty) {
  Json json;
  json["topic"] = message.topic();
  add_payload(json, message.payload(), binary);
  json["qos"] = static_cast<int>(message.qos());
  json["retain"] = message.retain();
  json["dup"] = message.duplicate();
  json["mid"] = message.packet_identifier();
  json["properties"] = properties_of(message);
  return dump(json, pretty);
}

std::string to_json_line(std::uint64_t number, const DeliveryResult& result) {
  const char* ended = !result ? "not_delivered" : result.qos == QoS::at_most_once ? "sent" : "acknowledged";
  Json json{{"event", ended}, {"number", number}};
  if (!result) json["why"] = result.error.message();
  if (result) json["qos"] = static_cast<int>(result.qos);
  json["reason_code"] = static_cast<int>(result.reason_code);
  json["reason"] = to_string(result.reason_code);
  if (!result.reason_string.empty()) json["reason_string"] = result.reason_string;
  if (result.repeated) json["repeated"] = true;
  return dump(json);
}

std::string acknowledged_of_earlier_runs(std::uint64_t messages) {
  return dump(Json{{"event", "acknowledged_of_earlier_runs"}, {"messages", messages}});
}

std::string to_json_line(const std::string& verb, const std::string& filter, ReasonCode code) {
  return dump(Json{{"event", verb + (is_error(code) ? "_refused" : "d")},
                   {"filter", filter},
                   {"reason_code", static_cast<int>(code)},
                   {"reason", to_string(code)}});
}

std::string_view to_string(Progress progress) {
  switch (progress) {
    case Progress::in_flight:
      return "in_flight";
    case Progress::released:
      return "released";
    default:
      return "waiting";
  }
}

std::string to_json_line(const PendingMessage& message) {
  Json json;
  json["sequence"] = message.sequence;
  json["state"] = to_string(message.progress);
  json["topic"] = message.topic;
  add_payload(json, message.payload);
  json["qos"] = static_cast<int>(message.options.qos);
  json["retain"] = message.options.retain;
  if (message.packet_identifier != 0) json["mid"] = message.packet_identifier;
  json["properties"] = publish_properties_of(message.options);
  return dump(json);
}

std::string to_json_line(const StoreSummary& summary) {
  Json json{{"client_id", summary.client_id},
            {"server", summary.server},
            {"session_held", summary.session_held},
            {"session_expiry_interval", summary.session_expiry.count()}};
  if (summary.last_connected) json["last_connected"] = utc(*summary.last_connected);
  json["messages"] = summary.messages();
  json["waiting"] = summary.waiting;
  json["in_flight"] = summary.in_flight;
  json["released"] = summary.released;
  json["bytes"] = summary.bytes;
  json["inbound"] = summary.inbound;
  json["held_identifiers"] = summary.held_identifiers;
  json["subscriptions"] = Json::array();
  for (const auto& [filter, options] : summary.subscriptions)
    json["subscriptions"].push_back({{"filter", filter}, {"qos", static_cast<int>(options.qos)}});
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
                  {"tls_handshakes", statistics.tls_handshakes},
                  {"tls_sessions_resumed", statistics.tls_sessions_resumed},
                  {"sessions_lost", statistics.sessions_lost},
                  {"connect_failures", statistics.connect_failures},
                  {"replayed", statistics.replayed},
                  {"republished", statistics.republished},
                  {"commits", statistics.commits},
                  {"stored", statistics.stored},
                  {"receive_maximum_overruns", statistics.receive_maximum_overruns},
                  {"oversized_packets", statistics.oversized_packets},
                  {"exactly_once_lowered", statistics.exactly_once_lowered},
                  {"redeliveries_without_dup", statistics.redeliveries_without_dup},
                  {"identifiers_reused", statistics.identifiers_reused},
                  {"unexpected_acknowledgements", statistics.unexpected_acknowledgements},
                  {"other_violations", statistics.other_violations},
                  {"bytes_sent", statistics.bytes_sent},
                  {"bytes_received", statistics.bytes_received}};
  return dump(json);
}

}  // namespace holdfast::tools
