// The servers that have one session between them: the nodes of a cluster, or one server alone. As text, which
// is what a store keeps: endpoints with a space between them. (docs/decisions/0007-server-groups.md)
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::session {

/// Endpoints have no spaces. One that comes twice stands there once.
[[nodiscard]] std::string server_group(const std::vector<std::string>& endpoints);
/// The same group, or two that have a server in common: a session of one is a session of the other.
[[nodiscard]] bool is_same_group(std::string_view one, std::string_view other) noexcept;
[[nodiscard]] bool is_in_group(std::string_view endpoint, std::string_view group) noexcept;

}  // namespace holdfast::session
