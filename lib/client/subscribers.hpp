// The subscriptions with a queue of their own, and which received message goes to which of them.
//
// A message belongs to whom one of its Subscription Identifiers names. One that has none, or none that is
// known here, belongs to whose filter matches its topic, unless the broker marks messages and a subscription
// without a queue of its own explains that it has no mark. [MQTT 5, 3.3.2.3.8, 3.3.4]
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/subscription.hpp>

#include "client/inbox.hpp"
#include "client/readiness.hpp"
#include "session/engine.hpp"
#include "session/record.hpp"

namespace holdfast::client {

/// What a Subscription stands for. Constant once the handle is given out, but for the last ones.
struct Subscriber {
  std::shared_ptr<Readiness> readiness;
  std::shared_ptr<Inbox> inbox;
  std::vector<std::string> filters;
  std::vector<ReasonCode> codes;
  std::optional<std::uint32_t> identifier;
  std::optional<std::size_t> unread_max;
  std::atomic<std::size_t> refused{0};  // What every 32-bit processor can count without libatomic.
  // Guarded by the mutex of Subscribers.
  bool settled = false;  ///< What waited for it when it was made was moved to it.
  bool ended = false;
  std::vector<session::InboundMessage::Ptr> arriving;  ///< In this turn.
  std::size_t room = 0;                                ///< In this turn, for QoS 1 and 2 with unread_max.
};

class Subscribers {
 public:
  struct Totals {
    std::size_t waiting = 0;
    std::uint64_t received = 0;
    std::uint64_t dropped = 0;
  };

  /// `rest` gets what nobody here takes.
  Subscribers(std::shared_ptr<Inbox> rest, std::uint32_t first_identifier);

  // ---- Any thread ----

  /// Registers a subscriber for these filters, before they are asked for. `identifier`: the application's;
  /// else one is chosen if `by_identifier`. What waits for it in `rest` moves to it with the next route().
  std::shared_ptr<Subscriber> open(std::span<const TopicFilter> filters,
                                   std::optional<std::uint32_t> identifier, const SubscriptionQueue& queue,
                                   Ack ack, bool by_identifier);
  /// Its handle goes: what waits there moves to `rest`, each message once, and what its subscriptions bring
  /// follows. Without memory for that the next route() throws.
  void close(Subscriber& subscriber) noexcept;
  /// Its subscriptions have ended; what waits can still be taken.
  void end(Subscriber& subscriber);
  /// The filters of this subscriber that no other has.
  [[nodiscard]] std::vector<std::string> filters_of_its_own(const Subscriber& subscriber) const;
  /// A subscription without a queue of its own is asked for. Throws Error if a subscriber has the identifier.
  void note_plain(std::span<const TopicFilter> filters, std::optional<std::uint32_t> identifier);
  void forget_plain(std::string_view filter);
  [[nodiscard]] Totals totals() const;
  /// As Inbox::set_closed().
  void set_closed(bool closed);

  // ---- Network thread ----

  /// The subscriptions of an earlier process.
  void restore(const std::vector<session::StoredSubscription>& subscriptions);
  [[nodiscard]] bool knows(std::string_view filter) const;
  [[nodiscard]] bool any() const noexcept { return any_.load(std::memory_order_relaxed); }
  /// Takes what belongs to subscribers out of `received`, and what waits for new ones out of `rest`.
  void route(std::vector<session::InboundMessage::Ptr>& received, session::Engine& engine);
  void abandon();

 private:
  struct Entry {
    std::string filter;
    std::optional<std::uint32_t> identifier;  // Of the latest SUBSCRIBE with this filter.
    std::shared_ptr<Subscriber> subscriber;
  };

  [[nodiscard]] bool is_used(std::uint32_t identifier) const;
  [[nodiscard]] std::uint32_t choose_identifier(std::span<const TopicFilter> filters);
  [[nodiscard]] std::optional<std::uint32_t> earlier_identifier(std::span<const TopicFilter> filters) const;
  void find_takers(const session::InboundMessage& message, bool by_identifier);
  [[nodiscard]] bool find_takers_by_identifier(const session::InboundMessage& message);
  void add_taker(Subscriber* subscriber);
  void hand_back(Subscriber& subscriber);
  void leave_out_the_handed_on(std::vector<session::InboundMessage::Ptr>& messages);
  void take_what_waits(Subscriber& subscriber, bool by_identifier);
  void leave_out_the_full();
  bool hand_over(session::InboundMessage::Ptr& message, session::Engine& engine);
  void remove(const Subscriber& subscriber);

  const std::shared_ptr<Inbox> rest_;
  std::atomic<bool> any_{false};
  mutable std::mutex mutex_;  // Guards all below.
  std::vector<Entry> entries_;
  std::vector<std::shared_ptr<Subscriber>> subscribers_;
  // Subscriptions without a queue of their own.
  std::map<std::string, std::optional<std::uint32_t>, std::less<>> plain_;
  std::uint32_t next_identifier_;
  bool newcomers_ = false;
  bool out_of_memory_ = false;
  bool closed_ = false;
  bool abandoned_ = false;
  Totals gone_;  // Of subscribers that are closed.
  std::uint64_t moved_ = 0;
  std::uint32_t copied_ = 0;         // QoS 0 messages of several takers.
  std::vector<Subscriber*> takers_;  // Of the message in hand.
};

}  // namespace holdfast::client
