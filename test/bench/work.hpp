// One measured run: what a client has to do, and what it took.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace holdfast::bench {

enum class Direction : std::uint8_t { publish, receive };

struct Work {
  Direction direction = Direction::publish;
  int qos = 0;
  std::uint32_t messages = 0;
  std::uint16_t port = 0;  ///< Where the sink listens.
};

/// Messages unfinished at a time; also Receive Maximum, both ways.
constexpr std::uint16_t window = 1'000;
constexpr std::size_t payload_size = 64;
constexpr const char* topic = "plant/17/temperature";

/// The topic filter that tells the sink how many messages of which QoS it shall send.
inline std::string flood_filter(const Work& work) {
  return "flood/" + std::to_string(work.qos) + "/" + std::to_string(work.messages);
}

struct Sample {
  double seconds = 0;
  double cpu_seconds = 0;  ///< User and system time of all threads of the client's process.
  double commits = 0;      ///< Of the store, where there is one.
  double memory = 0;       ///< MiB, the most that the process took; where it is asked for.
};

/// Runs from its making.
class Stopwatch {
 public:
  [[nodiscard]] Sample stop() const {
    return {std::chrono::duration<double>(Clock::now() - started_).count(), cpu_now() - cpu_started_, 0, 0};
  }

 private:
  using Clock = std::chrono::steady_clock;

  static double cpu_now() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }

  Clock::time_point started_ = Clock::now();
  double cpu_started_ = cpu_now();
};

// The contestants. Each connects, does the work, checks that all of it was done, and disconnects; measured is
// from the first message to the end of the last. They throw when anything is amiss.
Sample run_holdfast(const Work& work);
Sample run_libmosquitto(const Work& work);
/// The least that any client can do: packets encoded beforehand, as many a write as the window allows.
Sample run_sockets(const Work& work);

}  // namespace holdfast::bench
