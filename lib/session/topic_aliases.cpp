#include "session/topic_aliases.hpp"

#include <algorithm>
#include <functional>
#include <iterator>

namespace holdfast::session {

namespace {
// An alias takes three bytes of each packet; below this length it saves next to nothing.
constexpr std::size_t shortest_topic = 8;
// Enough that the topics that come in turn with those that have an alias do not overwrite each other.
constexpr std::size_t sets_an_alias = 2;
}  // namespace

void TopicAliases::begin(std::uint16_t maximum) {
  maximum_ = maximum;
  now_ = 0;
  by_topic_.clear();
  entries_.clear();
  candidates_.assign(maximum * sets_an_alias, {});
}

TopicAliases::Use TopicAliases::use(std::string_view topic, bool may_set) {
  if (topic.size() < shortest_topic) return {};
  ++now_;
  if (!entries_.empty() && entries_.front().topic == topic) {
    entries_.front().last_used = now_;
    return {entries_.front().alias, true};
  }
  if (const auto found = by_topic_.find(topic); found != by_topic_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    entries_.front().last_used = now_;
    return {entries_.front().alias, true};
  }
  if (!may_set) return {};
  const std::size_t hash = std::hash<std::string_view>()(topic);
  Candidate& candidate = candidate_of(hash);
  const bool again = candidate.came != 0 && candidate.hash == hash;
  const std::uint64_t came_before = candidate.came;
  candidate = {hash, now_};
  return again ? set(topic, came_before) : Use{};
}

// The one with this hash, else the one that gives way to it.
TopicAliases::Candidate& TopicAliases::candidate_of(std::size_t hash) {
  auto& set = candidates_[hash % candidates_.size()];
  const auto known = std::find_if(set.begin(), set.end(), [hash](const Candidate& candidate) {
    return candidate.came != 0 && candidate.hash == hash;
  });
  if (known != set.end()) return *known;
  return *std::min_element(set.begin(), set.end(),
                           [](const Candidate& a, const Candidate& b) { return a.came < b.came; });
}

TopicAliases::Use TopicAliases::set(std::string_view topic, std::uint64_t came_before) {
  if (entries_.size() < maximum_) {
    entries_.push_front({std::string(topic), static_cast<std::uint16_t>(entries_.size() + 1), now_});
  } else {
    if (entries_.back().last_used > came_before) return {};
    by_topic_.erase(entries_.back().topic);
    entries_.splice(entries_.begin(), entries_, std::prev(entries_.end()));
    entries_.front().topic = topic;
    entries_.front().last_used = now_;
  }
  by_topic_.emplace(entries_.front().topic, entries_.begin());
  return {entries_.front().alias, false};
}

}  // namespace holdfast::session
