// Received messages on their way to the application, and its acknowledgements on their way back.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <holdfast/message.hpp>
#include <holdfast/options.hpp>

#include "client/doorbell.hpp"
#include "client/readiness.hpp"
#include "session/inbound_message.hpp"

namespace holdfast::client {

class Inbox : public std::enable_shared_from_this<Inbox> {
 public:
  struct Settings {
    Ack ack;
    InboxFull when_full;
    std::size_t messages_max;
    std::size_t bytes_max;
  };

  Inbox(Settings settings, std::shared_ptr<Doorbell> doorbell, std::shared_ptr<Readiness> readiness);
  /// One whose acknowledgements go by way of `acknowledgements`.
  Inbox(Settings settings, const std::shared_ptr<Inbox>& acknowledgements,
        std::shared_ptr<Readiness> readiness);

  // ---- Any thread ----

  /// The next message, or none after `timeout`; at once if `until_closed` and the inbox is closed.
  [[nodiscard]] std::optional<Message> receive(std::chrono::milliseconds timeout, bool until_closed = false);
  void acknowledge(session::InboundToken token);
  void acknowledge(session::InboundAnswer answer);
  [[nodiscard]] std::size_t size() const;
  /// How many of them are to be acknowledged.
  [[nodiscard]] std::size_t unread() const;
  [[nodiscard]] std::uint64_t received() const;
  [[nodiscard]] std::uint64_t dropped() const;

  // ---- Network thread ----

  /// Puts all of `messages` into the inbox and takes all acknowledgements out, under one lock; both vectors
  /// are the caller's to reuse. `reading_on`: reading goes on though the inbox is full, so QoS 0 beyond the
  /// bound is dropped.
  void exchange(std::vector<session::InboundMessage::Ptr>& messages,
                std::vector<session::InboundToken>& acknowledged, bool reading_on);
  /// Puts all of `messages` into the inbox.
  void put(std::vector<session::InboundMessage::Ptr>& messages, bool reading_on);
  /// Appends all acknowledgements.
  void take_acknowledgements(std::vector<session::InboundToken>& acknowledged);
  /// Takes out the acknowledgements that say more than "taken", which are rare.
  [[nodiscard]] std::vector<session::InboundAnswer> take_answers();
  /// Whether QoS 0 messages fill the inbox, so that reading should pause. Once true, it stays so until an
  /// eighth of the room is free again; the doorbell rings then.
  [[nodiscard]] bool full();
  [[nodiscard]] bool has_acknowledgements() const;

  // ---- Any thread, for those who move messages between inboxes ----

  /// Takes out the messages for which `wanted(message)`, which must not throw, in their order.
  template <class Wanted>
  [[nodiscard]] std::vector<session::InboundMessage::Ptr> take_if(Wanted wanted) {
    const std::lock_guard lock(mutex_);
    std::vector<session::InboundMessage::Ptr> taken;
    taken.reserve(messages_.size());
    std::erase_if(messages_, [&](session::InboundMessage::Ptr& message) {
      if (!wanted(*message)) return false;
      count_out(*message);
      taken.push_back(std::move(message));
      return true;
    });
    if (messages_.empty()) readiness_->set(Readiness::Source::messages, false);
    has_room_again();
    return taken;
  }
  template <class Action>
  void for_each(Action action) {
    const std::lock_guard lock(mutex_);
    for (const session::InboundMessage::Ptr& message : messages_)
      action(*message);
  }
  /// Whether more may come. A loop over all messages ends when the closed inbox is empty.
  void set_closed(bool closed);
  /// The client is being destroyed: nobody waits any more.
  void abandon();

 private:
  [[nodiscard]] bool over_bound() const noexcept;
  bool has_room_again() noexcept;  // Whether reading may go on that had paused; then it does.
  void put_all(std::vector<session::InboundMessage::Ptr>& messages, bool reading_on);
  void add(session::InboundMessage::Ptr message, bool reading_on);
  void count_out(const session::InboundMessage& message) noexcept;
  void drop_oldest_qos0();
  session::InboundMessage::Ptr take_front();

  // Constant after construction.
  const Settings settings_;
  const std::shared_ptr<Doorbell> doorbell_;
  const std::shared_ptr<Readiness> readiness_;
  const std::shared_ptr<Inbox> acknowledgements_;  // Null: its own.
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<session::InboundMessage::Ptr> messages_;
  std::vector<session::InboundToken> acknowledged_;
  std::vector<session::InboundAnswer> answers_;
  std::size_t qos0_messages_ = 0;
  std::size_t qos0_bytes_ = 0;
  std::size_t waiters_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t dropped_ = 0;
  bool full_ = false;
  bool closed_ = false;
  bool abandoned_ = false;
  std::atomic<bool> has_answers_{false};  // Written under mutex_.
};

}  // namespace holdfast::client
