// How calls of the application reach the network thread, and how they end when there is none any more.
#pragma once

#include <holdfast/error.hpp>

#include "client/command.hpp"
#include "client/shared.hpp"
#include "client/status.hpp"

namespace holdfast::client {

/// Throws what `failure` says.
[[noreturn]] void throw_failure(const Failure& failure);
/// The client takes nothing more: throws why.
[[noreturn]] void throw_why_closed(Shared& shared);
void send(Shared& shared, Command command);

}  // namespace holdfast::client
