#include "audience.hpp"

#include <holdfast/topic.hpp>

#include "topic_pattern.hpp"

namespace holdfast::tools {

Audience::Audience(const std::string& filter, std::uint32_t own_run)
    : filter_(unshared(filter)), own_run_(own_run), shared_(filter_.size() != filter.size()) {}

SequenceCheck::Arrival Audience::take(const Stamp& stamp) {
  const std::uint64_t first = stamp.run == own_run_ ? 0 : stamp.sequence;
  const auto check = checks_.try_emplace(key_of(stamp.run, stamp.stream), first).first;
  const SequenceCheck::Arrival arrival = check->second.take(stamp.sequence);
  // Between the members of a group there is no order.
  const bool late = arrival == SequenceCheck::Arrival::late;
  return late && shared_ ? SequenceCheck::Arrival::in_order : arrival;
}

std::uint64_t Audience::expected_of(const std::vector<PublishedStream>& streams) const {
  std::uint64_t count = 0;
  for (const PublishedStream& stream : streams) {
    if (is_for_us(stream)) count += stream.messages - stream.not_delivered.size();
  }
  return count;
}

std::uint64_t Audience::lost_of(const std::vector<PublishedStream>& streams) const {
  std::uint64_t count = 0;
  const SequenceCheck nothing(0);
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (!is_for_us(streams[i])) continue;
    const auto found = checks_.find(key_of(own_run_, static_cast<std::uint32_t>(i)));
    const SequenceCheck& check = found == checks_.end() ? nothing : found->second;
    count += check.missing(streams[i].messages, streams[i].not_delivered);
  }
  return count;
}

std::uint64_t Audience::gaps() const {
  std::uint64_t count = 0;
  for (const auto& [key, check] : checks_)
    count += check.missing(check.next(), {});
  return count;
}

bool Audience::is_for_us(const PublishedStream& stream) const {
  return subscribed_ && topic_matches(filter_, stream.topic);
}

}  // namespace holdfast::tools
