// Topics as the command line gives them.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::tools {

/// Throws Error (Errc::invalid_argument) where a topic, or topic filter, has a character for which brokers
/// may close the connection, as mosquitto does: the message would be lost. [MQTT 5, 1.5.4]
void check_characters(const std::string& option, std::string_view topic);

}  // namespace holdfast::tools
