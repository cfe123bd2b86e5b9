#include "net/tls_random.hpp"

#include <mbedtls/entropy.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>

namespace holdfast::net {

int system_random(void* /*unused*/, unsigned char* into, std::size_t size) {
  constexpr std::size_t at_most = 256;  // What getentropy() gives in one call.
  while (size != 0) {
    const std::size_t taken = std::min(size, at_most);
    if (::getentropy(into, taken) != 0) return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
    into += taken;
    size -= taken;
  }
  return 0;
}

}  // namespace holdfast::net
