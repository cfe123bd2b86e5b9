// What became of one publish().
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>

#include <holdfast/reason_code.hpp>
#include <holdfast/types.hpp>

namespace holdfast {

namespace session {
class OutboundMessage;
}
namespace client {
class Completions;
}

/// How a published message ended.
struct DeliveryResult {
  /// No error: QoS 0 was written to the connection, QoS 1 and 2 were acknowledged to the end. Else why not:
  /// an Errc.
  std::error_code error;
  /// The broker's last reason code; no_matching_subscribers counts as success. [MQTT 5, 3.4.2.1]
  ReasonCode reason_code = ReasonCode::success;
  /// The QoS at which it was delivered: as asked, or lower by Options::lower_qos, or because the broker
  /// acknowledged QoS 2 as QoS 1, as RabbitMQ does in MQTT 3.1.1.
  QoS qos = QoS::at_most_once;
  std::string reason_string;       ///< The broker's, for people; often empty. [MQTT 5, 3.4.2.2.2]
  UserProperties user_properties;  ///< The broker's, of its last packet. [MQTT 5, 3.4.2.2.3]
  /// The message was sent more than once: as a replay with DUP, or anew after a lost session.
  bool repeated = false;

  /// Whether it ended without an error.
  [[nodiscard]] explicit operator bool() const noexcept { return !error; }
};

/// Follows one published message. Cheap to make, move and drop; dropping it changes nothing for the message.
/// Any thread. Stays valid after the client is gone; what was unfinished then ended with Errc::closed.
class Delivery {
 public:
  /// Of no message: done(), without an error.
  Delivery() noexcept = default;
  /// For the Client, which makes them.
  Delivery(session::OutboundMessage* message, std::shared_ptr<client::Completions> completions) noexcept;
  /// Changes nothing for the message.
  ~Delivery();
  ///@{
  /// Copies follow the same message.
  Delivery(const Delivery& other) noexcept;
  Delivery& operator=(const Delivery& other) noexcept;
  ///@}
  ///@{
  /// The other one follows no message then.
  Delivery(Delivery&& other) noexcept;
  Delivery& operator=(Delivery&& other) noexcept;
  ///@}

  /// Whether the message has ended, well or not. Never blocks. True for a default-made Delivery.
  [[nodiscard]] bool done() const noexcept;
  /// Waits until the message has ended and returns how. Waits for ever while the broker is away: give
  /// wait_for() a time where that matters.
  DeliveryResult wait() const;
  /// Waits at most `timeout`; whether the message has ended.
  bool wait_for(std::chrono::milliseconds timeout) const;
  /// Whether a store has taken the message: from then on it lasts as long as the store. Never blocks. False
  /// without a store, and for QoS 0 unless Qos0Offline::store stored it.
  [[nodiscard]] bool stored() const noexcept;
  /// Waits at most `timeout` until the store has the message, or it has ended without; what stored() says
  /// then.
  bool wait_stored(std::chrono::milliseconds timeout) const;
  /// How it ended. Throws Error (Errc::timed_out) while it has not.
  [[nodiscard]] DeliveryResult result() const;

 private:
  session::OutboundMessage* message_ = nullptr;  // One counted reference.
  std::shared_ptr<client::Completions> completions_;
};

}  // namespace holdfast
