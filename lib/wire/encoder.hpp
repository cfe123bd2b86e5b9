// From packets to bytes. What is encoded must be valid: callers check what users gave them. Each call appends
// one packet. What a packet has and its version has not (properties, reason codes) does not go out: callers
// see to it before.
#pragma once

#include <cstddef>
#include <vector>

#include "wire/packets.hpp"
#include "wire/version.hpp"

namespace holdfast::wire {

void encode(const Connect& connect, Version version, std::vector<std::byte>& out);
void encode(const Connack& connack, Version version, std::vector<std::byte>& out);
void encode(const Publish& publish, Version version, std::vector<std::byte>& out);
/// In its shortest form. [MQTT 5, 3.4.2.1]
void encode(const Acknowledgement& acknowledgement, Version version, std::vector<std::byte>& out);
void encode(const Subscribe& subscribe, Version version, std::vector<std::byte>& out);
void encode(const Suback& suback, Version version, std::vector<std::byte>& out);
void encode(const Unsubscribe& unsubscribe, Version version, std::vector<std::byte>& out);
void encode(const Pingreq& pingreq, std::vector<std::byte>& out);
void encode(const Pingresp& pingresp, std::vector<std::byte>& out);
void encode(const Disconnect& disconnect, Version version, std::vector<std::byte>& out);
/// MQTT 5 alone has it.
void encode(const Auth& auth, std::vector<std::byte>& out);

/// Everything of a PUBLISH but its payload, which the caller sends behind it.
void encode_publish_header(const Publish& publish, Version version, std::vector<std::byte>& out);

}  // namespace holdfast::wire
