// Counts instructions, where it runs under callgrind, and allocations.
#pragma once

#include <cstdint>

namespace holdfast::guard {

class Meter {
 public:
  void start();
  void stop();
  /// Prints what was counted for `messages` messages, for guard.sh, and begins anew.
  void report(const char* figure, std::uint64_t messages);

  /// What belongs to the other end of the wire, not to the client.
  class Pause {
   public:
    explicit Pause(Meter& meter) : meter_(meter), was_running_(meter.running_) {
      if (was_running_) meter_.stop();
    }
    ~Pause() {
      if (was_running_) meter_.start();
    }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    Meter& meter_;
    const bool was_running_;
  };

 private:
  bool running_ = false;
  std::uint64_t allocations_before_ = 0;
  std::uint64_t allocations_ = 0;
};

}  // namespace holdfast::guard
