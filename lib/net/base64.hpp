// Base64 (RFC 4648): what HTTP carries bytes in.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::net {

[[nodiscard]] std::string base64(std::span<const std::byte> bytes);
/// The bytes that this text stands for; none if it is not what base64() writes.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace holdfast::net
