// The return codes of a CONNACK of MQTT 3.1.1, as the reason codes that say the same. [MQTT 3.1.1, 3.2.2.3]
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include <holdfast/reason_code.hpp>

namespace holdfast::wire {

inline constexpr std::array return_codes{ReasonCode::success,
                                         ReasonCode::unsupported_protocol_version,
                                         ReasonCode::client_identifier_not_valid,
                                         ReasonCode::server_unavailable,
                                         ReasonCode::bad_user_name_or_password,
                                         ReasonCode::not_authorized};

/// Nothing for the reserved ones.
[[nodiscard]] inline std::optional<ReasonCode> reason_of_return_code(std::uint8_t code) noexcept {
  if (code >= return_codes.size()) return std::nullopt;
  return return_codes[code];
}

/// Needs a reason that has one.
[[nodiscard]] inline unsigned return_code(ReasonCode reason) noexcept {
  unsigned code = 0;
  while (return_codes.at(code) != reason)
    ++code;
  return code;
}

}  // namespace holdfast::wire
