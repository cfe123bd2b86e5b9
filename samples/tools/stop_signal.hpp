// SIGINT and SIGTERM as something to poll for.
#pragma once

#include <chrono>

namespace holdfast::tools {

/// From its making on, the two signals no longer end the process but make the descriptor readable; the same
/// one again ends it. One at a time.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  [[nodiscard]] bool requested() const { return wait(std::chrono::milliseconds(0)); }
  /// Waits for one of the signals at most `timeout`; whether one came.
  [[nodiscard]] bool wait(std::chrono::milliseconds timeout) const;
  [[nodiscard]] int descriptor() const;
};

/// Once all is said and closed: where one of the signals came, the process ends by it after all, so that the
/// shell that waits for it sees it, and ends its loop at a Ctrl-C.
void end_by_stop_signal();

}  // namespace holdfast::tools
