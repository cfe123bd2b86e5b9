// The output formats of holdfast_sub: mosquitto_sub's -F and what is made of it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <holdfast/message.hpp>

#include "arrival.hpp"

namespace holdfast::tools {

/// What a format of `-F` may have in it, and what becomes of it.
struct FormatPart {
  std::string_view text;
  std::string_view meaning;
};
/// All of them, as mosquitto_sub(1) has them; the manual pages are made of this.
[[nodiscard]] std::span<const FormatPart> format_parts();

/// Fills a format, with widths such as in `%-20.30t`; `pretty` is for %j and %J. Throws Error
/// (Errc::invalid_argument) for a specifier that does not exist.
[[nodiscard]] std::string format_message(std::string_view format, const Message& message,
                                         const Arrival& arrival, bool pretty);
/// Throws as format_message would.
void check_format(std::string_view format);

}  // namespace holdfast::tools
