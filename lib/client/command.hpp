// What application threads ask of the network thread, besides messages to publish.
#pragma once

#include <cstdint>
#include <variant>

#include <holdfast/connect_properties.hpp>

#include "session/subscriptions.hpp"

namespace holdfast::client {

namespace command {
/// Begin to connect, unless that is under way already.
struct Connect {};
/// Drain, send DISCONNECT, close.
struct Disconnect {
  DisconnectOptions options;
};
struct Subscribe {
  session::SubscriptionRequest request;
};
struct Reauthenticate {};
/// End the network thread.
struct Close {};
}  // namespace command

using Command = std::variant<command::Connect, command::Disconnect, command::Subscribe,
                             command::Reauthenticate, command::Close>;

}  // namespace holdfast::client
