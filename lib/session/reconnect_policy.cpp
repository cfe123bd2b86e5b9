#include "session/reconnect_policy.hpp"

#include <algorithm>

namespace holdfast::session {

namespace {
// Two clients with one identifier throw each other out; whoever comes back at once keeps the fight going.
constexpr std::chrono::milliseconds taken_over_delay{5'000};
}  // namespace

ReconnectPolicy::ReconnectPolicy(const ReconnectOptions& options, std::uint32_t seed)
    : options_(options), random_(seed) {}

void ReconnectPolicy::on_connected(TimePoint now) {
  connected_at_ = now;
  ever_connected_ = true;
  attempts_ = 0;
}

ReconnectPolicy::Decision ReconnectPolicy::on_end(End end, TimePoint now) {
  const bool lasted = connected_at_ && now - *connected_at_ >= options_.stable_after;
  connected_at_.reset();
  if (lasted) failures_ = take_overs_ = 0;
  ++attempts_;
  if (end == End::refused_for_good) {
    const bool give_up = ever_connected_ ? options_.give_up_when_refused : !options_.retry_when_refused;
    return {give_up ? Verdict::refused : Verdict::retry, options_.max_delay, attempts_};
  }
  if (end == End::taken_over) {
    const bool give_up = ++take_overs_ >= options_.take_overs_max && !options_.retry_when_taken_over;
    const auto least = std::min(taken_over_delay, options_.max_delay);
    // Half of it at random: never sooner than the least, and two fighters drift apart.
    const auto delay = least + jittered(exponential(take_overs_ - 1, least));
    return {give_up ? Verdict::taken_over : Verdict::retry, std::min(delay, options_.max_delay), attempts_};
  }
  return {Verdict::retry, jittered(exponential(failures_++, options_.min_delay)), attempts_};
}

void ReconnectPolicy::reset() {
  connected_at_.reset();
  ever_connected_ = false;
  attempts_ = failures_ = take_overs_ = 0;
}

std::chrono::milliseconds ReconnectPolicy::exponential(unsigned doublings, std::chrono::milliseconds first) {
  auto delay = first;
  for (unsigned i = 0; i < doublings && delay < options_.max_delay; ++i)
    delay *= 2;
  return std::min(delay, options_.max_delay);
}

std::chrono::milliseconds ReconnectPolicy::jittered(std::chrono::milliseconds delay) {
  std::uniform_int_distribution<std::chrono::milliseconds::rep> up_to(0, delay.count());
  return std::chrono::milliseconds(up_to(random_));
}

}  // namespace holdfast::session
