#include <holdfast/delivery.hpp>

#include <utility>

#include <holdfast/error.hpp>

#include "client/clock.hpp"
#include "client/completions.hpp"
#include "session/outbound_message.hpp"

namespace holdfast {

Delivery::Delivery(session::OutboundMessage* message,
                   std::shared_ptr<client::Completions> completions) noexcept
    : message_(message), completions_(std::move(completions)) {}

Delivery::~Delivery() {
  if (message_ != nullptr) message_->remove_reference();
}

Delivery::Delivery(const Delivery& other) noexcept
    : message_(other.message_), completions_(other.completions_) {
  if (message_ != nullptr) message_->add_reference();
}

Delivery& Delivery::operator=(const Delivery& other) noexcept {
  return *this = Delivery(other);
}

Delivery::Delivery(Delivery&& other) noexcept
    : message_(std::exchange(other.message_, nullptr)), completions_(std::move(other.completions_)) {}

Delivery& Delivery::operator=(Delivery&& other) noexcept {
  std::swap(message_, other.message_);
  completions_.swap(other.completions_);
  return *this;
}

bool Delivery::done() const noexcept {
  return message_ == nullptr || message_->done() || completions_->closed();
}

DeliveryResult Delivery::wait() const {
  if (message_ != nullptr) completions_->wait(*message_, std::nullopt);
  return result();
}

bool Delivery::wait_for(std::chrono::milliseconds timeout) const {
  return message_ == nullptr || completions_->wait(*message_, client::after(timeout));
}

bool Delivery::stored() const noexcept {
  return message_ != nullptr && message_->stored();
}

bool Delivery::wait_stored(std::chrono::milliseconds timeout) const {
  return message_ != nullptr && completions_->wait_stored(*message_, client::after(timeout));
}

DeliveryResult Delivery::result() const {
  if (!done())
    throw Error(Errc::timed_out, "Delivery::result: the message has not ended yet: wait for it first");
  DeliveryResult result;
  if (message_ == nullptr) return result;
  if (!message_->done()) {
    result.error = make_error_code(Errc::closed);
    return result;
  }
  if (message_->failure) result.error = *message_->failure;
  result.reason_code = message_->reason_code;
  result.qos = message_->qos;
  result.repeated = message_->repeated;
  if (message_->detail) {
    result.reason_string = message_->detail->reason_string;
    result.user_properties = message_->detail->user_properties;
  }
  return result;
}

}  // namespace holdfast
