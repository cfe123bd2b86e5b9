// The options for TLS, which holdfast_pub and holdfast_sub share. Named as in mosquitto_pub and
// mosquitto_sub.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/tls.hpp>

namespace holdfast::tools {

struct TlsOptions {
  std::string ca_file;
  std::string ca_directory;
  bool system_certificates = false;
  std::string certificate_file;
  std::string key_file;
  std::string key_password_file;
  bool insecure = false;
  std::string version;
  std::vector<std::string> alpn;
  std::string ciphers;
  std::string key_log_file;
  std::optional<std::string> psk;
  std::string psk_identity;

  /// Adds them all to the command line.
  void add_to(CLI::App& app);
  /// The name of an option that was given and that asks for TLS, even of a server that was named without a
  /// scheme; empty without one.
  [[nodiscard]] std::string asking() const;
  /// The name of an option that was given and that does nothing without TLS, nor asks for it; empty without
  /// one.
  [[nodiscard]] std::string needing() const;
  /// What the library needs; throws Error (Errc::invalid_argument) for what contradicts itself.
  [[nodiscard]] TlsSettings to_settings() const;
  /// Throws Error (Errc::invalid_argument) for a file that cannot be read.
  void check_files() const;
};

}  // namespace holdfast::tools
