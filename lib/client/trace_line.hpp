// One line of a trace: a JSON object whose first fields are the time and the event.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "session/time.hpp"

namespace holdfast::client {

/// Names are literals; text may be anything. The line ends with the object; without memory for its end there
/// is no line.
class TraceLine {
 public:
  TraceLine(std::string& lines, session::TimePoint now, std::string_view event);
  ~TraceLine();
  TraceLine(const TraceLine&) = delete;
  TraceLine& operator=(const TraceLine&) = delete;

  TraceLine& text(std::string_view name, std::string_view value);
  /// `value` is one, too: it needs no look at each letter.
  TraceLine& literal(std::string_view name, std::string_view value);
  TraceLine& number(std::string_view name, std::uint64_t value);
  template <std::same_as<bool> Boolean>
  TraceLine& boolean(std::string_view name, Boolean value) {
    begin(name);
    lines_ += value ? "true" : "false";
    return *this;
  }
  /// In seconds.
  TraceLine& duration(std::string_view name, session::TimePoint::duration value);
  /// Begins a field whose value the caller appends to the lines.
  void begin(std::string_view name);

 private:
  std::string& lines_;
  const std::size_t begin_;
};

}  // namespace holdfast::client
