// The public settings and errors of the way to the broker, and those of the layer below.
#pragma once

#include <system_error>

#include <holdfast/options.hpp>

#include "net/socket_stream.hpp"
#include "net/tls.hpp"
#include "net/websocket_stream.hpp"

namespace holdfast::client {

[[nodiscard]] net::TcpOptions to_net(const TcpSettings& settings);
[[nodiscard]] net::TlsOptions to_net(const TlsSettings& settings);
/// What the layer below calls an error, as the application knows it; an error of the system stays as it is.
[[nodiscard]] std::error_code public_error(std::error_code error) noexcept;

}  // namespace holdfast::client
