// The topic aliases of what we send: which topics have one on this connection. [MQTT 5, 3.3.2.3.4]
//
// A topic gets an alias when it comes for the second time within a while: one that is used once gains nothing
// by it. When all are given away, a topic takes the one that was not used for longest, and only if that one
// was not used since the topic came last. So more topics in turn than there are aliases do not take them away
// from each other all the time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holdfast::session {

class TopicAliases {
 public:
  struct Use {
    std::uint16_t alias = 0;  ///< 0: none, the packet has its topic.
    bool known = false;       ///< The broker knows the alias already: the topic stays out of the packet.
  };

  /// A connection begins, or ends with maximum 0: no topic has an alias.
  void begin(std::uint16_t maximum);
  [[nodiscard]] bool any() const noexcept { return maximum_ != 0; }
  /// How the next packet is to name `topic`; it must be sent so, and in this order. `may_set`: whether it has
  /// room for an alias besides the topic.
  [[nodiscard]] Use use(std::string_view topic, bool may_set);

 private:
  struct Entry {
    std::string topic;
    std::uint16_t alias;
    std::uint64_t last_used;
  };
  /// A topic without an alias that came lately, by its hash.
  struct Candidate {
    std::size_t hash = 0;
    std::uint64_t came = 0;  ///< 0: none.
  };
  [[nodiscard]] Candidate& candidate_of(std::size_t hash);
  [[nodiscard]] Use set(std::string_view topic, std::uint64_t came_before);

  std::uint16_t maximum_ = 0;
  std::uint64_t now_ = 0;     // Counts the packets.
  std::list<Entry> entries_;  // The one used last comes first.
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_topic_;  // Keys point into entries_.
  std::vector<std::array<Candidate, 4>> candidates_;                           // By hash modulo their number.
};

}  // namespace holdfast::session
