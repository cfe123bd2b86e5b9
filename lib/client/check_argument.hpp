// The rules that arguments of many calls share; each failure is an Error that says what to change.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <holdfast/error.hpp>
#include <holdfast/types.hpp>

namespace holdfast::client {

/// Throws Error (Errc::invalid_argument) with what `sentence()` says, which is only called then.
template <class Sentence>
void require(bool fulfilled, Sentence&& sentence) {
  if (!fulfilled) throw Error(Errc::invalid_argument, std::forward<Sentence>(sentence)());
}

void require_utf8(std::string_view name, std::string_view value);
/// What a payload has to be that is said to be UTF-8.
void require_text(std::string_view name, std::string_view payload);
void require_binary(std::string_view name, std::string_view value);
void require_seconds(std::string_view name, const std::optional<std::chrono::seconds>& value);
void require_qos(std::string_view name, QoS qos);
void require_response_topic(std::string_view name, std::string_view value);
void require_user_properties(const UserProperties& properties);

/// The value with everything that does not print as \xNN, cut to a readable length.
[[nodiscard]] std::string printable(std::string_view value);
/// The whole text, with control characters as \xNN; where it is not UTF-8, all that is not ASCII.
[[nodiscard]] std::string without_controls(std::string_view text);

}  // namespace holdfast::client
