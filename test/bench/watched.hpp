// Messages published at a pace, by a library that gives something to wait on for each.
#pragma once

#include <atomic>
#include <span>
#include <thread>
#include <vector>

#include "bench/peer.hpp"

namespace holdfast::bench {

/// Peer::publish_at(): one thread publishes, another waits for each message in turn, in whose order they end.
template <class Publish, class Wait>
void publish_and_watch(std::span<TimePoint> due, std::span<TimePoint> ended, const Publish& publish,
                       const Wait& wait) {
  std::vector<decltype(publish())> published(due.size());
  std::atomic<std::size_t> count = 0;
  std::thread watcher([&] {
    for (std::size_t i = 0; i < due.size(); ++i) {
      for (std::size_t now = count; now <= i; now = count)
        count.wait(now);
      wait(published[i]);
      ended[i] = std::chrono::steady_clock::now();
    }
  });
  for (std::size_t i = 0; i < due.size(); ++i) {
    sleep_until(due[i]);
    due[i] = std::chrono::steady_clock::now();
    published[i] = publish();
    ++count;
    count.notify_one();
  }
  watcher.join();
}

}  // namespace holdfast::bench
