// Host names to addresses. Blocks, sometimes for long: for a DetachedTask.
#pragma once

#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include "net/address.hpp"

namespace holdfast::net {

/// What getaddrinfo(3) says, as error codes.
[[nodiscard]] const std::error_category& resolver_category() noexcept;

/// All TCP addresses of a name or numeric address, in the system's order of preference. Throws
/// std::system_error of resolver_category() if there is none.
[[nodiscard]] std::vector<Address> resolve(const std::string& host, std::uint16_t port);

}  // namespace holdfast::net
