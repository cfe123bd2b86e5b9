// The CONNECT packet, from the options.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/options.hpp>

#include "wire/version.hpp"

namespace holdfast::session {

/// The session expiry interval that CONNECT asks for.
[[nodiscard]] std::chrono::seconds asked_session_expiry(const Options& options);

/// What CONNECT says besides the options.
struct ConnectIdentity {
  const std::string& client_id;
  const std::optional<std::string>& user_name;
  const std::optional<std::string>& password;
  const std::optional<Will>& will;
  bool clean_start;  ///< In MQTT 3.1.1: Clean Session.
  std::chrono::seconds session_expiry;
};

/// Appends the packet to `out`. [MQTT 5, 3.1]
void encode_connect(const Options& options, wire::Version version, const ConnectIdentity& identity,
                    std::vector<std::byte>& out);

}  // namespace holdfast::session
