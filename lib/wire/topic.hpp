// Topic names and topic filters. [MQTT 5, 4.7, 4.8.2]
#pragma once

#include <string_view>

namespace holdfast::wire {

/// UTF-8, not empty, without wildcards.
[[nodiscard]] bool is_valid_topic_name(std::string_view name) noexcept;
/// UTF-8, not empty, `+` alone in its level, `#` alone in the last; `$share/{name}/{filter}` with a name
/// without wildcards.
[[nodiscard]] bool is_valid_topic_filter(std::string_view filter) noexcept;
/// Whether the filter is a shared subscription.
[[nodiscard]] bool is_shared(std::string_view filter) noexcept;
[[nodiscard]] bool has_wildcard(std::string_view filter) noexcept;
/// Whether a valid filter matches a valid name. A leading wildcard matches no name that begins with `$`. For
/// a shared subscription its filter part counts.
[[nodiscard]] bool matches(std::string_view filter, std::string_view name) noexcept;

}  // namespace holdfast::wire
