// Real proxies, each on a port of its own: tinyproxy for HTTP CONNECT, microsocks for SOCKS5.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/child_process.hpp"
#include "support/temporary_directory.hpp"

namespace holdfast::support {

struct ProxyConfig {
  /// User name and password that it wants.
  std::optional<std::pair<std::string, std::string>> log_in = {};
  /// The only port to which tinyproxy connects. Default: all.
  std::optional<std::uint16_t> connect_port = {};
};

/// One thread at a time. The program is ended with the object.
class Proxy {
 public:
  /// Whether the program is there.
  [[nodiscard]] static bool installed(const char* program);
  static constexpr const char* tinyproxy = "/usr/bin/tinyproxy";
  static constexpr const char* microsocks = "/usr/bin/microsocks";

  /// Starts it and waits until it accepts connections. Throws std::runtime_error with its log if it does not.
  explicit Proxy(const char* program, ProxyConfig config = {});

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// As Options::proxy wants it, with these credentials.
  [[nodiscard]] std::string url(const std::string& credentials = "") const;
  [[nodiscard]] std::string log() const;
  /// Ends it: its connections are closed, and new ones to its port are refused.
  void end();
  /// On the same port.
  void restart();

 private:
  [[nodiscard]] std::vector<std::string> command() const;
  void write_configuration() const;
  [[nodiscard]] bool start();

  const std::string program_;
  const ProxyConfig config_;
  TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace holdfast::support
