// Which bytes of a packet a trace does not show, since they are secret or too many.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "wire/packets.hpp"

namespace holdfast::client {

/// Bytes of a packet's body, from `begin` up to and without `end`.
struct MaskedBytes {
  std::size_t begin;
  std::size_t end;
};

/// User Name, Password and Authentication Data, and what a will's payload has above `payload_max`. `body` may
/// be the beginning of one only. Where it cannot be followed, all the rest is taken for secret.
[[nodiscard]] std::vector<MaskedBytes> masked_bytes(wire::PacketType type, std::span<const std::byte> body,
                                                    std::size_t payload_max);

}  // namespace holdfast::client
