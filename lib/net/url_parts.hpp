// The parts that the URLs of servers and proxies have in common. What is wrong with one is thrown as
// std::invalid_argument with the bare reason; who knows the whole URL says which one it was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::net {

struct HostAndPort {
  std::string host;
  std::optional<std::uint16_t> port;
};

/// Takes `user[:password]@` away from the beginning, if it is there: up to the last @, so that sloppy
/// passwords work.
void take_credentials(std::string_view& rest, std::optional<std::string>& user_name,
                      std::optional<std::string>& password);
/// `host`, `host:port`, `[IPv6 address]` or `[IPv6 address]:port`.
[[nodiscard]] HostAndPort parse_host_and_port(std::string_view text);
/// `host:port`, with brackets around an IPv6 address.
[[nodiscard]] std::string host_and_port(const std::string& host, std::uint16_t port);

}  // namespace holdfast::net
