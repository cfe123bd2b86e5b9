// The -D arguments: MQTT 5 properties under mosquitto's names.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/client.hpp>
#include <holdfast/connect_properties.hpp>
#include <holdfast/options.hpp>
#include <holdfast/publish_options.hpp>
#include <holdfast/subscription.hpp>

#include "connection_options.hpp"

namespace holdfast::tools {

/// A property that may follow `-D COMMAND`, and what follows it.
struct KnownProperty {
  std::string_view command;
  std::string_view name;
  std::string_view value;
};
/// All of them, by command; the manual pages are made of this.
[[nodiscard]] std::span<const KnownProperty> known_properties();

// Each takes the arguments for its commands and throws Error (Errc::invalid_argument) for a property that the
// command does not have.
void apply_connect_properties(const std::vector<PropertyArgument>& arguments,
                              Options& options);  ///< connect, will
void apply_publish_properties(const std::vector<PropertyArgument>& arguments, PublishOptions& options);
[[nodiscard]] SubscribeProperties subscribe_properties(const std::vector<PropertyArgument>& arguments,
                                                       const std::string& command);
/// A session expiry is left out where `connected_with` has none, as the standard asks. [MQTT 5, 3.14.2.2.2]
[[nodiscard]] DisconnectOptions disconnect_options(const std::vector<PropertyArgument>& arguments,
                                                   const Options& connected_with);

/// Whether what is spoken has properties: in MQTT 3.1.1 they are left out, as mosquitto's tools do it.
[[nodiscard]] bool has_properties(const Client& client);
/// With these, where it has properties.
void disconnect(Client& client, const DisconnectOptions& goodbye);

}  // namespace holdfast::tools
