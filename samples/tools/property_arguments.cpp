#include "property_arguments.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "refuse.hpp"
#include "topic_text.hpp"

namespace holdfast::tools {

namespace {

constexpr std::array<KnownProperty, 29> properties_of_all{{
    {"connect", "session-expiry-interval", "SECONDS"},
    {"connect", "receive-maximum", "NUMBER"},
    {"connect", "maximum-packet-size", "BYTES"},
    {"connect", "topic-alias-maximum", "NUMBER"},
    {"connect", "request-response-information", "FLAG"},
    {"connect", "request-problem-information", "FLAG"},
    {"connect", "authentication-method", "NAME"},
    {"connect", "authentication-data", "DATA"},
    {"connect", "user-property", "NAME VALUE"},
    {"publish", "payload-format-indicator", "FLAG"},
    {"publish", "message-expiry-interval", "SECONDS"},
    {"publish", "content-type", "TEXT"},
    {"publish", "response-topic", "TOPIC"},
    {"publish", "correlation-data", "DATA"},
    {"publish", "topic-alias", "NUMBER"},
    {"publish", "user-property", "NAME VALUE"},
    {"will", "will-delay-interval", "SECONDS"},
    {"will", "payload-format-indicator", "FLAG"},
    {"will", "message-expiry-interval", "SECONDS"},
    {"will", "content-type", "TEXT"},
    {"will", "response-topic", "TOPIC"},
    {"will", "correlation-data", "DATA"},
    {"will", "user-property", "NAME VALUE"},
    {"subscribe", "subscription-identifier", "NUMBER"},
    {"subscribe", "user-property", "NAME VALUE"},
    {"unsubscribe", "user-property", "NAME VALUE"},
    {"disconnect", "session-expiry-interval", "SECONDS"},
    {"disconnect", "reason-string", "TEXT"},
    {"disconnect", "user-property", "NAME VALUE"},
}};

constexpr std::array<std::string_view, 6> commands{"connect",   "publish",     "will",
                                                   "subscribe", "unsubscribe", "disconnect"};

[[noreturn]] void refuse_property(const PropertyArgument& argument) {
  refuse("-D " + argument.command + " " + argument.name + ": " + argument.command + " has no such property");
}

bool is_known(const PropertyArgument& argument) {
  return std::any_of(properties_of_all.begin(), properties_of_all.end(), [&](const KnownProperty& known) {
    return known.command == argument.command && known.name == argument.name;
  });
}

std::uint32_t number(const PropertyArgument& argument, std::uint32_t maximum) {
  const auto value = parse_seconds("-D " + argument.command + " " + argument.name, argument.value).count();
  if (value > maximum) {
    refuse("-D " + argument.command + " " + argument.name + " " + argument.value + ": at most " +
           std::to_string(maximum));
  }
  return static_cast<std::uint32_t>(value);
}

std::chrono::seconds seconds(const PropertyArgument& argument) {
  return std::chrono::seconds(number(argument, std::numeric_limits<std::uint32_t>::max()));
}

bool flag(const PropertyArgument& argument) {
  return number(argument, 1) != 0;
}

void check_alias(const PropertyArgument& argument) {
  if (number(argument, std::numeric_limits<std::uint16_t>::max()) != 0) return;
  refuse("-D " + argument.command + " " + argument.name + " 0: must be a number from 1 to 65535");
}

bool take_user_property(const PropertyArgument& argument, UserProperties& properties) {
  if (argument.name != "user-property") return false;
  properties.emplace_back(argument.value, argument.second_value);
  return true;
}

// What PUBLISH and the will have in common; false for any other name.
template <class Message>
bool take_message_property(const PropertyArgument& argument, Message& message) {
  if (argument.name == "payload-format-indicator") {
    message.payload_is_utf8 = flag(argument);
  } else if (argument.name == "message-expiry-interval") {
    message.message_expiry_interval = seconds(argument);
  } else if (argument.name == "content-type") {
    message.content_type = argument.value;
  } else if (argument.name == "response-topic") {
    check_characters("-D " + argument.command + " response-topic", argument.value);
    message.response_topic = argument.value;
  } else if (argument.name == "correlation-data") {
    message.correlation_data = argument.value;
  } else {
    return take_user_property(argument, message.user_properties);
  }
  return true;
}

void apply_connect_property(const PropertyArgument& argument, ConnectProperties& properties) {
  constexpr std::uint32_t two_bytes = 65535;
  if (argument.name == "session-expiry-interval") {
    properties.session_expiry_interval = seconds(argument);
  } else if (argument.name == "receive-maximum") {
    properties.receive_maximum = static_cast<std::uint16_t>(number(argument, two_bytes));
  } else if (argument.name == "maximum-packet-size") {
    properties.maximum_packet_size = number(argument, std::numeric_limits<std::uint32_t>::max());
  } else if (argument.name == "topic-alias-maximum") {
    properties.topic_alias_maximum = static_cast<std::uint16_t>(number(argument, two_bytes));
  } else if (argument.name == "request-response-information") {
    properties.request_response_information = flag(argument);
  } else if (argument.name == "request-problem-information") {
    properties.request_problem_information = flag(argument);
  } else if (argument.name == "authentication-method") {
    properties.authentication_method = argument.value;
  } else if (argument.name == "authentication-data") {
    properties.authentication_data = argument.value;
  } else if (!take_user_property(argument, properties.user_properties)) {
    refuse_property(argument);
  }
}

void apply_will_property(const PropertyArgument& argument, std::optional<Will>& will) {
  if (!will) return;  // For the next --will-topic, perhaps, as from a configuration file.
  if (argument.name == "will-delay-interval") {
    will->will_delay_interval = seconds(argument);
  } else if (!take_message_property(argument, *will)) {
    refuse_property(argument);
  }
}

}  // namespace

std::span<const KnownProperty> known_properties() {
  return properties_of_all;
}

std::vector<PropertyArgument> take_properties(std::vector<std::string>& arguments) {
  std::vector<PropertyArgument> properties;
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] != "-D" && arguments[i] != "--property") {
      rest.push_back(arguments[i]);
      continue;
    }
    const auto next = [&] {
      if (++i >= arguments.size()) refuse("-D needs COMMAND PROPERTY VALUE");
      return arguments[i];
    };
    PropertyArgument property;
    property.command = next();
    property.name = next();
    property.value = next();
    if (property.name == "user-property") property.second_value = next();
    if (std::find(commands.begin(), commands.end(), property.command) == commands.end()) {
      refuse("-D " + property.command +
             ": must be connect, publish, will, subscribe, unsubscribe or disconnect");
    }
    if (!is_known(property)) refuse_property(property);
    properties.push_back(std::move(property));
  }
  arguments = std::move(rest);
  return properties;
}

void apply_connect_properties(const std::vector<PropertyArgument>& arguments, Options& options) {
  for (const PropertyArgument& argument : arguments) {
    if (argument.command == "connect") apply_connect_property(argument, options.connect_properties);
    if (argument.command == "will") apply_will_property(argument, options.will);
  }
}

void apply_publish_properties(const std::vector<PropertyArgument>& arguments, PublishOptions& options) {
  for (const PropertyArgument& argument : arguments) {
    if (argument.command != "publish") continue;
    if (argument.name == "topic-alias") {
      check_alias(argument);  // The library makes aliases by itself, within what the broker takes.
    } else if (!take_message_property(argument, options)) {
      refuse_property(argument);
    }
  }
}

SubscribeProperties subscribe_properties(const std::vector<PropertyArgument>& arguments,
                                         const std::string& command) {
  SubscribeProperties properties;
  for (const PropertyArgument& argument : arguments) {
    if (argument.command != command) continue;
    if (argument.name == "subscription-identifier" && command == "subscribe") {
      properties.subscription_identifier = number(argument, 268'435'455);
    } else if (!take_user_property(argument, properties.user_properties)) {
      refuse_property(argument);
    }
  }
  return properties;
}

DisconnectOptions disconnect_options(const std::vector<PropertyArgument>& arguments,
                                     const Options& connected_with) {
  DisconnectOptions options;
  for (const PropertyArgument& argument : arguments) {
    if (argument.command != "disconnect") continue;
    if (argument.name == "session-expiry-interval") {
      options.session_expiry_interval = seconds(argument);
    } else if (argument.name == "reason-string") {
      options.reason_string = argument.value;
    } else if (!take_user_property(argument, options.user_properties)) {
      refuse_property(argument);
    }
  }
  const auto& of_connect = connected_with.connect_properties.session_expiry_interval;
  const auto expiry = connected_with.session_expiry ? connected_with.session_expiry : of_connect;
  if (expiry.value_or(std::chrono::seconds(0)).count() == 0) options.session_expiry_interval.reset();
  return options;
}

bool has_properties(const Client& client) {
  return client.broker_limits().protocol == Protocol::mqtt_5;
}

void disconnect(Client& client, const DisconnectOptions& goodbye) {
  client.disconnect(has_properties(client) ? goodbye : DisconnectOptions{});
}

}  // namespace holdfast::tools
