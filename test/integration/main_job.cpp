#include "main_job.hpp"

#include <cstdio>
#include <limits>

using namespace std::chrono_literals;

namespace holdfast::support {
namespace {

// What waits for its acknowledgement at most, so that a network that stands still is not flooded.
constexpr std::size_t outstanding_max = 2'000;

/// A number; now and then with so much behind it that it takes many packets of any network.
std::string payload_of(std::size_t number) {
  return std::to_string(number) + ' ' + std::string(number % 100 == 0 ? 5'000 : 40, 'x');
}

std::string number_in(std::string_view payload) {
  return std::string(payload.substr(0, payload.find(' ')));
}

}  // namespace

MainJob::MainJob(const Options& publisher, const Options& subscriber, std::size_t rate)
    : publisher_(publisher),
      subscriber_(subscriber),
      rate_(rate),
      wanted_(std::numeric_limits<std::size_t>::max()) {
  subscriber_.connect();
  subscriber_.subscribe("job/#", QoS::exactly_once);
  publisher_.connect();
  thread_ = std::thread([this] { work(); });
}

MainJob::~MainJob() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void MainJob::work() {
  bool told = false;
  while (!stopping_ && !done_) {
    publish_what_is_due();
    take_what_comes();
    // The broker keeps the order: behind this message nothing can come twice any more.
    if (!told && all_came()) publisher_.publish("job/end", "", {.qos = QoS::at_least_once});
    told = told || all_came();
  }
}

bool MainJob::all_came() const {
  return published_ >= wanted_ && publisher_.statistics().outbox_messages == 0 &&
         at_qos_1_.distinct.size() == published_ && at_qos_2_.distinct.size() == published_;
}

void MainJob::publish_what_is_due() {
  const auto elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  const auto due =
      std::min<std::size_t>(wanted_, static_cast<std::size_t>(elapsed * static_cast<double>(rate_)));
  std::size_t outstanding = publisher_.statistics().outbox_messages;
  while (published_ < due && outstanding < outstanding_max) {
    publisher_.publish("job/1", payload_of(published_), {.qos = QoS::at_least_once});
    publisher_.publish("job/2", payload_of(published_), {.qos = QoS::exactly_once});
    ++published_;
    outstanding += 2;
  }
}

void MainJob::take_what_comes() {
  for (auto message = subscriber_.receive(5ms); message; message = subscriber_.receive(0ms)) {
    if (message->topic() == "job/end") {
      done_ = true;
      return;
    }
    Arrivals& arrivals = message->topic() == "job/1" ? at_qos_1_ : at_qos_2_;
    arrivals.numbers.push_back(number_in(message->payload()));
    arrivals.distinct.insert(arrivals.numbers.back());
    ++received_;
  }
}

bool MainJob::goes_on(std::size_t messages, std::chrono::milliseconds deadline) const {
  const std::size_t before = received_;
  return eventually([&] { return received_ >= before + messages; }, deadline);
}

void MainJob::check(const std::string& name, std::chrono::milliseconds deadline) {
  const bool in_time = eventually([this] { return done(); }, deadline);
  stopping_ = true;
  thread_.join();
  const std::vector<std::string> expected = numbers(0, published_);
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  std::printf(
      "%s: %zu messages at QoS 1 and as many at QoS 2: missing %zu and %zu, doubled %zu and %zu; "
      "reconnects %zu, %.1f s\n",
      name.c_str(), published_, published_ - at_qos_1_.distinct.size(),
      published_ - at_qos_2_.distinct.size(), at_qos_1_.numbers.size() - at_qos_1_.distinct.size(),
      at_qos_2_.numbers.size() - at_qos_2_.distinct.size(),
      static_cast<std::size_t>(publisher_.statistics().connects + subscriber_.statistics().connects) - 2,
      seconds);
  std::fflush(stdout);
  CHECK(in_time);
  CHECK(difference(first_arrivals(at_qos_1_.numbers), expected) == "");
  CHECK(difference(at_qos_2_.numbers, expected) == "");
  CHECK(publisher_.statistics().failed == 0);
}

}  // namespace holdfast::support
