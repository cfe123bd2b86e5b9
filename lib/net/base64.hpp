// Base64 (RFC 4648): what HTTP carries bytes in.
#pragma once

#include <span>
#include <string>

namespace holdfast::net {

[[nodiscard]] std::string base64(std::span<const std::byte> bytes);

}  // namespace holdfast::net
