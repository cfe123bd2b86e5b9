#include <holdfast/subscription.hpp>

#include <algorithm>
#include <utility>

#include "client/clock.hpp"
#include "client/shared.hpp"
#include "client/subscription_request.hpp"

namespace holdfast {

Subscription::Subscription(std::shared_ptr<client::Shared> shared,
                           std::shared_ptr<client::Subscriber> subscriber) noexcept
    : shared_(std::move(shared)), subscriber_(std::move(subscriber)) {}

Subscription::~Subscription() {
  if (subscriber_) shared_->subscribers.close(*subscriber_);
}

Subscription::Subscription(Subscription&&) noexcept = default;

Subscription& Subscription::operator=(Subscription&& other) noexcept {
  std::swap(shared_, other.shared_);
  std::swap(subscriber_, other.subscriber_);
  return *this;
}

std::optional<Message> Subscription::receive(std::chrono::milliseconds timeout) {
  return subscriber_->inbox->receive(timeout);
}

std::optional<Message> Subscription::next() {
  return subscriber_->inbox->receive(std::chrono::milliseconds::max(), true);
}

Subscription::Messages Subscription::messages() {
  return Messages(*this);
}

int Subscription::fd() const {
  return subscriber_->readiness->descriptor();
}

ReasonCode Subscription::unsubscribe() {
  const auto filters = shared_->subscribers.filters_of_its_own(*subscriber_);
  std::vector<ReasonCode> codes;
  if (!filters.empty())
    codes = client::ask(*shared_, client::unsubscribe_request(filters, {}), "unsubscribe");
  const auto failure = std::find_if(codes.begin(), codes.end(), is_error);
  if (failure != codes.end()) return *failure;
  shared_->subscribers.end(*subscriber_);
  return ReasonCode::success;
}

const std::vector<std::string>& Subscription::filters() const noexcept {
  return subscriber_->filters;
}
const std::vector<ReasonCode>& Subscription::reason_codes() const noexcept {
  return subscriber_->codes;
}
std::optional<std::uint32_t> Subscription::identifier() const noexcept {
  return subscriber_->identifier;
}
std::size_t Subscription::size() const {
  return subscriber_->inbox->size();
}
std::uint64_t Subscription::dropped() const {
  return subscriber_->inbox->dropped() + subscriber_->refused;
}

}  // namespace holdfast
