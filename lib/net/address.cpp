#include "net/address.hpp"

#include <netdb.h>

#include <array>

namespace holdfast::net {

std::string Address::text() const {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  const int failed = getnameinfo(get(), size, host.data(), host.size(), port.data(), port.size(),
                                 NI_NUMERICHOST | NI_NUMERICSERV);
  if (failed != 0) return "unknown address";
  const std::string name(host.data());
  return (family() == AF_INET6 ? "[" + name + "]" : name) + ":" + port.data();
}

}  // namespace holdfast::net
