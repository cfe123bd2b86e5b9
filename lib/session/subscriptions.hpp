// The subscriptions the broker holds for us, and the requests that wait to be sent or answered.
//
// A request is kept until the broker has answered it: one cut off by a lost connection is sent again on the
// next, under a new packet identifier, whether its caller still waits or not. [MQTT 5, 4.4]
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <holdfast/reason_code.hpp>
#include <holdfast/subscription.hpp>

#include "session/record.hpp"

namespace holdfast::session {

/// One SUBSCRIBE or UNSUBSCRIBE to be.
struct SubscriptionRequest {
  enum class Kind : std::uint8_t { subscribe, unsubscribe };
  Kind kind = Kind::subscribe;
  std::vector<TopicFilter> subscriptions;  ///< For unsubscribe only the filters count.
  SubscribeProperties properties;
  /// Names the request in its answer; 0: nobody waits, it was made by a lost session.
  std::uint64_t ticket = 0;
  /// The Subscription Identifier is ours, not the application's: sent only to brokers that know identifiers.
  bool identifier_optional = false;
};

class Subscriptions {
 public:
  struct Pending {
    SubscriptionRequest request;
    std::uint16_t packet_identifier = 0;  ///< 0: not sent on this connection.
    bool identified = true;               ///< It was sent with its Subscription Identifier, if it has one.
  };

  void add(SubscriptionRequest request);
  /// The first request not sent on this connection; null if none.
  [[nodiscard]] Pending* next_unsent();
  /// The answer to the request under this identifier came, with one code a filter: keeps the books, writes
  /// the journal, and returns the request. Needs it to be there, and as many codes as filters.
  SubscriptionRequest finish(std::uint16_t packet_identifier, const std::vector<ReasonCode>& codes,
                             Journal& journal);
  /// The same for a request that cannot be sent at all.
  SubscriptionRequest abandon(const Pending& pending);
  /// Too large for one packet: its second half becomes a request of its own, next in turn. Needs two filters
  /// or more, and that nobody waits for it.
  void halve(const Pending& pending);
  [[nodiscard]] const SubscriptionRequest* find(std::uint16_t packet_identifier) const;

  void on_disconnected();
  enum class Again : std::uint8_t {
    as_asked,  ///< The broker lost them.
    if_new,    ///< It may have: retained messages are not to come again if it has not.
  };
  /// Asks again for all that are held, ahead of what waits. Returns how many.
  std::size_t resubscribe(Again again);
  /// The broker lost them, and so do we.
  void forget_held(Journal& journal);
  void restore(const StoredSubscription& subscription);
  /// Whether a subscription with this identifier was ever asked for: what one that has ended brought may
  /// still be under way.
  [[nodiscard]] bool knows_identifier(std::uint32_t identifier) const {
    return identifiers_.contains(identifier);
  }
  [[nodiscard]] std::size_t held() const noexcept { return held_.size(); }

 private:
  struct Held {
    SubscriptionOptions options;
    std::optional<std::uint32_t> identifier;
    bool identifier_optional = false;
  };
  void note(const Pending& pending, std::size_t index, ReasonCode code, Journal& journal);

  std::map<std::string, Held, std::less<>> held_;
  std::deque<Pending> pending_;
  std::set<std::uint32_t> identifiers_;
};

}  // namespace holdfast::session
