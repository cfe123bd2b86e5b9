#include "sequence_check.hpp"

#include <algorithm>
#include <iterator>

namespace holdfast::tools {

namespace {

std::uint64_t without(std::uint64_t begin, std::uint64_t end, const std::vector<std::uint64_t>& excepted) {
  if (begin >= end) return 0;
  const auto first = std::lower_bound(excepted.begin(), excepted.end(), begin);
  const auto last = std::lower_bound(first, excepted.end(), end);
  return end - begin - static_cast<std::uint64_t>(std::distance(first, last));
}

}  // namespace

SequenceCheck::Arrival SequenceCheck::take(std::uint64_t number) {
  if (number >= next_) {
    if (number > next_) gaps_.emplace(next_, number);
    next_ = number + 1;
    return Arrival::in_order;
  }
  auto gap = gaps_.upper_bound(number);
  if (gap == gaps_.begin()) return Arrival::duplicate;
  --gap;
  const auto [begin, end] = *gap;
  if (number >= end) return Arrival::duplicate;
  gaps_.erase(gap);
  if (begin < number) gaps_.emplace(begin, number);
  if (number + 1 < end) gaps_.emplace(number + 1, end);
  return Arrival::late;
}

std::uint64_t SequenceCheck::missing(std::uint64_t end, const std::vector<std::uint64_t>& excepted) const {
  std::uint64_t count = without(next_, end, excepted);
  for (const auto& [gap_begin, gap_end] : gaps_)
    count += without(gap_begin, std::min(gap_end, end), excepted);
  return count;
}

}  // namespace holdfast::tools
