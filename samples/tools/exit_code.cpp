#include "exit_code.hpp"

namespace holdfast::tools {

int exit_code_of(const Error& error) {
  if (error.reason_code() && is_error(*error.reason_code())) return static_cast<int>(*error.reason_code());
  if (error.code() == Errc::tls_failed || error.code() == Errc::certificate_rejected)
    return 8;                                           // as mosquitto
  if (error.code() == Errc::connect_failed) return 14;  // mosquitto: a system call failed
  if (error.code() == Errc::host_not_found) return 15;  // mosquitto: the host look-up failed
  if (error.code() == Errc::proxy_failed) return 16;    // mosquitto: the proxy failed
  if (error.code() == Errc::timed_out) return exit_timed_out;
  return exit_failure;
}

}  // namespace holdfast::tools
