// ASCII text as the protocols around us write it.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::net {

[[nodiscard]] std::string lower_case(std::string_view text);
/// Without the spaces and tabs around it.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;
/// What a peer said, fit for logs and error messages: at most 100 characters, each of which can be seen.
[[nodiscard]] std::string shown(std::string_view text);
/// Whether `list`, separated by commas, has the element, whatever the case of both.
[[nodiscard]] bool list_has(std::string_view list, std::string_view element);

}  // namespace holdfast::net
