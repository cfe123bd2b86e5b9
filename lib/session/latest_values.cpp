#include "session/latest_values.hpp"

#include <iterator>
#include <utility>

namespace holdfast::session {

OutboundMessagePtr LatestValues::put(OutboundMessagePtr message) {
  const auto found = by_topic_.find(message->topic());
  Places::iterator place;
  OutboundMessagePtr older;
  if (found != by_topic_.end()) {
    place = found->second;
    older = std::exchange(place->second, std::move(message));
    by_topic_.erase(found);  // Its key is the older message's.
  } else {
    const std::uint64_t last = message->sequence;
    place = by_place_.emplace(last, std::move(message)).first;
  }
  by_topic_.emplace(place->second->topic(), place);
  if (!older || std::exchange(older->left_outbox, true)) return {};
  return older;
}

OutboundMessage* LatestValues::front() {
  while (!by_place_.empty() && by_place_.begin()->second->left_outbox)
    take(by_place_.begin());
  return by_place_.empty() ? nullptr : by_place_.begin()->second.get();
}

OutboundMessagePtr LatestValues::take_back() {
  while (!by_place_.empty()) {
    OutboundMessagePtr message = take(std::prev(by_place_.end()));
    if (!message->left_outbox) return message;
  }
  return {};
}

void LatestValues::sweep() {
  for (auto at = by_place_.begin(); at != by_place_.end();) {
    const auto one = at++;
    if (one->second->left_outbox) take(one);
  }
}

OutboundMessagePtr LatestValues::take(Places::iterator at) {
  by_topic_.erase(at->second->topic());
  OutboundMessagePtr message = std::move(at->second);
  by_place_.erase(at);
  return message;
}

}  // namespace holdfast::session
