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

/// What a trace has of a packet behind its fixed header, which may be the beginning only.
struct TracedBody {
  std::span<const std::byte> bytes;
  std::size_t whole_size;  ///< Of the body that the packet has.
};

/// User Name, Password, Authentication Data and what may be credentials in a Server Reference, and what a
/// will's payload has above `payload_max`. Where the packet cannot be followed, all the rest is taken for
/// secret.
[[nodiscard]] std::vector<MaskedBytes> masked_bytes(wire::PacketType type, TracedBody body,
                                                    std::size_t payload_max);

/// How many of the bytes of a PUBLISH are shown if `payload_max` bytes of its payload are. Where it cannot be
/// followed, all the rest is taken for payload.
[[nodiscard]] std::size_t shown_of_publish(TracedBody body, bool has_identifier, bool has_properties,
                                           std::size_t payload_max);

}  // namespace holdfast::client
