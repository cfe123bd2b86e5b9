// holdfast_rr: publishes a request and prints the response. Flags as in mosquitto_rr.
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <future>
#include <limits>
#include <optional>
#include <random>
#include <string>

#include <holdfast/client.hpp>

#include "command_line.hpp"
#include "connection_options.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "message_output.hpp"
#include "payload_source.hpp"
#include "property_arguments.hpp"
#include "refuse.hpp"
#include "reporting.hpp"
#include "stop_signal.hpp"
#include "topic_text.hpp"

namespace {

using namespace holdfast;
using Clock = std::chrono::steady_clock;

struct RequestToolOptions {
  tools::ConnectionOptions connection;
  tools::PayloadSource payload;
  tools::MessageOutput output;
  std::optional<std::string> topic;
  std::string response_topic;
  double timeout = 0;
  bool no_retained = false;
};

void add_options(CLI::App& app, RequestToolOptions& options) {
  options.connection.add_to(app);
  options.payload.add_to(app);
  options.output.add_to(app);
  app.add_option("-t,--topic", options.topic, "Topic to publish the request to.");
  app.add_option("-e", options.response_topic, "Topic to which the response comes.");
  tools::real(
      app.add_option("-W", options.timeout, "Exit with status 27 after so many seconds without a response."));
  app.add_flag("-R", options.no_retained, "Take no retained message for the response.");
}

void check(const RequestToolOptions& options) {
  if (!options.topic) tools::refuse("-t is missing: give the topic to publish the request to");
  if (options.response_topic.empty())
    tools::refuse("-e is missing: give the topic to which the response comes");
  tools::check_characters("-t", *options.topic);
  tools::check_characters("-e", options.response_topic);
  if (options.payload.given() != 1) tools::refuse("give exactly one of -m, -f, -s and -n");
  if (!(options.timeout >= 0 && options.timeout <= 1e9)) tools::refuse("-W: 0 or more seconds");
  options.output.check();
}

std::string random_bytes() {
  std::random_device random;
  std::string bytes(16, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
  return bytes;
}

class Requester {
 public:
  Requester(const RequestToolOptions& options, Client& client) : options_(options), client_(client) {
    publish_options_.qos = tools::parse_qos("-q", options.connection.qos);
    tools::apply_publish_properties(options.connection.properties, publish_options_);
    const auto patience =
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.timeout));
    if (options.timeout > 0) deadline_ = Clock::now() + patience;
  }

  void connect() {
    if (deadline_ == Clock::time_point::max()) {
      client_.connect();
    } else {
      client_.connect(std::chrono::milliseconds(std::max(milliseconds_left(), 1)));
    }
    stop_.emplace();  // Before, a signal ends the process: there is nobody to say goodbye to.
  }

  /// Publishes and prints what comes back; the exit status.
  int run(const std::string& payload, const DisconnectOptions& goodbye) {
    auto properties = tools::subscribe_properties(options_.connection.properties, "subscribe");
    if (tools::has_properties(client_)) {
      mark_request();
    } else {  // Nothing to mark it with: both sides know the topic for the response.
      properties = {};
      publish_options_ = {.qos = publish_options_.qos};
    }
    const SubscriptionOptions wish{.qos = publish_options_.qos};
    auto answered = std::async(std::launch::async, [&] {
      return client_.subscribe(options_.response_topic, wish, SubscriptionQueue{}, properties);
    });
    while (answered.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout) {
      if (!stop_->requested()) continue;
      tools::disconnect(client_, goodbye);  // The call that waits for the broker's answer ends with it.
      answered.wait();
      return tools::exit_failure;
    }
    Subscription responses = answered.get();
    const Delivery request = client_.publish(*options_.topic, payload, publish_options_);
    constexpr int most_at_once = 256;  // Those of others may never end; signals and -W count all the same.
    for (;;) {
      for (int i = 0; i < most_at_once; ++i) {
        const auto message = responses.receive(std::chrono::milliseconds(0));
        if (!message) break;
        if (!answers(*message)) continue;
        const bool printed = options_.output.print(*message) && std::fflush(stdout) == 0;
        return printed || tools::reader_gone() ? tools::exit_success : tools::exit_failure;
      }
      if (const auto error = tools::take_events(client_, options_.connection)) throw *error;
      throw_if_failed(request);
      if (Clock::now() >= deadline_) return tools::exit_timed_out;
      std::array<pollfd, 3> wait{pollfd{responses.fd(), POLLIN, 0}, pollfd{client_.fd(), POLLIN, 0},
                                 pollfd{stop_->descriptor(), POLLIN, 0}};
      // The end of the request makes nothing readable.
      ::poll(wait.data(), wait.size(), request.done() ? milliseconds_left() : 20);
      if (wait[2].revents != 0) return tools::exit_failure;
    }
  }

 private:
  void mark_request() {
    publish_options_.response_topic = options_.response_topic;
    if (!publish_options_.correlation_data) publish_options_.correlation_data = random_bytes();
  }

  // Responders that are scripts around holdfast_sub and holdfast_pub send no Correlation Data: they are given
  // the benefit of the doubt, as by mosquitto_rr.
  [[nodiscard]] bool answers(const Message& message) const {
    if (options_.no_retained && message.retain()) return false;
    const auto correlation_data = message.correlation_data();
    return !correlation_data || *correlation_data == *publish_options_.correlation_data;
  }

  void throw_if_failed(const Delivery& request) {
    if (ended_ || !request.done()) return;
    ended_ = true;
    const DeliveryResult result = request.result();
    tools::write_event(tools::to_json_line(1, result), options_.connection);
    if (!result.error) return;
    throw Error(static_cast<Errc>(result.error.value()),
                "publish \"" + *options_.topic +
                    "\": the request was not delivered: " + std::string(to_string(result.reason_code)),
                result.reason_code, result.reason_string);
  }

  [[nodiscard]] int milliseconds_left() const {
    if (deadline_ == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, std::numeric_limits<int>::max()));
  }

  const RequestToolOptions& options_;
  Client& client_;
  PublishOptions publish_options_;
  bool ended_ = false;
  std::optional<tools::StopSignal> stop_;
  Clock::time_point deadline_ = Clock::time_point::max();
};

int rr_main(int argc, char** argv) {
  RequestToolOptions options;
  CLI::App app("Publishes a request to an MQTT broker and prints the response.", "holdfast_rr");
  add_options(app, options);
  if (const auto status = tools::parse(app, options.connection, argc, argv)) return *status;
  if (const auto& topic = options.connection.server.topic_of_url) options.topic = topic;
  check(options);
  const std::string payload = options.payload.read();
  Options client_options = options.connection.to_options(Start::resume);
  if (options.timeout > 0) {
    const std::chrono::duration<double> limit(options.timeout);
    client_options.request_timeout =
        std::min(client_options.request_timeout, std::chrono::ceil<std::chrono::milliseconds>(limit));
  }
  Client client(client_options);
  tools::LastWords last_words(client, options.connection);
  const DisconnectOptions goodbye = tools::disconnect_options(options.connection.properties, client_options);
  Requester requester(options, client);
  requester.connect();
  const int status = requester.run(payload, goodbye);
  tools::disconnect(client, goodbye);
  last_words.say();
  if (status == tools::exit_timed_out) tools::complain("holdfast_rr", "no response in time (-W)");
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const int status = holdfast::tools::run_tool("holdfast_rr", rr_main, argc, argv);
  if (status != holdfast::tools::exit_success) holdfast::tools::end_by_stop_signal();
  return status;
}
