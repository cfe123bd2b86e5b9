// holdfast_sub: prints what is published. Flags as in mosquitto_sub.
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <future>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/client.hpp>
#include <holdfast/topic.hpp>

#include "command_line.hpp"
#include "connection_options.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "message_output.hpp"
#include "property_arguments.hpp"
#include "refuse.hpp"
#include "reporting.hpp"
#include "stop_signal.hpp"
#include "topic_text.hpp"

namespace {

using namespace holdfast;
using Clock = std::chrono::steady_clock;

struct SubOptions {
  tools::ConnectionOptions connection;
  std::vector<std::string> topics;
  std::vector<std::string> filtered_out;
  std::vector<std::string> unsubscribe;
  std::uint64_t count = 0;
  double timeout = 0;
  tools::MessageOutput output;
  bool no_retained = false;
  bool retained_only = false;
  bool remove_retained = false;
  double random_filter = 100;
  bool retain_as_published = false;
  bool exit_after_subscribing = false;
};

void add_options(CLI::App& app, SubOptions& options) {
  options.connection.add_to(app);
  app.add_option("-t,--topic", options.topics, "Topic filter to subscribe to; may be given more than once.")
      ->allow_extra_args(false);
  app.add_option("-T,--filter-out", options.filtered_out,
                 "Do not print messages whose topic matches this filter.")
      ->allow_extra_args(false);
  app.add_option("-U,--unsubscribe", options.unsubscribe, "Unsubscribe from this filter.")
      ->allow_extra_args(false);
  tools::natural(app.add_option("-C", options.count, "Exit after so many messages."));
  tools::real(app.add_option("-W", options.timeout, "Exit with status 27 after so many seconds."));
  options.output.add_to(app);
  app.add_flag("-R", options.no_retained, "Do not print retained messages.");
  app.add_flag("--retained-only", options.retained_only,
               "Print retained messages alone; exit at the first other.");
  app.add_flag("--remove-retained", options.remove_retained,
               "Remove the retained messages that come and that -T does not filter out.");
  tools::real(app.add_option("--random-filter", options.random_filter,
                             "Print so many percent of the messages, chosen at random: 0.1 to 100."))
      ->capture_default_str();
  app.add_flag("--retain-as-published", options.retain_as_published,
               "Keep the RETAIN flag as the publisher set it.");
  app.add_flag("-E", options.exit_after_subscribing,
               "Exit once the broker has acknowledged the subscriptions.");
}

/// A URL has a topic, too, and its place among those of -t.
void take_topics_of_urls(const CLI::App& app, SubOptions& options) {
  const auto& located = options.connection.server.topics_of_urls;
  const auto urls = tools::places_of(app, "-L");
  const auto places = tools::places_of(app, "-t");
  std::multimap<std::size_t, std::string> in_order;
  for (std::size_t i = 0; i < options.topics.size(); ++i)
    in_order.emplace(places.at(i), options.topics[i]);
  for (std::size_t i = 0; i < located.size(); ++i)
    in_order.emplace(urls.at(i), located[i]);
  options.topics.clear();
  for (const auto& [place, topic] : in_order) {
    if (std::find(options.topics.begin(), options.topics.end(), topic) == options.topics.end())
      options.topics.push_back(topic);
  }
}

void check_filters(std::string_view option, const std::vector<std::string>& filters) {
  for (const std::string& filter : filters) {
    if (is_valid_topic_filter(filter)) continue;
    std::string what(option);
    what.append(" \"").append(filter).append(
        "\": not a topic filter: it must be UTF-8 and not empty, + must fill a level, and # must be the last "
        "level");
    throw Error(Errc::invalid_topic_filter, what);
  }
}

void check(const SubOptions& options) {
  if (options.topics.empty() && options.unsubscribe.empty() && !options.connection.keep_session) {
    tools::refuse(
        "give -t with a topic filter to subscribe to (or -U, or -c with -i for a session that has some)");
  }
  options.output.check();
  if (options.no_retained && options.retained_only)
    tools::refuse("-R and --retained-only exclude each other: give one");
  if (!(options.random_filter >= 0.1 && options.random_filter <= 100))
    tools::refuse("--random-filter: must be a number of percent from 0.1 to 100");
  if (!(options.timeout >= 0 && options.timeout <= 1e9)) tools::refuse("-W: 0 or more seconds");
  for (const std::string& topic : options.topics)
    tools::check_characters("-t", topic);
  for (const std::string& topic : options.unsubscribe)
    tools::check_characters("-U", topic);
  check_filters("-T", options.filtered_out);
  check_filters("-U", options.unsubscribe);
}

class Subscriber {
 public:
  Subscriber(const SubOptions& options, Client& client)
      : options_(options),
        client_(client),
        subscribe_properties_(tools::subscribe_properties(options.connection.properties, "subscribe")),
        unsubscribe_properties_(tools::subscribe_properties(options.connection.properties, "unsubscribe")) {
    wish_.qos = tools::parse_qos("-q", options.connection.qos);
    wish_.retain_as_published = options.retain_as_published;
    if (options.no_retained) wish_.retain_handling = RetainHandling::do_not_send;
    const auto patience =
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.timeout));
    if (options.timeout > 0) deadline_ = Clock::now() + patience;
  }

  /// Connects and subscribes. False if a signal came first: disconnected then.
  bool start(const DisconnectOptions& goodbye) {
    if (deadline_ == Clock::time_point::max()) {
      client_.connect();
    } else {
      client_.connect(std::chrono::milliseconds(std::max(milliseconds_left(), 1)));
    }
    if (const auto error = tools::take_events(client_, options_.connection)) throw *error;
    if (!tools::has_properties(client_)) leave_out_properties();
    stop_.emplace();  // Before, a signal ends the process: there is nobody to say goodbye to.
    auto answered = std::async(std::launch::async, [this] { ask_for_topics(); });
    while (answered.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout) {
      if (!stop_->requested()) continue;
      tools::disconnect(client_, goodbye);  // The call that waits for the broker's answer ends with it.
      answered.wait();
      return false;
    }
    answered.get();
    return true;
  }

  /// Prints what comes until it is enough; the exit status.
  int run() {
    const int success = refused_ ? static_cast<int>(*refused_) : tools::exit_success;
    if (options_.exit_after_subscribing) return success;
    for (;;) {
      if (take_messages()) return success;
      if (const auto error = tools::take_events(client_, options_.connection)) throw *error;
      if (Clock::now() >= deadline_) return tools::exit_timed_out;
      std::array<pollfd, 2> wait{pollfd{client_.fd(), POLLIN, 0}, pollfd{stop_->descriptor(), POLLIN, 0}};
      ::poll(wait.data(), wait.size(), milliseconds_left());
      if (wait[1].revents != 0) return success;
    }
  }

 private:
  // As mosquitto_sub does in MQTT 3.1.1, where -R is what is not printed.
  void leave_out_properties() {
    wish_ = {.qos = wish_.qos};
    subscribe_properties_ = {};
    unsubscribe_properties_ = {};
  }

  // All of it is asked, whatever is refused.
  void ask_for_topics() {
    const auto subscribed = subscribe();
    const auto unsubscribed = unsubscribe();
    note_refusals("subscribe", options_.topics, subscribed);
    note_refusals("unsubscribe", options_.unsubscribe, unsubscribed);
  }

  std::vector<ReasonCode> unsubscribe() {
    if (options_.unsubscribe.empty()) return {};
    return client_.unsubscribe(options_.unsubscribe, unsubscribe_properties_);
  }

  std::vector<ReasonCode> subscribe() {
    if (options_.topics.empty()) return {};
    std::vector<TopicFilter> wishes;
    for (const std::string& topic : options_.topics)
      wishes.push_back({topic, wish_});
    return client_.subscribe(wishes, subscribe_properties_);
  }

  // As mosquitto_sub: the end where all are refused, otherwise it goes on with the others. The exit status
  // tells of the first.
  void note_refusals(const std::string& verb, const std::vector<std::string>& filters,
                     const std::vector<ReasonCode>& codes) {
    const bool all = std::all_of(codes.begin(), codes.end(), is_error);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      tools::write_event(tools::to_json_line(verb, filters[i], codes[i]), options_.connection);
      if (!is_error(codes[i])) continue;
      const std::string what =
          verb + " \"" + filters[i] + "\": the broker refused: " + std::string(to_string(codes[i]));
      if (all) throw Error(Errc::request_refused, what, codes[i], {});
      tools::complain("holdfast_sub", what);
      if (!refused_) refused_ = codes[i];
    }
  }

  // Whether there were enough, or nobody reads any more. Some may be left, for more could come than can be
  // printed: signals and -W count all the same.
  bool take_messages() {
    constexpr int most_at_once = 256;
    bool enough = false;
    for (int i = 0; i < most_at_once && !enough; ++i) {
      const auto message = client_.receive(std::chrono::milliseconds(0));
      if (!message) break;
      if (options_.retained_only && !message->retain()) {
        enough = true;  // The broker sends the retained ones first.
        break;
      }
      if (!wanted(*message)) continue;
      if (options_.remove_retained && message->retain()) remove_retained(*message);
      if (chosen() && !options_.output.print(*message)) return tools::reader_gone();
      enough = options_.count != 0 && ++counted_ == options_.count;  // The unchosen, too: as mosquitto_sub.
    }
    if (std::fflush(stdout) != 0) return tools::reader_gone();
    return enough;
  }

  [[nodiscard]] bool wanted(const Message& message) const {
    if (options_.no_retained && message.retain()) return false;
    return std::none_of(options_.filtered_out.begin(), options_.filtered_out.end(),
                        [&](const std::string& filter) { return topic_matches(filter, message.topic()); });
  }

  // At QoS 1, so that flush() before the end says that the broker has removed it.
  void remove_retained(const Message& message) {
    static_cast<void>(client_.publish(message.topic(), "", {.qos = QoS::at_least_once, .retain = true}));
  }

  [[nodiscard]] bool chosen() {
    return options_.random_filter >= 100 || percentage_(random_) < options_.random_filter;
  }

  [[nodiscard]] int milliseconds_left() const {
    if (deadline_ == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, std::numeric_limits<int>::max()));
  }

  const SubOptions& options_;
  Client& client_;
  SubscriptionOptions wish_;
  SubscribeProperties subscribe_properties_;
  SubscribeProperties unsubscribe_properties_;
  std::optional<tools::StopSignal> stop_;
  Clock::time_point deadline_ = Clock::time_point::max();
  std::uint64_t counted_ = 0;
  std::optional<ReasonCode> refused_;
  std::mt19937 random_{std::random_device{}()};
  std::uniform_real_distribution<double> percentage_{0, 100};
};

/// -W counts also where the broker does not answer.
Options limited(Options options, double timeout) {
  if (timeout > 0) {
    const auto limit = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(timeout));
    options.request_timeout = std::min(options.request_timeout, limit);
  }
  return options;
}

int sub_main(int argc, char** argv) {
  SubOptions options;
  CLI::App app("Subscribes at an MQTT 5 broker and prints the messages that come.", "holdfast_sub");
  add_options(app, options);
  options.connection.tell_subscriptions = true;
  if (const auto status = tools::parse(app, options.connection, argc, argv)) return *status;
  take_topics_of_urls(app, options);
  check(options);
  const Options client_options = limited(options.connection.to_options(Start::resume), options.timeout);
  Client client(client_options);
  tools::LastWords last_words(client, options.connection);
  const DisconnectOptions goodbye = tools::disconnect_options(options.connection.properties, client_options);
  Subscriber subscriber(options, client);
  int status = tools::exit_success;
  if (subscriber.start(goodbye)) {
    status = subscriber.run();
    if (options.remove_retained) static_cast<void>(client.flush(std::chrono::seconds(5)));
    tools::disconnect(client, goodbye);
  }
  last_words.say();
  if (status == tools::exit_timed_out) tools::complain("holdfast_sub", "timed out (-W)");
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  return holdfast::tools::run_tool("holdfast_sub", sub_main, argc, argv);
}
