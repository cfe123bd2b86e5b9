// Topic names and topic filters. [MQTT 5, 4.7, 4.8.2]
#pragma once

#include <string_view>

namespace holdfast {

/// Whether a message may be published to it: UTF-8, not empty, at most 65535 bytes, no +, # or null
/// character.
[[nodiscard]] bool is_valid_topic_name(std::string_view name) noexcept;

/// Whether it may be subscribed to: as a topic name, but `+` may fill a level and `#` the last one;
/// `$share/{name}/{filter}` with a name without wildcards.
[[nodiscard]] bool is_valid_topic_filter(std::string_view filter) noexcept;

/// Whether a valid filter matches a valid name. A leading wildcard matches no name that begins with `$`; of a
/// shared subscription the filter part counts.
[[nodiscard]] bool topic_matches(std::string_view filter, std::string_view name) noexcept;

}  // namespace holdfast
