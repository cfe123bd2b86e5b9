// The properties of a message, read back.
#pragma once

#include <optional>

#include <holdfast/publish_options.hpp>

#include "session/outbound_message.hpp"

namespace holdfast::client {

/// The encoded properties of a message as they were given to publish(); nothing if they make no sense.
[[nodiscard]] std::optional<PublishOptions> stored_properties(const session::OutboundMessage& message);

}  // namespace holdfast::client
