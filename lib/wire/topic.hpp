// What the session has to know of topic filters besides their public functions. [MQTT 5, 4.7, 4.8.2]
#pragma once

#include <string_view>

#include <holdfast/topic.hpp>

namespace holdfast::wire {

using holdfast::is_valid_topic_filter;
using holdfast::is_valid_topic_name;

/// Whether the filter is a shared subscription.
[[nodiscard]] bool is_shared(std::string_view filter) noexcept;
[[nodiscard]] bool has_wildcard(std::string_view filter) noexcept;
}  // namespace holdfast::wire
