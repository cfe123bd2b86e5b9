// What a tool tells the shell: mosquitto's numbers where it has one.
#pragma once

#include <holdfast/error.hpp>

namespace holdfast::tools {

inline constexpr int exit_success = 0;
inline constexpr int exit_failure = 1;
inline constexpr int exit_timed_out = 27;  ///< `-W` ran out, or the broker did not answer; as mosquitto_sub.

/// From now on a refused connection gives the number that MQTT 3.1.1 has for it: 5 for not authorised, ...
void use_return_codes();
/// The broker's reason code if it gave one (135: not authorised, ...), else a number for the kind of failure.
[[nodiscard]] int exit_code_of(const Error& error);

}  // namespace holdfast::tools
