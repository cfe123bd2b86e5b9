// A socket address.
#pragma once

#include <sys/socket.h>

#include <string>

namespace holdfast::net {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const noexcept { return storage.ss_family; }
  /// `127.0.0.1:1883`, `[::1]:1883`.
  [[nodiscard]] std::string text() const;
};

}  // namespace holdfast::net
