// Messages, events, statistics and what a store holds as JSON, one line each.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include <holdfast/event.hpp>
#include <holdfast/message.hpp>
#include <holdfast/statistics.hpp>
#include <holdfast/store_file.hpp>

namespace holdfast::tools {

/// Keys stay in the order in which they are written.
using Json = nlohmann::ordered_json;

/// One line for `--json`: topic, payload (text), qos, retain, dup, mid, properties. A payload that is not
/// UTF-8 comes as payload_base64 instead.
[[nodiscard]] std::string to_json_line(const Message& message);
[[nodiscard]] std::string to_json_line(const Event& event);
[[nodiscard]] std::string to_json_line(const Statistics& statistics);
/// One line for `holdfast_store export`: sequence, state, then as above, with mid only where there is one.
[[nodiscard]] std::string to_json_line(const PendingMessage& message);
[[nodiscard]] std::string to_json_line(const StoreSummary& summary);
[[nodiscard]] std::string_view to_string(Progress progress);
/// The properties that the message carries, by the names of `-D`.
[[nodiscard]] Json properties_of(const Message& message);
/// Without line breaks and control characters; what is not UTF-8 is replaced.
[[nodiscard]] std::string dump(const Json& json);

}  // namespace holdfast::tools
