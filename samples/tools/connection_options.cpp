#include "connection_options.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <memory>
#include <system_error>

#include <holdfast/error.hpp>
#include <holdfast/store.hpp>

#include "client_id.hpp"
#include "command_line.hpp"
#include "configuration_file.hpp"
#include "property_arguments.hpp"
#include "refuse.hpp"
#include "reporting.hpp"
#include "secret_file.hpp"
#include "terminal.hpp"
#include "tool_logger.hpp"
#include "topic_text.hpp"

namespace holdfast::tools {

namespace {

// As for mosquitto's tools --quiet counts for mistakes and warnings alone.
std::shared_ptr<spdlog::logger> logger_of(const ConnectionOptions& options) {
  PacketLines lines = PacketLines::none;
  if (options.debug) {
    lines = options.tell_subscriptions ? PacketLines::packets_and_subscriptions : PacketLines::packets;
  }
  if (options.quiet) return make_logger(lines, Warnings::none);
  return make_logger(lines, options.debug ? Warnings::all : Warnings::warnings);
}

std::optional<std::chrono::seconds> expiry_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  if (*text == "-1" || *text == "∞") return never_expires;
  try {
    return parse_seconds("-x", *text);
  } catch (const Error& error) {
    refuse(std::string(error.what()) + ", or -1 for ever");
  }
}

Protocol protocol_of(const std::string& version) {
  if (version == "mqttv5" || version == "5") return Protocol::mqtt_5;
  if (version == "mqttv311" || version == "311") return Protocol::mqtt_3_1_1;
  // Brokers that know MQTT 3.1 know 3.1.1, too.
  if (version == "mqttv31" || version == "31") return Protocol::mqtt_3_1_1;
  if (version == "auto") return Protocol::automatic;
  refuse("-V " + version + ": must be mqttv5, mqttv311 or auto");
}

std::optional<Will> will_of(const ConnectionOptions& options) {
  if (!options.will_topic) {
    const bool parts = !options.will_payload.empty() || options.will_retain;
    if (parts) refuse("--will-payload and --will-retain need --will-topic");
    return std::nullopt;
  }
  Will will;
  check_characters("--will-topic", *options.will_topic);
  will.topic = *options.will_topic;
  will.payload = options.will_payload;
  will.qos = parse_qos("--will-qos", options.will_qos);
  will.retain = options.will_retain;
  return will;
}

ReconnectOptions reconnect_of(double delay_max) {
  if (!(delay_max >= 0.001 && delay_max <= 86'400)) {
    refuse("--reconnect-delay-max: must be a number of seconds from 0.001 to 86400");
  }
  ReconnectOptions reconnect;
  reconnect.max_delay =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::duration<double>(delay_max));
  reconnect.min_delay = std::min(reconnect.min_delay, reconnect.max_delay);
  return reconnect;
}

std::optional<std::string> password_of(const ConnectionOptions& options) {
  const bool several = (options.password ? 1 : 0) + (options.password_file.empty() ? 0 : 1) +
                           (options.password_variable.empty() ? 0 : 1) + (options.password_prompt ? 1 : 0) >
                       1;
  if (several) refuse("-P, --pw-file, --pw-env and --pw-prompt exclude each other: give one");
  if (options.password_prompt) return ask_secret("--pw-prompt", "Password: ");
  if (!options.password_file.empty()) return first_line_of("--pw-file", options.password_file);
  if (!options.password_variable.empty()) return environment("--pw-env", options.password_variable);
  return options.password;
}

std::uint16_t in_flight_max_of(unsigned messages) {
  constexpr unsigned most = 65535;  // More cannot be in flight: mosquitto's tools take any number.
  if (messages == 0) refuse("-M 0: at least one message has to be in flight");
  return static_cast<std::uint16_t>(std::min(messages, most));
}

bool same_file(const std::string& one, const std::string& other) {
  std::error_code ignored;
  return std::filesystem::weakly_canonical(one, ignored) == std::filesystem::weakly_canonical(other, ignored);
}

void take_the_last_of_each(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() == 1) option->take_last();
  }
}

}  // namespace

void ConnectionOptions::add_to(CLI::App& app) {
  add_help_and_version(app);
  server.add_to(app);
  app.add_option("-i,--id", client_id,
                 "Client id. Default: holdfast_, the process number, and something random.");
  app.add_option("-I,--id-prefix", client_id_prefix, "Client id made of this and the process number.");
  app.add_option("-u,--username", user_name, "User name.");
  app.add_option("-P,--pw", password, "Password. Other users can see it: better --pw-file.");
  app.add_option("--pw-file", password_file, "File whose first line is the password.")->type_name("FILE");
  app.add_option("--pw-env", password_variable, "Environment variable that holds the password.")
      ->type_name("NAME");
  app.add_flag("--pw-prompt", password_prompt, "Ask for the password on the terminal.");
  decimal(app.add_option("-k,--keepalive", keep_alive, "Keep-alive in seconds, 0 to 65535."))
      ->capture_default_str()
      ->type_name("SECONDS");
  app.add_option(
         "-V,--protocol-version", protocol,
         "Protocol version: mqttv5, mqttv311, or auto: mqttv5, and mqttv311 with a broker that refuses it.")
      ->capture_default_str()
      ->type_name("auto|mqttv5|mqttv311|mqttv31");
  app.add_flag("-c,--disable-clean-session", keep_session,
               "Keep the session, for ever without -x and --store: resume it. Needs -i.");
  app.add_option(
         "-x,--session-expiry-interval", session_expiry,
         "Seconds that the broker keeps the session after the connection; -1 or 4294967295: for ever.")
      ->type_name("SECONDS");
  app.add_option("--store", store_file,
                 "File that keeps the session and what is not acknowledged beyond the process; needs -i. "
                 "-x is a day then, if not given.")
      ->type_name("FILE");
  decimal(app.add_option("-q,--qos", qos, "QoS: 0, 1 or 2."))->capture_default_str()->type_name("0|1|2");
  decimal(app.add_option(
              "-M", in_flight_max,
              "How many QoS 1 and 2 messages may be in flight, if the broker takes so many: more make a long "
              "way fast."))
      ->capture_default_str()
      ->type_name("NUMBER");
  app.add_option(
      "-D,--property", [](const auto&) { return true; },
      "COMMAND PROPERTY VALUE: adds a property of MQTT 5; which there are is in the manual page, under "
      "PROPERTIES.");
  real(app.add_option(
           "--reconnect-delay-max", reconnect_delay_max,
           "Longest delay between attempts to reconnect, in seconds; the real one is random below that."))
      ->capture_default_str()
      ->type_name("SECONDS");
  app.add_option("--options-file", options_file,
                 "File with options, one a line, such as those that hold a secret: instead of the one in "
                 "~/.config.")
      ->type_name("FILE");
  app.add_flag("-d,--debug", debug, "Print a line for each packet, and say on stderr what else happens.");
  app.add_flag("--quiet", quiet, "No error messages and no warnings.");
  app.add_flag("--events", events, "Write connects, losses and the like as JSON lines to stderr.");
  app.add_flag("--stats", statistics, "Write statistics as a JSON line to stderr at the end.");
  app.add_option("--trace", trace_file,
                 "File to which a JSON line is appended for each packet and more; see holdfast_trace. "
                 "User names, passwords and authentication data are masked; of payloads the first 64 bytes "
                 "are shown.")
      ->type_name("FILE");
  natural(
      app.add_option(
          "--trace-bytes-max", trace_bytes_max,
          "How large the file of --trace may become, 131072 bytes at least: then it is renamed to FILE.1, "
          "and a new one goes on. Default: any size."))
      ->type_name("BYTES");
  tls.add_to(app);
  app.add_option("--will-topic", will_topic, "Topic of the will: published by the broker if we vanish.");
  app.add_option("--will-payload", will_payload, "Payload of the will.");
  decimal(app.add_option("--will-qos", will_qos, "QoS of the will: 0, 1 or 2."))
      ->capture_default_str()
      ->type_name("0|1|2");
  app.add_flag("--will-retain", will_retain, "The broker keeps the will as its topic's last value.");
}

void ConnectionOptions::keep_last(const CLI::App& app) {
  server.keep_last(app);
  if (server.host && !scheme_of(*server.host).empty()) return;  // It has its own user, or none.
  const auto urls = places_of(app, "-L");
  const auto comes_later = [&app](const char* option, std::size_t place) {
    const auto places = places_of(app, option);
    return !places.empty() && places.back() > place;
  };
  for (std::size_t i = 0; i < urls.size(); ++i) {
    const LocatedTopic url = LocatedTopic::parse(server.urls[i]);
    if (url.user && !comes_later("-u", urls[i])) user_name = url.user;
    if (!url.password) continue;
    if (!comes_later("--pw-file", urls[i])) password_file.clear();
    if (!comes_later("--pw-env", urls[i])) password_variable.clear();
    if (!comes_later("--pw-prompt", urls[i])) password_prompt = false;
    if (comes_later("-P", urls[i])) continue;
    const bool elsewhere = !password_file.empty() || !password_variable.empty() || password_prompt;
    password = elsewhere ? std::nullopt : url.password;
  }
}

Options ConnectionOptions::to_options(Start start_of_kept_session) const {
  if (keep_session && client_id.empty()) refuse("-c needs -i: a session is found again by its client id");
  if (!store_file.empty() && client_id.empty()) {
    refuse("--store needs -i: a session is found again by its client id");
  }
  if (!trace_file.empty() && same_file(trace_file, store_file))
    refuse("--trace and --store name the same file: give each its own");
  if (!client_id.empty() && !client_id_prefix.empty()) refuse("-i and -I exclude each other: give one");
  if (keep_alive < 0 || keep_alive > 65535) {
    refuse("-k " + std::to_string(keep_alive) + ": must be a number of seconds from 0 (off) to 65535");
  }
  Options options;
  options.protocol = protocol_of(protocol);
  if (options.protocol == Protocol::mqtt_3_1_1) use_return_codes();
  server.apply(options, tls);
  const std::string process = std::to_string(::getpid());
  // 23 characters at most, which every broker takes.
  options.client_id = !client_id.empty()          ? client_id
                      : !client_id_prefix.empty() ? client_id_prefix + process
                                                  : "holdfast_" + process + random_part();
  options.user_name = user_name;
  options.password = password_of(*this);
  options.keep_alive = std::chrono::seconds(keep_alive);
  options.start = keep_session ? start_of_kept_session : Start::clean;
  options.session_expiry = expiry_of(session_expiry);
  if (!store_file.empty()) {
    options.store = sqlite_store(store_file);
    options.start = Start::automatic;
    options.qos0_offline = Qos0Offline::store;
    if (!options.session_expiry) options.session_expiry = std::chrono::hours(24);
  }
  options.reconnect = reconnect_of(reconnect_delay_max);
  options.will = will_of(*this);
  options.trace = trace_file;
  options.trace_bytes_max = trace_bytes_max;
  options.logger = logger_of(*this);
  options.in_flight_max = in_flight_max_of(in_flight_max);
  if (options.protocol != Protocol::mqtt_3_1_1) apply_connect_properties(properties, options);
  // -c says it all, as for mosquitto_sub.
  if (keep_session && !options.session_expiry && !options.connect_properties.session_expiry_interval)
    options.session_expiry = never_expires;
  return options;
}

std::chrono::seconds parse_seconds(const std::string& name, const std::string& text) {
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) {
    refuse(name + " " + text + ": must be a number of seconds from 0 to 4294967295");
  }
  return std::chrono::seconds(seconds);
}

QoS parse_qos(const std::string& name, int qos) {
  if (qos < 0 || qos > 2) refuse(name + " " + std::to_string(qos) + ": must be 0, 1 or 2");
  return static_cast<QoS>(qos);
}

std::optional<int> parse(CLI::App& app, ConnectionOptions& options, int argc, const char* const* argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  options.properties = take_properties(arguments);
  take_the_last_of_each(app);
  if (const auto status = parse(app, arguments, options.help_status)) return status;
  const auto file = options.options_file.empty() ? ConfigurationFile::of_tool(app.get_name())
                                                 : ConfigurationFile(options.options_file);
  if (file) {
    try {
      std::vector<std::string> defaults = file->defaults_for(app);
      std::vector<PropertyArgument> properties = take_properties(defaults);
      options.properties.insert(options.properties.begin(), properties.begin(), properties.end());
      defaults.insert(defaults.end(), arguments.begin(), arguments.end());
      if (const auto status = parse(app, defaults, options.help_status)) return status;
    } catch (const Error& error) {  // The command line itself was right.
      refuse(file->path().string() + ": " + error.what());
    }
  }
  options.keep_last(app);
  if (options.quiet) be_quiet();
  return std::nullopt;
}

}  // namespace holdfast::tools
