// From frames to packets: every rule of the standard that a packet alone can break is checked here; what
// depends on the connection is the session's.
#pragma once

#include "wire/decoded.hpp"
#include "wire/packets.hpp"

namespace holdfast::wire {

/// Each needs a frame of its type. The views in the packets point into the frame's body.
[[nodiscard]] Decoded<Connect> parse_connect(const Frame& frame);
[[nodiscard]] Decoded<Connack> parse_connack(const Frame& frame);
[[nodiscard]] Decoded<Publish> parse_publish(const Frame& frame);
/// PUBACK, PUBREC, PUBREL or PUBCOMP.
[[nodiscard]] Decoded<Acknowledgement> parse_acknowledgement(const Frame& frame);
[[nodiscard]] Decoded<Subscribe> parse_subscribe(const Frame& frame);
[[nodiscard]] Decoded<Suback> parse_suback(const Frame& frame);
[[nodiscard]] Decoded<Unsubscribe> parse_unsubscribe(const Frame& frame);
[[nodiscard]] Decoded<Suback> parse_unsuback(const Frame& frame);
[[nodiscard]] Decoded<Pingreq> parse_pingreq(const Frame& frame);
[[nodiscard]] Decoded<Pingresp> parse_pingresp(const Frame& frame);
[[nodiscard]] Decoded<Disconnect> parse_disconnect(const Frame& frame);
[[nodiscard]] Decoded<Auth> parse_auth(const Frame& frame);

}  // namespace holdfast::wire
