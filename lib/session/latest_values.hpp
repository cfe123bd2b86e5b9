// Waiting messages of which only the newest of each topic is worth sending.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_map>

#include "session/outbound_message.hpp"

namespace holdfast::session {

/// A newer message takes the place of the older one in the queue: a topic that changes faster than the
/// broker reads has its turn all the same.
class LatestValues {
 public:
  /// The message that had waited for this topic; null if none had.
  OutboundMessagePtr put(OutboundMessagePtr message);

  /// The next message, null when there is none; messages that have left are passed over.
  [[nodiscard]] OutboundMessage* front();
  /// The sequence of the first message that took the place of front(). Needs one.
  [[nodiscard]] std::uint64_t front_place() const noexcept { return by_place_.begin()->first; }
  OutboundMessagePtr pop_front() { return take(by_place_.begin()); }
  /// Takes out the message with the last place; null when there is none.
  OutboundMessagePtr take_back();

  /// Forgets the messages that have left.
  void sweep();
  /// Calls `see(message)` with each message, in order.
  template <class See>
  void for_each(See see) {
    for (auto& [place, message] : by_place_)
      see(message);
  }

 private:
  using Places = std::map<std::uint64_t, OutboundMessagePtr>;
  OutboundMessagePtr take(Places::iterator at);

  Places by_place_;
  std::unordered_map<std::string_view, Places::iterator> by_topic_;  // The topics are the messages'.
};

}  // namespace holdfast::session
