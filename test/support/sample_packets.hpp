// One encoded packet of every kind and with every property it may carry: what codec tests and fuzzers start
// from.
#pragma once

#include <cstddef>
#include <vector>

#include "wire/packets.hpp"
#include "wire/version.hpp"

namespace holdfast::support {

using Bytes = std::vector<std::byte>;

/// A valid value of the property, encoded. Twice, where the place allows it to repeat.
[[nodiscard]] Bytes sample_property(const wire::PropertyRule& rule, wire::PropertyPlace place);
/// All properties that may stand at `place`.
[[nodiscard]] Bytes sample_properties(wire::PropertyPlace place);

struct SamplePacket {
  const char* name;
  wire::PacketType type;
  Bytes bytes;
};
/// Every packet of a version: bare, with everything, and in each of its short forms.
[[nodiscard]] const std::vector<SamplePacket>& sample_packets(wire::Version version = wire::Version::mqtt_5);

/// Parses the frame as what it is; whether it was valid. The packet, encoded again, replaces `again`.
[[nodiscard]] bool parse_and_encode(const wire::Frame& frame, Bytes& again, wire::DecodeError& error,
                                    wire::Version version = wire::Version::mqtt_5);

}  // namespace holdfast::support
