// Messages, events, statistics and what a store holds as JSON, one line each.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include <holdfast/delivery.hpp>
#include <holdfast/event.hpp>
#include <holdfast/message.hpp>
#include <holdfast/statistics.hpp>
#include <holdfast/store_file.hpp>

namespace holdfast::tools {

/// Keys stay in the order in which they are written.
using Json = nlohmann::ordered_json;

enum class Binary : std::uint8_t { base64, hexadecimal };

/// For `--json`: topic, payload (text), qos, retain, dup, mid, properties. A payload that is not UTF-8 comes
/// as payload_base64 or payload_hex instead. One line, unless pretty.
[[nodiscard]] std::string to_json(const Message& message, Binary binary, bool pretty);
[[nodiscard]] std::string to_json_line(const Event& event);
/// The event of a published message that has ended: acknowledged, sent (QoS 0) or not_delivered.
[[nodiscard]] std::string to_json_line(std::uint64_t number, const DeliveryResult& result);
/// The event of so many more messages acknowledged that earlier runs had left in the store.
[[nodiscard]] std::string acknowledged_of_earlier_runs(std::uint64_t messages);
/// The event of an answered subscribe or unsubscribe: subscribed, unsubscribed, or with _refused.
[[nodiscard]] std::string to_json_line(const std::string& verb, const std::string& filter, ReasonCode code);
[[nodiscard]] std::string to_json_line(const Statistics& statistics);
/// One line for `holdfast_store export`: sequence, state, then as above, with mid only where there is one.
[[nodiscard]] std::string to_json_line(const PendingMessage& message);
[[nodiscard]] std::string to_json_line(const StoreSummary& summary);
[[nodiscard]] std::string_view to_string(Progress progress);
/// The properties that the message carries, by the names of `-D`.
[[nodiscard]] Json properties_of(const Message& message);
/// Without control characters and, unless pretty, line breaks; what is not UTF-8 is replaced.
[[nodiscard]] std::string dump(const Json& json, bool pretty = false);
[[nodiscard]] std::string hexadecimal(std::string_view bytes, bool capitals = false);

}  // namespace holdfast::tools
