// From the arguments of publish() to a message ready to be queued.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <holdfast/publish_options.hpp>

#include "session/outbound_message.hpp"

namespace holdfast::client {

/// Throws Error as make_message() does for topic and options.
void check_message(std::string_view topic, const PublishOptions& options);
/// Throws Error (invalid_topic_name, invalid_argument, packet_too_large) naming what breaks which rule.
[[nodiscard]] session::OutboundMessagePtr make_message(std::string_view topic,
                                                       std::span<const std::byte> payload,
                                                       const PublishOptions& options);

}  // namespace holdfast::client
