// The options that say where the broker is and which way leads to it, which holdfast_pub and holdfast_sub
// share. Named as in mosquitto_pub and mosquitto_sub.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/options.hpp>

#include "server_text.hpp"
#include "tls_options.hpp"

namespace holdfast::tools {

struct ServerOptions {
  std::optional<std::string> host;
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

  // What keep_last() makes of them.
  std::optional<LocatedTopic> located;      ///< The last URL of -L with what came after it.
  std::optional<std::string> topic_of_url;  ///< Of the last -L; none where a -t came after it.
  std::vector<std::string> topics_of_urls;  ///< Of every -L.

  /// Adds them all to the command line.
  void add_to(CLI::App& app);
  /// Of options that say the same (-h, -p, -L and --unix) the last counts, as for mosquitto's tools: what
  /// comes after -L changes its URL. To be called once the command line is parsed. Throws Error
  /// (Errc::invalid_argument).
  void keep_last(const CLI::App& app);
  /// Sets servers, their group and order, the proxy and so on. Throws Error (Errc::invalid_argument) for what
  /// contradicts itself or the options for TLS.
  void apply(Options& options, const TlsOptions& tls) const;

 private:
  void locate(const CLI::App& app);
};

}  // namespace holdfast::tools
