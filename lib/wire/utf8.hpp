// The UTF-8 strings of MQTT. [MQTT 5, 1.5.4]
#pragma once

#include <string_view>

namespace holdfast::wire {

/// Well-formed UTF-8 (no surrogates, nothing overlong, nothing above U+10FFFF), without U+0000, at most 65535
/// bytes.
[[nodiscard]] bool is_valid_utf8_string(std::string_view text) noexcept;

/// Well-formed UTF-8 of any length; U+0000 is a character like others: what a payload may be. [MQTT
/// 5, 3.3.2.3.2]
[[nodiscard]] bool is_well_formed_utf8(std::string_view text) noexcept;

}  // namespace holdfast::wire
