#include "bench/peer.hpp"

#include <sys/prctl.h>

#include <thread>

namespace holdfast::bench {

std::string Job::filter(std::uint32_t count) const {
  if (publisher) return topic;
  return "flood/" + std::to_string(qos) + "/" + std::to_string(count) + "/" + std::to_string(payload_size);
}

void sleep_until(TimePoint due) {
  // Else the system sleeps up to 50 us longer than it is asked to.
  static thread_local const int slack = ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  static_cast<void>(slack);
  if (due > std::chrono::steady_clock::now()) std::this_thread::sleep_until(due);
}

}  // namespace holdfast::bench
