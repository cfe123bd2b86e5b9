#include "publishing.hpp"

#include <algorithm>
#include <thread>

#include <holdfast/error.hpp>

#include "topic_pattern.hpp"

namespace holdfast::tools {

namespace {

using namespace std::chrono_literals;

// How often a wait looks whether to stop.
constexpr std::chrono::nanoseconds look_again = 50ms;
// Shorter than a Delivery can wait.
constexpr std::chrono::nanoseconds moment = 50us;

}  // namespace

Publishing::Publishing(const PublishingPlan& plan, BenchClient& client, Measurements& figures)
    : plan_(plan),
      client_(client),
      figures_(figures),
      random_(plan.run + static_cast<std::uint32_t>(client.number)),
      size_(plan.options.smallest_payload, plan.options.largest_payload) {
  for (std::size_t i = 0; i < plan.options.topics; ++i)
    streams_.push_back({expand(plan.options.topic, client.number, client.id, i)});
  payload_.resize(plan.options.largest_payload);
  std::generate(payload_.begin(), payload_.end(), [this] { return static_cast<char>(random_() % 95 + 32); });
}

void Publishing::run() {
  try {
    publish_all();
  } catch (const Error& error) {
    figures_.mishaps.add(error);
  }
  finish();
}

void Publishing::publish_all() {
  // Each begins elsewhere in the interval: they are not to publish all at the same moment.
  const Schedule schedule(
      plan_.start, plan_.options.rate,
      static_cast<double>(client_.number) / static_cast<double>(plan_.options.publishers));
  while (!enough()) {
    const Clock::time_point due =
        plan_.options.rate > 0 ? schedule.at(number_) : std::max(wait_for_room(), plan_.start);
    if (due >= plan_.end || !wait_until(due) || !publish(due)) return;
  }
}

bool Publishing::enough() const {
  return plan_.stop || (plan_.options.count != 0 && number_ == plan_.options.count);
}

Publishing::Clock::time_point Publishing::wait_for_room() {
  harvest();
  while (unfinished_.size() >= plan_.options.window && !plan_.stop && Clock::now() < plan_.end)
    wait_for_oldest(look_again);
  return Clock::now();
}

// False if it is time to stop.
bool Publishing::wait_until(Clock::time_point due) {
  for (auto now = Clock::now(); now < due; now = Clock::now()) {
    if (plan_.stop) return false;
    const std::chrono::nanoseconds left = std::min<std::chrono::nanoseconds>(due - now, look_again);
    if (unfinished_.empty()) {
      std::this_thread::sleep_for(left);
    } else {
      wait_for_oldest(left);
    }
  }
  return true;
}

// False if it is time to stop: also where the outbox is full, the run over, and the broker not there.
bool Publishing::publish(Clock::time_point due) {
  const std::string_view payload = make_payload(due);
  PublishedStream& stream = streams_[static_cast<std::size_t>(number_ % streams_.size())];
  Clock::time_point last_end = Clock::now();
  while (!plan_.stop) {
    const Clock::time_point now = Clock::now();
    auto delivery = client_.client.try_publish(stream.topic, payload, plan_.publish_options);
    if (delivery) {
      figures_.lateness.record(now - due);
      unfinished_.push_back({std::move(*delivery), due, number_});
      ++stream.messages;
      ++number_;
      ++figures_.published;
      figures_.published_bytes += payload.size();
      figures_.last_published = static_cast<std::uint64_t>(plan_.clock.at(now));
      harvest();
      return true;
    }
    const std::size_t waiting = unfinished_.size();
    wait_for_oldest(look_again);  // The outbox is full.
    if (unfinished_.size() != waiting) last_end = Clock::now();
    if (now >= plan_.end && now >= last_end + to_duration(plan_.options.linger)) return false;
  }
  return false;
}

std::string_view Publishing::make_payload(Clock::time_point due) {
  const std::uint64_t topics = streams_.size();
  write_stamp({.run = plan_.run,
               .stream = static_cast<std::uint32_t>(client_.number * topics + number_ % topics),
               .sequence = static_cast<std::uint32_t>(number_ / topics),
               .sent = plan_.clock.at(due)},
              payload_.data());
  return std::string_view(payload_).substr(0, size_(random_));
}

void Publishing::wait_for_oldest(std::chrono::nanoseconds longest) {
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(longest);
  if (unfinished_.empty() || whole == 0ms) {
    std::this_thread::sleep_for(std::min(longest, moment));
  } else {
    unfinished_.front().delivery.wait_for(whole);
  }
  harvest();
}

void Publishing::finish() {
  std::size_t left = unfinished_.size();
  for (auto last = Clock::now(); left != 0 && Clock::now() < last + to_duration(plan_.options.linger);) {
    wait_for_oldest(look_again);
    if (unfinished_.size() != left) last = Clock::now();
    left = unfinished_.size();
  }
  for (const Unfinished& message : unfinished_)
    note_not_delivered(message.number);
}

void Publishing::harvest() {
  if (unfinished_.empty() || !unfinished_.front().delivery.done()) return;
  const Clock::time_point now = Clock::now();
  while (!unfinished_.empty() && unfinished_.front().delivery.done()) {
    take_end_of(unfinished_.front(), now);
    unfinished_.pop_front();
  }
}

void Publishing::take_end_of(const Unfinished& message, Clock::time_point now) {
  const DeliveryResult result = message.delivery.result();
  if (result) {
    ++figures_.acknowledged;
    if (plan_.publish_options.qos != QoS::at_most_once) figures_.acknowledging.record(now - message.due);
    return;
  }
  ++figures_.failed;
  note_not_delivered(message.number);
  figures_.mishaps.add(
      "a message was not delivered: " + result.error.message() +
      (is_error(result.reason_code) ? ": " + std::string(to_string(result.reason_code)) : ""));
}

void Publishing::note_not_delivered(std::uint64_t number) {
  const std::uint64_t topics = streams_.size();
  streams_[static_cast<std::size_t>(number % topics)].not_delivered.push_back(number / topics);
}

}  // namespace holdfast::tools
