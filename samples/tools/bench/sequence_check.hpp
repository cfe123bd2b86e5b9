// What of one numbered stream arrived: each number once and in order, or not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace holdfast::tools {

class SequenceCheck {
 public:
  enum class Arrival : std::uint8_t {
    in_order,
    late,       ///< After one with a higher number: the order was broken.
    duplicate,  ///< It had come before.
  };

  /// `first`: the number that is to come first.
  explicit SequenceCheck(std::uint64_t first) : next_(first) {}

  Arrival take(std::uint64_t number);
  /// One more than the highest that came.
  [[nodiscard]] std::uint64_t next() const noexcept { return next_; }
  /// How many below `end` did not come, without those of `excepted`, which is in ascending order.
  [[nodiscard]] std::uint64_t missing(std::uint64_t end, const std::vector<std::uint64_t>& excepted) const;

 private:
  // The ends of the gaps below next_ by their beginnings: one entry for each loss, nothing where none is.
  std::map<std::uint64_t, std::uint64_t> gaps_;
  std::uint64_t next_;
};

}  // namespace holdfast::tools
