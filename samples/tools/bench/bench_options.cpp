#include "bench_options.hpp"

#include <charconv>
#include <type_traits>
#include <vector>

#include <holdfast/topic.hpp>

#include "command_line.hpp"
#include "refuse.hpp"
#include "stamp.hpp"
#include "topic_pattern.hpp"

namespace holdfast::tools {

namespace {

constexpr std::size_t clients_max = 1'000'000;
constexpr std::size_t payload_max = 268'435'455;  // The largest packet of MQTT.
constexpr double rate_max = 10'000'000;
constexpr double seconds_max = 1e9;

// Of what all tools have.
void leave_out(CLI::App& app, const std::string& names, const std::string& why) {
  const std::string name = names.substr(0, names.find(','));
  app.remove_option(app.get_option(name));
  app.add_option_function<std::vector<std::string>>(
         names, [name, why](const auto&) { refuse(name + " is not for holdfast_bench: " + why); })
      ->expected(0, 1)
      ->group("");
}

void check_number(const std::string& name, std::size_t number, std::size_t smallest, std::size_t largest) {
  if (number >= smallest && number <= largest) return;
  refuse(name + " " + std::to_string(number) + ": must be from " + std::to_string(smallest) + " to " +
         std::to_string(largest));
}

void check_real(const std::string& name, double number, double largest, const std::string& what) {
  if (number >= 0 && number <= largest) return;
  refuse(name + ": must be " + what + " from 0 to " + std::to_string(static_cast<long long>(largest)));
}

// "BYTES" or "SMALLEST-LARGEST".
void parse_size(const std::string& text, std::size_t& smallest, std::size_t& largest) {
  const char* const end = text.data() + text.size();
  auto result = std::from_chars(text.data(), end, smallest);
  largest = smallest;
  if (result.ec == std::errc() && result.ptr != end && *result.ptr == '-')
    result = std::from_chars(result.ptr + 1, end, largest);
  if (result.ec == std::errc() && result.ptr == end && smallest >= stamp_size && largest >= smallest &&
      largest <= payload_max)
    return;
  refuse("--size " + text + ": must be BYTES or SMALLEST-LARGEST, from " + std::to_string(stamp_size) +
         ", which number and time of the message take, to " + std::to_string(payload_max));
}

void check_topics(const BenchOptions& options) {
  const std::string name = expand(options.topic, 0, "id", 0);
  if (!is_valid_topic_name(name)) {
    refuse("-t \"" + options.topic + "\": not a topic name: it must be UTF-8 and not empty, without + and #");
  }
  if (options.topics > 1 && options.topic.find("%n") == std::string::npos)
    refuse("--topics needs %n in -t: where the number of the topic goes");
  if (!is_valid_topic_filter(expand(options.filter, 0, "id", 0))) {
    refuse("--filter \"" + options.filter +
           "\": not a topic filter: it must be UTF-8 and not empty, + must fill a level, and # must be the "
           "last level");
  }
}

}  // namespace

void BenchOptions::add_to(CLI::App& app) {
  // mosquitto has no such tool, whose defaults would be meant.
  connection.help_status = exit_success;
  connection.in_flight_max = 65535;
  connection.add_to(app);
  leave_out(app, "-i,--id", "each client needs an id of its own: give -I with what all begin with");
  leave_out(app, "--store", "what a session keeps would be part of the next run");
  leave_out(app, "-c,--disable-clean-session", "what a session keeps would be part of the next run");
  const auto number = [&](const char* name, auto& value, const char* what) {
    CLI::Option* option = app.add_option(name, value, what);
    const bool whole = std::is_integral_v<std::remove_reference_t<decltype(value)>>;
    return (whole ? natural(option) : real(option))->capture_default_str()->type_name("NUMBER");
  };
  number("--publishers", publishers, "Clients that publish.");
  number("--subscribers", subscribers, "Clients that subscribe.");
  number("--idle", idle, "Clients that only stay connected.");
  number("--ramp", ramp, "How many clients begin to connect each second; 0: all at once.");
  app.add_option("-t,--topic", topic,
                 "Topic to publish to: %i is the publisher's number from 0, %c its client id, %n the number "
                 "of one of its --topics. Default: bench/%i, with --topics bench/%i/%n.")
      ->type_name("PATTERN");
  number("--topics", topics, "How many topics each publisher takes in turn.");
  app.add_option("--filter", filter,
                 "Topic filter of each subscriber: %i is its number from 0, %c its client id; $share/GROUP/ "
                 "may lead it. Default: all that is published.")
      ->type_name("PATTERN");
  app.add_option("--subscribe-qos", subscribe_qos, "QoS of the subscriptions. Default: that of -q.")
      ->type_name("0|1|2");
  number("--rate", rate,
         "Messages a second of each publisher, due at even times whether or not the broker keeps up; "
         "latencies count from when a message was due. 0: as fast as the broker takes them.");
  number("--window", window, "With --rate 0: how many messages of each publisher may be unfinished.");
  app.add_option("--size", size, "Bytes of each payload, or a range to choose from at random.")
      ->capture_default_str()
      ->type_name("BYTES|SMALLEST-LARGEST");
  real(app.add_option(
           "--duration", duration,
           "How long to publish, once all clients are connected. Default: 10, with --count no limit."))
      ->type_name("SECONDS");
  natural(app.add_option("--count", count, "Messages of each publisher."))->type_name("NUMBER");
  real(
      app.add_option("--linger", linger,
                     "How long to wait at the end, after the last message or acknowledgement came, for those "
                     "that are missing."))
      ->capture_default_str()
      ->type_name("SECONDS");
  app.add_flag("--json", json, "Print the result as one JSON document.");
  app.add_flag("--json-lines", json_lines,
               "Print the figures of each second as a JSON line, and the result as the last one.");
  app.add_flag("--histogram", histogram, "Print the latencies' histograms, too.");
}

void BenchOptions::check() {
  if (connection.server.topic_of_url) topic = *connection.server.topic_of_url;
  check_number("--publishers", publishers, 0, clients_max);
  check_number("--subscribers", subscribers, 0, clients_max);
  check_number("--idle", idle, 0, clients_max);
  if (clients() == 0) refuse("no client at all: give --publishers, --subscribers or --idle");
  check_number("--topics", topics, 1, clients_max);
  check_number("--window", window, 1, clients_max);
  check_real("--ramp", ramp, rate_max, "a number of clients a second");
  check_real("--rate", rate, rate_max, "a number of messages a second");
  check_real("--linger", linger, seconds_max, "a number of seconds");
  if (duration) check_real("--duration", *duration, seconds_max, "a number of seconds");
  if (count != 0 && publishers == 0) refuse("--count counts what publishers send: give --publishers");
  if (!duration && count == 0) duration = 10;
  parse_size(size, smallest_payload, largest_payload);
  if (json && json_lines) refuse("--json and --json-lines exclude each other: give one");
  if (connection.debug && (json || json_lines))
    refuse("-d does not go with --json and --json-lines: all of them print to stdout");
  if (topic.empty()) topic = topics > 1 ? "bench/%i/%n" : "bench/%i";
  if (filter.empty()) filter = filter_of(topic);
  check_topics(*this);
  static_cast<void>(parse_qos("-q", connection.qos));
  if (!subscribe_qos) subscribe_qos = connection.qos;
  static_cast<void>(parse_qos("--subscribe-qos", *subscribe_qos));
  if (!connection.trace_file.empty() && clients() != 1)
    refuse("--trace: the packets of several clients in one file tell nothing: use one client");
}

std::chrono::nanoseconds to_duration(double seconds) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

}  // namespace holdfast::tools
