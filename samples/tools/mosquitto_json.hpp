// A message as mosquitto_sub's %j and %J write it. Characters that a terminal may obey are escaped, and a
// number beyond the range of double is no JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <holdfast/message.hpp>

#include "arrival.hpp"

namespace holdfast::tools {

enum class PayloadAs : std::uint8_t { text, json };

/// Nothing for a payload that is not the JSON it should be. One line, unless `pretty`.
[[nodiscard]] std::optional<std::string> mosquitto_json(const Message& message, const Arrival& arrival,
                                                        PayloadAs payload_as, bool pretty);

}  // namespace holdfast::tools
