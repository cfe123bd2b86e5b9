// The options that say where the broker is and which way leads to it, which holdfast_pub and holdfast_sub
// share. Named as in mosquitto_pub and mosquitto_sub.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/options.hpp>

#include "tls_options.hpp"

namespace holdfast::tools {

struct ServerOptions {
  std::vector<std::string> hosts;
  std::optional<int> port;
  std::vector<std::string> urls;
  std::string unix_socket;
  bool cluster = false;
  bool shuffle = false;
  bool websocket = false;
  std::string websocket_path;
  std::vector<std::string> websocket_headers;
  std::string proxy;
  bool proxy_from_environment = false;
  std::string bind_address;

  /// Adds them all to the command line.
  void add_to(CLI::App& app);
  /// The topic in the URLs of -L, if there are any. Throws Error (Errc::invalid_argument).
  [[nodiscard]] std::optional<std::string> topic_of_urls() const;
  /// Sets servers, their group and order, the proxy and so on. Throws Error (Errc::invalid_argument) for what
  /// contradicts itself or the options for TLS.
  void apply(Options& options, const TlsOptions& tls) const;
};

}  // namespace holdfast::tools
