#include "net/resolver.hpp"

#include <netdb.h>

#include <cstring>
#include <memory>

namespace holdfast::net {

namespace {

class ResolverCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "resolver"; }
  [[nodiscard]] std::string message(int value) const override { return gai_strerror(value); }
};

}  // namespace

const std::error_category& resolver_category() noexcept {
  static const ResolverCategory category;
  return category;
}

std::vector<Address> resolve(const std::string& host, std::uint16_t port) {
  // No AI_ADDRCONFIG: it hides loopback addresses from a machine without a network.
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  // Loopback, whatever a name server says, and where none and no /etc/hosts is there. [RFC 6761, 6.3]
  const char* name = host == "localhost" ? nullptr : host.c_str();
  const int failed = getaddrinfo(name, std::to_string(port).c_str(), &hints, &list);
  if (failed != 0) throw std::system_error(failed, resolver_category(), "host \"" + host + "\"");
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, &freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    Address address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    addresses.push_back(address);
  }
  return addresses;
}

}  // namespace holdfast::net
