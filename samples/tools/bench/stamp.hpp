// The first bytes of each payload: which message it is, and when it was to be sent.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::tools {

struct Stamp {
  std::uint32_t run = 0;  ///< The process that sent it.
  std::uint32_t stream = 0;
  std::uint32_t sequence = 0;
  std::int64_t sent = 0;  ///< As StampClock has it.

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

inline constexpr std::size_t stamp_size = 24;

/// Writes stamp_size bytes.
void write_stamp(const Stamp& stamp, char* bytes) noexcept;
/// Empty if the payload begins with none.
[[nodiscard]] std::optional<Stamp> read_stamp(std::string_view payload) noexcept;

/// The calendar's time, for receivers on another machine; but it goes on by the steady clock, so that within
/// the process differences are true whatever happens to the calendar meanwhile.
class StampClock {
 public:
  using Clock = std::chrono::steady_clock;

  /// Nanoseconds since 1970.
  [[nodiscard]] std::int64_t at(Clock::time_point time) const noexcept {
    return began_ + std::chrono::duration_cast<std::chrono::nanoseconds>(time - start_).count();
  }

 private:
  Clock::time_point start_ = Clock::now();
  std::int64_t began_ = std::chrono::duration_cast<std::chrono::nanoseconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();
};

}  // namespace holdfast::tools
