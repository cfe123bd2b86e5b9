// What Options must fulfil before a Client is made of them.
#pragma once

#include <holdfast/connect_properties.hpp>
#include <holdfast/message.hpp>
#include <holdfast/options.hpp>

namespace holdfast::client {

/// Throws Error (Errc::invalid_argument) that names the option and says what to change.
void check(const Options& options);
/// The same for what a hook may change before an attempt.
void check(const Attempt& attempt, bool check_payload_format);
/// The same for disconnect(); `asked_expiry` is what CONNECT said.
void check(const DisconnectOptions& options, std::chrono::seconds asked_expiry);
/// What a message is to be acknowledged with.
void check(ReasonCode reason, const AcknowledgementProperties& properties);

}  // namespace holdfast::client
