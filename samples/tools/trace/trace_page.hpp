// A trace as one HTML page that needs nothing else: a sequence diagram, and each packet byte by byte.
#pragma once

#include <deque>
#include <string>

#include "trace_story.hpp"

namespace holdfast::tools {

/// `left_out`: how many entries came before these.
[[nodiscard]] std::string to_page(const std::deque<ToldEntry>& entries, std::size_t left_out,
                                  const std::string& title);

}  // namespace holdfast::tools
