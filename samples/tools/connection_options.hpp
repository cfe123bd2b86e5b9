// The options that holdfast_pub and holdfast_sub share: where to connect and as whom. Named as in
// mosquitto_pub and mosquitto_sub.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/options.hpp>

#include "exit_code.hpp"
#include "server_options.hpp"
#include "tls_options.hpp"

namespace holdfast::tools {

/// One `-D COMMAND PROPERTY VALUE [VALUE]`.
struct PropertyArgument {
  std::string command;
  std::string name;
  std::string value;
  std::string second_value;  ///< Of user-property.
};

struct ConnectionOptions {
  ServerOptions server;
  TlsOptions tls;
  std::string client_id;
  std::string client_id_prefix;
  std::optional<std::string> user_name;
  std::optional<std::string> password;
  std::string password_file;
  std::string password_variable;
  bool password_prompt = false;
  long long keep_alive = 60;
  std::string protocol = "auto";
  bool keep_session = false;
  std::optional<std::string> session_expiry;
  std::string store_file;
  double reconnect_delay_max = 60;
  bool debug = false;
  bool quiet = false;
  bool events = false;
  bool statistics = false;
  std::string trace_file;
  std::string options_file;
  std::uint64_t trace_bytes_max = 0;
  int qos = 0;
  unsigned in_flight_max = 20;
  std::optional<std::string> will_topic;
  std::string will_payload;
  int will_qos = 0;
  bool will_retain = false;
  std::vector<PropertyArgument> properties;
  /// Whether -d tells what the broker granted, as mosquitto_sub's does.
  bool tell_subscriptions = false;
  /// Exit status after --help and --version: mosquitto's.
  int help_status = exit_failure;

  /// Adds them all to the command line.
  void add_to(CLI::App& app);
  /// Of options that say the same the last counts, as for ServerOptions::keep_last(): -L says -u and -P, too,
  /// where it has them.
  void keep_last(const CLI::App& app);
  /// Whether a line that shows how it goes is not wanted, or would stand among others.
  [[nodiscard]] bool without_progress() const { return events || quiet || debug; }
  /// What the library needs; throws Error (Errc::invalid_argument) for what contradicts itself.
  [[nodiscard]] Options to_options(Start start_of_kept_session) const;
};

/// Takes the `-D` arguments out of the command line: how many values follow depends on the property, which no
/// parser of options knows. Throws Error (Errc::invalid_argument).
[[nodiscard]] std::vector<PropertyArgument> take_properties(std::vector<std::string>& arguments);

/// Parses the command line, `-D` arguments included, as parse() in command_line.hpp, and the user's
/// configuration file. Of an option given more than once the last counts, as for mosquitto's tools.
[[nodiscard]] std::optional<int> parse(CLI::App& app, ConnectionOptions& options, int argc,
                                       const char* const* argv);

/// A whole number of seconds for a property; throws Error naming it.
[[nodiscard]] std::chrono::seconds parse_seconds(const std::string& name, const std::string& text);
[[nodiscard]] QoS parse_qos(const std::string& name, int qos);

}  // namespace holdfast::tools
