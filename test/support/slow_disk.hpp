// A disk that takes its time: while one of these lives, the SQLite files that are opened write through
// slowly.
#pragma once

#include <chrono>

namespace holdfast::support {

/// One at a time. It may go before the files that were opened on it: they stay slow.
class SlowDisk {
 public:
  explicit SlowDisk(std::chrono::milliseconds sync_time);
  ~SlowDisk();
  SlowDisk(const SlowDisk&) = delete;
  SlowDisk& operator=(const SlowDisk&) = delete;

  /// How long each write-through takes from now on, beyond what the real one takes.
  void set_sync_time(std::chrono::milliseconds time) noexcept;
};

}  // namespace holdfast::support
