#include "session/subscriptions.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace holdfast::session {

namespace {
// Filters in one SUBSCRIBE made after a lost session: a packet of a few KiB that every broker takes, and one
// refused packet costs little.
constexpr std::size_t filters_a_packet = 32;
}  // namespace

void Subscriptions::add(SubscriptionRequest request) {
  if (const auto identifier = request.properties.subscription_identifier) identifiers_.insert(*identifier);
  pending_.push_back({std::move(request), 0});
}

Subscriptions::Pending* Subscriptions::next_unsent() {
  const auto unsent = [](const Pending& pending) { return pending.packet_identifier == 0; };
  const auto found = std::find_if(pending_.begin(), pending_.end(), unsent);
  return found == pending_.end() ? nullptr : &*found;
}

const SubscriptionRequest* Subscriptions::find(std::uint16_t packet_identifier) const {
  for (const Pending& pending : pending_) {
    if (pending.packet_identifier == packet_identifier) return &pending.request;
  }
  return nullptr;
}

SubscriptionRequest Subscriptions::finish(std::uint16_t packet_identifier,
                                          const std::vector<ReasonCode>& codes, Journal& journal) {
  const auto answered = [=](const Pending& pending) {
    return pending.packet_identifier == packet_identifier;
  };
  const auto found = std::find_if(pending_.begin(), pending_.end(), answered);
  assert(found != pending_.end() && found->request.subscriptions.size() == codes.size());
  Pending pending = std::move(*found);
  pending_.erase(found);
  for (std::size_t i = 0; i < codes.size(); ++i)
    note(pending, i, codes[i], journal);
  return std::move(pending.request);
}

SubscriptionRequest Subscriptions::abandon(const Pending& pending) {
  const auto found =
      std::find_if(pending_.begin(), pending_.end(), [&](const Pending& p) { return &p == &pending; });
  SubscriptionRequest request = std::move(found->request);
  pending_.erase(found);
  return request;
}

void Subscriptions::halve(const Pending& pending) {
  const auto found =
      std::find_if(pending_.begin(), pending_.end(), [&](const Pending& p) { return &p == &pending; });
  auto& wishes = found->request.subscriptions;
  Pending rest{found->request, 0};
  const auto middle = static_cast<std::ptrdiff_t>(wishes.size() / 2);
  wishes.erase(wishes.begin() + middle, wishes.end());
  rest.request.subscriptions.erase(rest.request.subscriptions.begin(),
                                   rest.request.subscriptions.begin() + middle);
  pending_.insert(found + 1, std::move(rest));
}

void Subscriptions::note(const Pending& pending, std::size_t index, ReasonCode code, Journal& journal) {
  const SubscriptionRequest& request = pending.request;
  const TopicFilter& subscription = request.subscriptions[index];
  if (request.kind == SubscriptionRequest::Kind::unsubscribe) {
    if (is_error(code)) return;
    held_.erase(subscription.filter);
    journal.emplace_back(record::Unsubscribed{subscription.filter});
  } else if (!is_error(code)) {
    TopicFilter wish = subscription;
    const auto known = held_.find(wish.filter);
    // What was asked for in doubt is held as the application asked for it.
    if (request.ticket == 0 && known != held_.end())
      wish.options.retain_handling = known->second.options.retain_handling;
    held_[wish.filter] = {wish.options, request.properties.subscription_identifier,
                          request.identifier_optional};
    journal.emplace_back(record::Subscribed{
        {wish, pending.identified ? request.properties.subscription_identifier : std::nullopt}});
  } else if (request.ticket == 0 && held_.erase(subscription.filter) != 0) {
    journal.emplace_back(
        record::Unsubscribed{subscription.filter});  // The broker lost it and will not have it again.
  }
}

void Subscriptions::on_disconnected() {
  for (Pending& pending : pending_)
    pending.packet_identifier = 0;
}

std::size_t Subscriptions::resubscribe(Again how) {
  // What an earlier lost session asked for and got no answer to is asked for again from held_.
  std::erase_if(pending_, [](const Pending& pending) { return pending.request.ticket == 0; });
  std::deque<Pending> again;
  std::optional<std::uint32_t> identifier;
  for (const auto& [filter, held] : held_) {
    const bool full = again.empty() || again.back().request.subscriptions.size() == filters_a_packet;
    if (full || held.identifier != identifier ||
        held.identifier_optional != again.back().request.identifier_optional) {
      again.emplace_back();
      identifier = held.identifier;
      again.back().request.properties.subscription_identifier = identifier;
      again.back().request.identifier_optional = held.identifier_optional;
    }
    SubscriptionOptions options = held.options;
    if (how == Again::if_new && options.retain_handling == RetainHandling::send)
      options.retain_handling = RetainHandling::send_if_new;
    again.back().request.subscriptions.push_back({filter, options});
  }
  pending_.insert(pending_.begin(), std::make_move_iterator(again.begin()),
                  std::make_move_iterator(again.end()));
  return held_.size();
}

void Subscriptions::forget_held(Journal& journal) {
  for (const auto& [filter, held] : held_)
    journal.emplace_back(record::Unsubscribed{filter});
  held_.clear();
}

void Subscriptions::restore(const StoredSubscription& subscription) {
  if (subscription.subscription_identifier) identifiers_.insert(*subscription.subscription_identifier);
  // Nobody knows any more whose the identifier was: a subscription without its mark is better than none.
  held_[subscription.subscription.filter] = {subscription.subscription.options,
                                             subscription.subscription_identifier, true};
}

}  // namespace holdfast::session
