// Random bytes for mbedTLS: the system's, so that no generator of ours has a state that threads or a fork()
// could share.
#pragma once

#include <cstddef>

namespace holdfast::net {

/// As mbedTLS wants it: 0, or negative if the system has none to give.
int system_random(void* unused, unsigned char* into, std::size_t size);

}  // namespace holdfast::net
