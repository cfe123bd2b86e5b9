// From packets to bytes. What is encoded must be valid: callers check what users gave them. Each call appends
// one packet.
#pragma once

#include <cstddef>
#include <vector>

#include "wire/packets.hpp"

namespace holdfast::wire {

void encode(const Connect& connect, std::vector<std::byte>& out);
void encode(const Connack& connack, std::vector<std::byte>& out);
void encode(const Publish& publish, std::vector<std::byte>& out);
/// In its shortest form. [MQTT 5, 3.4.2.1]
void encode(const Acknowledgement& acknowledgement, std::vector<std::byte>& out);
void encode(const Subscribe& subscribe, std::vector<std::byte>& out);
void encode(const Suback& suback, std::vector<std::byte>& out);
void encode(const Unsubscribe& unsubscribe, std::vector<std::byte>& out);
void encode(const Pingreq& pingreq, std::vector<std::byte>& out);
void encode(const Pingresp& pingresp, std::vector<std::byte>& out);
void encode(const Disconnect& disconnect, std::vector<std::byte>& out);
void encode(const Auth& auth, std::vector<std::byte>& out);

/// Everything of a PUBLISH but its payload, which the caller sends behind it.
void encode_publish_header(const Publish& publish, std::vector<std::byte>& out);

}  // namespace holdfast::wire
