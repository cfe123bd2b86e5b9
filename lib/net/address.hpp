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
  /// Of a Unix domain socket: a path, or @ and a name (Linux). Throws std::system_error if it is too long.
  [[nodiscard]] static Address unix_socket(const std::string& path);
  /// `127.0.0.1:1883`, `[::1]:1883`, `/run/mqtt.sock`, `@mqtt`.
  [[nodiscard]] std::string text() const;
};

}  // namespace holdfast::net
