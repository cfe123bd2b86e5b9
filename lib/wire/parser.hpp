// From frames to packets: every rule of the standard that a packet alone can break is checked here; what
// depends on the connection is the session's.
#pragma once

#include "wire/decoded.hpp"
#include "wire/packets.hpp"
#include "wire/version.hpp"

namespace holdfast::wire {

/// Each needs a frame of its type. The views in the packets point into the frame's body.
/// A CONNECT says by itself of which version it is: any other is refused.
[[nodiscard]] Decoded<Connect> parse_connect(const Frame& frame, Version version);
[[nodiscard]] Decoded<Connack> parse_connack(const Frame& frame, Version version);
[[nodiscard]] Decoded<Publish> parse_publish(const Frame& frame, Version version);
/// PUBACK, PUBREC, PUBREL or PUBCOMP.
[[nodiscard]] Decoded<Acknowledgement> parse_acknowledgement(const Frame& frame, Version version);
[[nodiscard]] Decoded<Subscribe> parse_subscribe(const Frame& frame, Version version);
[[nodiscard]] Decoded<Suback> parse_suback(const Frame& frame, Version version);
[[nodiscard]] Decoded<Unsubscribe> parse_unsubscribe(const Frame& frame, Version version);
[[nodiscard]] Decoded<Suback> parse_unsuback(const Frame& frame, Version version);
[[nodiscard]] Decoded<Pingreq> parse_pingreq(const Frame& frame);
[[nodiscard]] Decoded<Pingresp> parse_pingresp(const Frame& frame);
[[nodiscard]] Decoded<Disconnect> parse_disconnect(const Frame& frame, Version version);
/// MQTT 5 alone has it.
[[nodiscard]] Decoded<Auth> parse_auth(const Frame& frame);

}  // namespace holdfast::wire
