#include "net/address.hpp"

#include <netdb.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <system_error>

namespace holdfast::net {

namespace {

std::string path_of(const Address& address) {
  const auto& local = reinterpret_cast<const sockaddr_un&>(address.storage);
  std::string path(local.sun_path, address.size - offsetof(sockaddr_un, sun_path));
  if (!path.empty() && path.front() == '\0') path.front() = '@';
  return path;
}

}  // namespace

Address Address::unix_socket(const std::string& path) {
  Address address;
  auto& local = reinterpret_cast<sockaddr_un&>(address.storage);
  if (path.empty() || path.size() >= sizeof local.sun_path) {
    throw std::system_error(std::make_error_code(std::errc::filename_too_long),
                            "Unix socket \"" + path + "\": a path has 1 to " +
                                std::to_string(sizeof local.sun_path - 1) + " bytes");
  }
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.data(), path.size());
  // The name of an abstract socket is all of its bytes; the zero after it would be one more.
  if (path.front() == '@') local.sun_path[0] = '\0';
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  return address;
}

std::string Address::text() const {
  if (family() == AF_UNIX) return path_of(*this);
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  const int failed = getnameinfo(get(), size, host.data(), host.size(), port.data(), port.size(),
                                 NI_NUMERICHOST | NI_NUMERICSERV);
  if (failed != 0) return "unknown address";
  const std::string name(host.data());
  return (family() == AF_INET6 ? "[" + name + "]" : name) + ":" + port.data();
}

}  // namespace holdfast::net
