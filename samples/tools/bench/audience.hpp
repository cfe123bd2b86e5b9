// Who is to get which messages, and what of them came: one subscriber, or all that share a subscription.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "sequence_check.hpp"
#include "stamp.hpp"

namespace holdfast::tools {

/// What one publisher sent to one topic, numbered from 0.
struct PublishedStream {
  std::string topic;
  std::uint64_t messages = 0;
  /// Those of them that did not come to the broker, or not for sure, in ascending order.
  std::vector<std::uint64_t> not_delivered = {};
};

class Audience {
 public:
  /// `filter` as subscribed to. `own_run`: streams of other runs are numbered from whatever comes first.
  Audience(const std::string& filter, std::uint32_t own_run);

  SequenceCheck::Arrival take(const Stamp& stamp);
  /// Some subscriber has the subscription.
  void set_subscribed() noexcept { subscribed_ = true; }

  /// How many messages of these streams, whose numbers are their places, were to come. Any thread.
  [[nodiscard]] std::uint64_t expected_of(const std::vector<PublishedStream>& streams) const;
  /// How many of these did not.
  [[nodiscard]] std::uint64_t lost_of(const std::vector<PublishedStream>& streams) const;
  /// How many did not come though later ones of their stream did, of all streams.
  [[nodiscard]] std::uint64_t gaps() const;

 private:
  [[nodiscard]] bool is_for_us(const PublishedStream& stream) const;
  [[nodiscard]] static std::uint64_t key_of(std::uint32_t run, std::uint32_t stream) noexcept {
    return std::uint64_t{run} << 32U | stream;
  }

  const std::string filter_;  // Without $share/GROUP/.
  const std::uint32_t own_run_;
  const bool shared_;
  bool subscribed_ = false;
  std::unordered_map<std::uint64_t, SequenceCheck> checks_;
};

}  // namespace holdfast::tools
