// A trace as one HTML page that needs nothing else: a sequence diagram, and each packet byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "trace_story.hpp"

namespace holdfast::tools {

/// What is left out before a page's first entry, and what it leaves behind.
class LeftOut {
 public:
  void add(const ToldEntry& told);

  [[nodiscard]] std::size_t entries() const noexcept { return entries_; }
  [[nodiscard]] Json to_json() const;

 private:
  std::size_t entries_ = 0;
  bool connected_ = false;
  bool lost_ = false;
  std::string wall_;        // Of the last line that has the time of day, and
  std::uint64_t time_ = 0;  // the client's time there.
};

[[nodiscard]] std::string to_page(const std::deque<ToldEntry>& entries, const LeftOut& before,
                                  const std::string& title);

}  // namespace holdfast::tools
