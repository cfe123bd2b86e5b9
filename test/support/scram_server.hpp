// A broker that asks for SCRAM-SHA-256.
#pragma once

#include <optional>
#include <string>

#include "support/behaviour.hpp"
#include "support/scram_exchange.hpp"

namespace holdfast::support {

/// A broker that lets in whoever knows the password, and authenticates again when asked: by CONNACK and
/// DISCONNECT with 0x87 it refuses.
[[nodiscard]] Behaviour asking_for_scram(const ScramAccount& account = {});

/// An AUTH packet.
[[nodiscard]] std::string auth(ReasonCode reason_code, const std::string& method,
                               const std::optional<std::string>& data = std::nullopt);

}  // namespace holdfast::support
