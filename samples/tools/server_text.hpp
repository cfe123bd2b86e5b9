// How users write where the broker is: hosts, ports, URLs and lists of them, taken apart.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace holdfast::tools {

/// In lower case, with its "://"; empty without one. (All else of a URL may hold a password: no message has
/// it.)
[[nodiscard]] std::string scheme_of(const std::string& server);
[[nodiscard]] bool is_secure(const std::string& server);
[[nodiscard]] bool is_websocket(const std::string& server);

/// What stands between the commas. Within a whole URL a comma may be part of a password: what follows on one
/// has a scheme of its own.
[[nodiscard]] std::vector<std::string> servers_in(const std::string& list);

/// In `host[:port]`: the port, as it is written; empty without one. An IPv6 address may stand without
/// brackets where no port follows.
[[nodiscard]] std::string port_in(const std::string& host);
/// An IPv6 address gets the brackets that a URL wants.
[[nodiscard]] std::string in_brackets(const std::string& host);
/// Of a list: hosts without a port get this one.
[[nodiscard]] std::string with_port(const std::string& list, const std::string& port);
/// Throws Error (Errc::invalid_argument) for what cannot be a list of -h, and shows nothing of it.
void check_hosts(const std::string& list);

/// A URL of -L: SCHEME [USER[:PASSWORD]@] HOSTS / TOPIC. As for mosquitto's tools nothing in it is encoded: a
/// % is a %.
struct LocatedTopic {
  std::string scheme;
  std::optional<std::string> user;
  std::optional<std::string> password;
  std::string hosts;  ///< One, or a list.
  std::string topic;

  /// Throws Error (Errc::invalid_argument) for what is no such URL.
  [[nodiscard]] static LocatedTopic parse(const std::string& url);
  /// The port stays for those that have none of their own.
  void change_hosts(const std::string& list);
  void change_port(int port);
};

}  // namespace holdfast::tools
