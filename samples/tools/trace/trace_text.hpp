// A trace for people, on a terminal.
#pragma once

#include <cstdint>
#include <string>

#include "trace_story.hpp"

namespace holdfast::tools {

struct TraceTextOptions {
  bool brief = false;        ///< Without the fields of packets.
  bool hexadecimal = false;  ///< With all bytes of packets.
};

/// Lines, each with its end; the time is from `begin` on. Nothing in them can speak to the terminal.
[[nodiscard]] std::string to_text(const ToldEntry& told, std::uint64_t begin,
                                  const TraceTextOptions& options);

}  // namespace holdfast::tools
