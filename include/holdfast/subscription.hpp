// What a client asks of the broker when it subscribes, and the handle of a subscription with a queue of its
// own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/message.hpp>
#include <holdfast/message_range.hpp>
#include <holdfast/reason_code.hpp>
#include <holdfast/types.hpp>

namespace holdfast {

namespace client {
class Core;
struct Shared;
struct Subscriber;
}  // namespace client

/// Options of one topic filter. [MQTT 5, 3.8.3.1]
struct SubscriptionOptions {
  /// The highest QoS at which messages shall come. Default: at most once.
  QoS qos = QoS::at_most_once;
  /// Do not send back what this client published. An error on a shared subscription. Default: no.
  bool no_local = false;
  /// Keep the RETAIN flag as the publisher set it. Default: no, it then marks retained messages only.
  bool retain_as_published = false;
  /// When retained messages come. Default: whenever the subscription is made.
  RetainHandling retain_handling = RetainHandling::send;
};

/// A topic filter with its options.
struct TopicFilter {
  /// UTF-8, at most 65535 bytes; may have wildcards, and begin with `$share/NAME/`. [MQTT 5, 4.7, 4.8.2]
  std::string filter;
  /// Default: at most once, and retained messages at once.
  SubscriptionOptions options = {};
};

/// What holds for a whole SUBSCRIBE or UNSUBSCRIBE packet.
struct SubscribeProperties {
  /// Comes back with every message that one of the filters matched: 1 to 268435455. Not for unsubscribe.
  /// Default: none. [MQTT 5, 3.8.2.1.2]
  std::optional<std::uint32_t> subscription_identifier = std::nullopt;
  /// Not repeated when a lost session is subscribed again. Default: none. [MQTT 5, 3.8.2.1.3]
  UserProperties user_properties = {};
};

/// What gives way when more QoS 0 messages wait in a queue than it may hold. (Nothing here pauses reading: it
/// would stall all other subscriptions.)
enum class QueueFull : std::uint8_t {
  drop_oldest,  ///< The longest-waiting QoS 0 message.
  drop_newest,  ///< The message that just came.
};

/// Asks for a queue of its own when subscribing, and says what it may hold.
struct SubscriptionQueue {
  /// How many QoS 0 messages may wait. Default: 10,000. Range: from 1.
  std::size_t messages_max = 10'000;
  /// The same in bytes of topic, payload and properties. Default: 16 MiB. Range: from 1.
  std::size_t bytes_max = std::size_t{16} << 20;
  /// What gives way to a QoS 0 message more. Default: the oldest.
  QueueFull when_full = QueueFull::drop_oldest;
  /// Absent: QoS 1 and 2 messages are acknowledged as Options::ack says. MQTT wants the acknowledgements in
  /// the order of the messages, so those of all subscriptions wait for the oldest that nobody reads; when as
  /// many messages wait as our Receive Maximum says, or the broker has under way at most (mosquitto: 20), it
  /// sends no more at QoS 1 and 2, to any of them. A number, from 1: this queue takes messages over, up to so
  /// many: they are acknowledged as they come, not as they are read, and what comes beyond is refused with
  /// 0x97 (Quota exceeded) and counted. Then it stalls nobody, read or not; but a process that is killed
  /// loses what waits here, and a broker does not send again what was refused. [MQTT 5, 3.3.4, 4.6, 4.9]
  std::optional<std::size_t> unread_max = std::nullopt;
};

/// A subscription whose messages come to a queue of its own, instead of Client::receive(). Made by
/// Client::subscribe(). One that nobody reads stalls no other at QoS 0; at QoS 1 and 2 it does in the end,
/// unless it has SubscriptionQueue::unread_max. Kept across reconnects like every subscription. Any thread
/// may call anything at any time, except that destruction and moving need the object alone. It may outlive
/// its client: what waits can still be taken then.
class Subscription {
 public:
  /// What messages() gives.
  using Messages = MessageRange<Subscription>;

  /// Ends the separate delivery, not the subscription: what waits here and what comes later goes to
  /// Client::receive(), so that nothing is acknowledged that nobody read; a message that several left unread
  /// goes there once. Call unsubscribe() first to be rid of it. Sends nothing, blocks for nothing. A client
  /// that has no memory for this ends, as it does whenever it has none.
  ~Subscription();
  ///@{
  /// Takes over; the other one can only be destroyed or assigned to then.
  Subscription(Subscription&&) noexcept;
  Subscription& operator=(Subscription&&) noexcept;
  ///@}
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  /// The next message, waiting at most `timeout`; empty if none came. Acknowledged as Options::ack says (but
  /// see SubscriptionQueue::unread_max); a message that several Subscriptions
  /// got is acknowledged to the broker when the last of them did.
  [[nodiscard]] std::optional<Message> receive(std::chrono::milliseconds timeout);
  /// For a loop over all messages, waiting for each. Ends when nothing waits and the subscription has ended
  /// by unsubscribe(), or the client is disconnected by disconnect(), refused for good, or gone.
  [[nodiscard]] Messages messages();
  /// A descriptor that polls readable while a message waits. Never read it. Valid as long as this object.
  [[nodiscard]] int fd() const;

  /// Ends the subscription and waits for the broker's answer, as Client::unsubscribe(). What was received
  /// before can still be taken. A filter that another Subscription has too stays for that one. Returns the
  /// first failure, or success.
  ReasonCode unsubscribe();

  /// The topic filters. Lives as long as this object.
  [[nodiscard]] const std::vector<std::string>& filters() const noexcept;
  /// The broker's answer to each of them: the granted QoS or a failure. [MQTT 5, 3.9.3]
  [[nodiscard]] const std::vector<ReasonCode>& reason_codes() const noexcept;
  /// Of the first filter, for those who have one.
  [[nodiscard]] ReasonCode reason_code() const noexcept { return reason_codes().front(); }
  /// By which the broker marks its messages; absent where the broker has none.
  [[nodiscard]] std::optional<std::uint32_t> identifier() const noexcept;
  /// How many messages wait.
  [[nodiscard]] std::size_t size() const;
  /// How many were dropped or refused because too many waited.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  friend class client::Core;
  friend Messages;
  Subscription(std::shared_ptr<client::Shared> shared,
               std::shared_ptr<client::Subscriber> subscriber) noexcept;
  std::optional<Message> next();

  std::shared_ptr<client::Shared> shared_;
  std::shared_ptr<client::Subscriber> subscriber_;
};

}  // namespace holdfast
