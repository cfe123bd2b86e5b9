// When a message came, in wall-clock time.
#pragma once

#include <ctime>
#include <string>

namespace holdfast::tools {

struct Arrival {
  std::tm local{};
  std::time_t seconds = 0;
  long nanoseconds = 0;

  [[nodiscard]] static Arrival now();
  /// By a format of strftime(3).
  [[nodiscard]] std::string text(const char* format) const;
};

}  // namespace holdfast::tools
