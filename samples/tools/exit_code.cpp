#include "exit_code.hpp"

#include <optional>

namespace holdfast::tools {

namespace {

// A failure is told where the options are gone, at the end of main().
bool return_codes = false;

// What CONNACK says in MQTT 3.1.1, if it can say that.
std::optional<int> return_code_of(ReasonCode code) {
  switch (code) {
    case ReasonCode::unsupported_protocol_version:
      return 1;
    case ReasonCode::client_identifier_not_valid:
      return 2;
    case ReasonCode::server_unavailable:
      return 3;
    case ReasonCode::bad_user_name_or_password:
      return 4;
    case ReasonCode::not_authorized:
      return 5;
    default:
      return std::nullopt;
  }
}

}  // namespace

void use_return_codes() {
  return_codes = true;
}

int exit_code_of(const Error& error) {
  if (error.reason_code() && is_error(*error.reason_code())) {
    const bool connecting = error.code() == Errc::connection_refused;
    const auto code = return_codes && connecting ? return_code_of(*error.reason_code()) : std::nullopt;
    return code.value_or(static_cast<int>(*error.reason_code()));
  }
  // As of mosquitto.
  if (error.code() == Errc::tls_failed || error.code() == Errc::certificate_rejected) return 8;
  if (error.code() == Errc::proxy_failed) return 16;
  if (error.code() == Errc::timed_out) return exit_timed_out;
  return exit_failure;
}

}  // namespace holdfast::tools
