// holdfast_pub: publishes from the command line. Flags as in mosquitto_pub.
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <holdfast/client.hpp>

#include "command_line.hpp"
#include "connection_options.hpp"
#include "delivery_log.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "line_reader.hpp"
#include "payload_source.hpp"
#include "progress_line.hpp"
#include "property_arguments.hpp"
#include "refuse.hpp"
#include "reporting.hpp"
#include "stop_signal.hpp"
#include "terminal.hpp"
#include "topic_text.hpp"

namespace {

using namespace holdfast;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// How often a wait looks for signals and final refusals.
constexpr auto look_again = 100ms;

struct PubOptions {
  tools::ConnectionOptions connection;
  std::optional<std::string> topic;
  tools::PayloadSource payload;
  bool lines = false;
  bool retain = false;
  unsigned repeat = 1;
  double repeat_delay = 0;
  std::string acknowledgement_log;
  bool drain = false;
};

void add_options(CLI::App& app, PubOptions& options) {
  options.connection.add_to(app);
  app.add_option("-t,--topic", options.topic, "Topic to publish to.");
  options.payload.add_to(app);
  app.add_flag("-l,--stdin-line", options.lines,
               "Send each line of the standard input; waits while disconnected.");
  app.add_flag("-r,--retain", options.retain, "The broker keeps the message as the topic's last value.");
  tools::natural(app.add_option("--repeat", options.repeat, "Send the message so many times (not with -l)."))
      ->capture_default_str();
  tools::real(app.add_option("--repeat-delay", options.repeat_delay, "Seconds between the repeats."))
      ->capture_default_str();
  app.add_option("--ack-log", options.acknowledgement_log,
                 "File that gets the number of each acknowledged message or line, from 1.")
      ->type_name("FILE");
  app.add_flag("--drain", options.drain, "Publish nothing new: send what the --store still holds.");
}

void check(const PubOptions& options) {
  const int sources = options.payload.given() + (options.lines ? 1 : 0);
  if (options.drain) {
    if (options.connection.store_file.empty())
      tools::refuse("--drain needs --store: the file whose messages to send");
    if (sources != 0 || options.topic)
      tools::refuse("--drain publishes nothing new: it goes without -t, -L, -m, -f, -l, -s and -n");
    return;
  }
  if (!options.topic) tools::refuse("-t is missing: give the topic to publish to");
  tools::check_characters("-t", *options.topic);
  if (sources != 1) tools::refuse("give exactly one of -m, -f, -l, -s and -n");
  if (options.repeat == 0) tools::refuse("--repeat 0: at least 1");
  if (!(options.repeat_delay >= 0 && options.repeat_delay <= 1e9)) {
    tools::refuse("--repeat-delay: 0 or more seconds");
  }
}

/// Publishes and follows what was published.
class Publisher {
 public:
  Publisher(const PubOptions& options, Client& client)
      : options_(options),
        client_(client),
        log_(options.acknowledgement_log, events_to(options.connection)),
        progress_(client, is_shown(options)) {
    publish_options_.qos = tools::parse_qos("-q", options.connection.qos);
    publish_options_.retain = options.retain;
    tools::apply_publish_properties(options.connection.properties, publish_options_);
  }

  void connect() {
    if (options_.connection.store_file.empty() || options_.drain) {
      client_.connect();
    } else {
      begin_connecting();
    }
    if (!tools::has_properties(client_))
      publish_options_ = {.qos = publish_options_.qos, .retain = publish_options_.retain};
    if (const auto error = tools::take_events(client_, options_.connection)) throw *error;
    stop_.emplace();  // Before, a signal ends the process: there is nobody to say goodbye to.
  }

  /// False once a signal came.
  bool publish(std::string_view payload) {
    for (;;) {
      if (auto delivery = client_.try_publish(*options_.topic, payload, publish_options_)) {
        log_.add(std::move(*delivery));
        progress_.tick();
        return true;
      }
      if (!wait(look_again)) return false;  // The outbox is full: what is in it goes first.
    }
  }

  /// Waits for the oldest message; false once a signal came. Throws when the client has given up.
  bool wait(std::chrono::milliseconds patience) {
    log_.wait(patience);
    progress_.tick();
    if (const auto error = tools::take_events(client_, options_.connection)) throw *error;
    return !stop_->requested();
  }

  /// What the options say; false once a signal came.
  bool publish_all(std::string_view payload) {
    if (options_.drain) return true;
    return options_.lines ? publish_lines() : publish_repeatedly(payload);
  }

  bool publish_lines() {
    tools::LineReader lines(STDIN_FILENO);
    for (;;) {
      bool going_on = true;
      const auto result =
          lines.read(stop_->descriptor(), static_cast<int>(look_again.count()), [&](std::string_view line) {
            if (going_on && !refused_line_) going_on = publish_line(line);
          });
      log_.harvest();
      progress_.tick();
      if (const auto error = tools::take_events(client_, options_.connection)) throw *error;
      if (!going_on || result == tools::LineReader::Result::interrupted) return false;
      if (result == tools::LineReader::Result::end || refused_line_) return true;
    }
  }

  bool publish_repeatedly(std::string_view payload) {
    const auto delay =
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.repeat_delay));
    auto next = Clock::now();
    for (unsigned i = 0; i < options_.repeat; ++i) {
      if (i != 0 && !pause_until(next += delay)) return false;
      if (!publish(payload)) return false;
    }
    return true;
  }

  /// Whether everything has ended, in spite of signals.
  bool finish() {
    while (!log_.all_ended()) {
      if (!wait(look_again) && !log_.all_ended()) return false;
    }
    // With a store there may be more than our own.
    bool ended = false;
    while (!ended) {
      ended = client_.flush(look_again);
      tell_acknowledged_of_earlier_runs();
      if (!ended && !wait(0ms)) return client_.flush(0ms);
    }
    return true;
  }

  void clear_progress() { progress_.clear(); }
  [[nodiscard]] const tools::DeliveryLog& log() const noexcept { return log_; }
  [[nodiscard]] bool stores() const noexcept { return !options_.connection.store_file.empty(); }
  /// Why the reading of lines ended early: one that the broker cannot take. Those before it went out.
  [[nodiscard]] const std::optional<Error>& refused_line() const noexcept { return refused_line_; }

 private:
  static std::function<void(std::uint64_t, const DeliveryResult&)> events_to(
      const tools::ConnectionOptions& options) {
    if (!options.events) return nullptr;
    return [&options](std::uint64_t number, const DeliveryResult& result) {
      tools::write_event(tools::to_json_line(number, result), options);
    };
  }

  // Not where something else stands in its place: what is written while it publishes, or what is being typed.
  static bool is_shown(const PubOptions& options) {
    const bool typed = options.lines && ::isatty(STDIN_FILENO) == 1;
    return !typed && !options.connection.without_progress() && tools::errors_on_terminal();
  }

  // No Delivery follows them: they are known by the counters, once all of our own have ended.
  void tell_acknowledged_of_earlier_runs() {
    const std::uint64_t acknowledged = client_.statistics().acknowledged;
    const std::uint64_t theirs = acknowledged - std::min(acknowledged, log_.acknowledged());
    if (theirs == told_of_earlier_runs_) return;
    tools::write_event(tools::acknowledged_of_earlier_runs(theirs - told_of_earlier_runs_),
                       options_.connection);
    told_of_earlier_runs_ = theirs;
  }

  // The store takes what there is to publish, broker there or not. A refusal for good comes as an event.
  void begin_connecting() {
    try {
      client_.connect(1ms);
    } catch (const Error&) {
    }
  }

  // False once a signal came.
  bool publish_line(std::string_view line) {
    ++line_number_;
    try {
      return publish(line);
    } catch (const Error& error) {
      if (error.code() != Errc::packet_too_large) throw;
      refused_line_ = Error(error.code(), "line " + std::to_string(line_number_) + ": " + error.what());
      return true;
    }
  }

  // False once a signal came.
  bool pause_until(Clock::time_point when) {
    while (Clock::now() < when) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - Clock::now());
      if (stop_->wait(std::min<std::chrono::milliseconds>(left, look_again)) || !wait(0ms)) return false;
    }
    return true;
  }

  const PubOptions& options_;
  Client& client_;
  std::optional<tools::StopSignal> stop_;
  tools::DeliveryLog log_;
  tools::ProgressLine progress_;
  std::uint64_t line_number_ = 0;
  std::uint64_t told_of_earlier_runs_ = 0;
  std::optional<Error> refused_line_;
  PublishOptions publish_options_;
};

int report(const Publisher& publisher, bool complete, const Statistics& statistics, bool debug) {
  const tools::DeliveryLog& log = publisher.log();
  if (debug && log.without_subscribers() != 0) {
    tools::complain("holdfast_pub", std::to_string(log.without_subscribers()) + " of " +
                                        std::to_string(log.ended()) +
                                        " messages arrived, and nobody had "
                                        "subscribed to them: " +
                                        std::string(to_string(ReasonCode::no_matching_subscribers)));
  }
  if (!complete) {
    const std::size_t left = statistics.outbox_messages;
    tools::complain("holdfast_pub",
                    left == 0 ? "stopped before all was published: what was is delivered"
                              : "stopped with " + std::to_string(left) + " messages not acknowledged" +
                                    (publisher.stores() ? ": the store keeps them, see --drain" : ""));
    return tools::exit_failure;
  }
  if (statistics.failed > log.failed()) {
    tools::complain("holdfast_pub", std::to_string(statistics.failed - log.failed()) +
                                        " messages of an earlier run not delivered: see --events");
    return tools::exit_failure;
  }
  std::string why = publisher.refused_line() ? publisher.refused_line()->what() : "";
  int status = publisher.refused_line() ? tools::exit_failure : tools::exit_success;
  if (const auto& first = log.first_failure()) {
    if (!why.empty()) why += "; ";
    why += std::to_string(log.failed()) + " of " + std::to_string(log.ended()) +
           " messages not delivered: " + first->error.message();
    if (is_error(first->reason_code)) why += ": " + std::string(to_string(first->reason_code));
    if (!first->reason_string.empty()) why += " (" + first->reason_string + ")";
    status = is_error(first->reason_code) ? static_cast<int>(first->reason_code) : tools::exit_failure;
  }
  if (!why.empty()) tools::complain("holdfast_pub", why);
  return status;
}

int pub_main(int argc, char** argv) {
  PubOptions options;
  CLI::App app("Publishes messages to an MQTT 5 broker and waits until they are acknowledged.",
               "holdfast_pub");
  add_options(app, options);
  if (const auto status = tools::parse(app, options.connection, argc, argv)) return *status;
  if (const auto& topic = options.connection.server.topic_of_url) options.topic = topic;
  check(options);
  const std::string payload = options.lines || options.drain ? "" : options.payload.read();
  Options client_options = options.connection.to_options(Start::resume);
  client_options.retry_first_connect = client_options.store && !options.drain;
  Client client(client_options);
  tools::LastWords last_words(client, options.connection);
  if (options.drain && client.statistics().outbox_messages == 0) return tools::exit_success;
  const DisconnectOptions goodbye = tools::disconnect_options(options.connection.properties, client_options);
  Publisher publisher(options, client);
  publisher.connect();
  const bool complete = publisher.publish_all(payload) && publisher.finish();
  publisher.clear_progress();
  tools::disconnect(client, goodbye);
  last_words.say();
  return report(publisher, complete, client.statistics(), options.connection.debug);
}

}  // namespace

int main(int argc, char** argv) {
  const int status = holdfast::tools::run_tool("holdfast_pub", pub_main, argc, argv);
  if (status != holdfast::tools::exit_success) holdfast::tools::end_by_stop_signal();
  return status;
}
