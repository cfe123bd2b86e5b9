// A message on its way out: one allocation that holds topic, properties, payload and, at the end, what became
// of it.
//
// Its life: made by publish() [waiting] -> taken into flight with a packet identifier [in_flight] -> ended
// [finished]; a lost session takes it from in_flight back to waiting. The application's Delivery and whoever
// holds it on the way share it by counted references.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <holdfast/error.hpp>
#include <holdfast/reason_code.hpp>
#include <holdfast/types.hpp>

#include "session/time.hpp"
#include "wire/property.hpp"

namespace holdfast::session {

class OutboundMessage;

/// One counted reference to an OutboundMessage.
class OutboundMessagePtr {
 public:
  OutboundMessagePtr() noexcept = default;
  /// Takes over a reference that is already counted.
  explicit OutboundMessagePtr(OutboundMessage* message) noexcept : message_(message) {}
  ~OutboundMessagePtr();
  OutboundMessagePtr(const OutboundMessagePtr& other) noexcept;
  OutboundMessagePtr& operator=(const OutboundMessagePtr& other) noexcept {
    OutboundMessagePtr(other).swap(*this);
    return *this;
  }
  OutboundMessagePtr(OutboundMessagePtr&& other) noexcept
      : message_(std::exchange(other.message_, nullptr)) {}
  OutboundMessagePtr& operator=(OutboundMessagePtr&& other) noexcept {
    OutboundMessagePtr(std::move(other)).swap(*this);
    return *this;
  }

  void swap(OutboundMessagePtr& other) noexcept { std::swap(message_, other.message_); }
  OutboundMessage* release() noexcept { return std::exchange(message_, nullptr); }
  OutboundMessage* get() const noexcept { return message_; }
  OutboundMessage* operator->() const noexcept { return message_; }
  OutboundMessage& operator*() const noexcept { return *message_; }
  explicit operator bool() const noexcept { return message_ != nullptr; }
  friend bool operator==(const OutboundMessagePtr& a, const OutboundMessagePtr& b) noexcept {
    return a.message_ == b.message_;
  }

 private:
  OutboundMessage* message_ = nullptr;
};

/// How a message ended, as far as it needs more than two small numbers. Rare, hence apart.
struct OutcomeDetail {
  std::string reason_string;
  UserProperties user_properties;
};

class OutboundMessage {
 public:
  struct Contents {
    std::string_view topic;
    std::span<const std::byte> payload = {};
    QoS qos = QoS::at_most_once;
    bool retain = false;
    /// Encoded properties without Message Expiry Interval, which changes while the message waits.
    std::span<const std::byte> properties = {};
    TimePoint expires_at = never;
  };
  [[nodiscard]] static OutboundMessagePtr make(const Contents& contents);

  OutboundMessage(const OutboundMessage&) = delete;
  OutboundMessage& operator=(const OutboundMessage&) = delete;

  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void remove_reference() noexcept;
  /// A second reference while nobody else knows of the message. The locked instruction of add_reference()
  /// would wait here for memory that another processor had last.
  [[nodiscard]] OutboundMessagePtr share_unknown() noexcept {
    references_.store(references_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return OutboundMessagePtr(this);
  }
  /// Who sees no more than its own knows that nobody else will ever have one.
  [[nodiscard]] std::uint32_t references() const noexcept {
    return references_.load(std::memory_order_acquire);
  }

  // ---- Constant after construction ----

  [[nodiscard]] std::string_view topic() const noexcept {
    return {reinterpret_cast<const char*>(bytes()), topic_size_};
  }
  [[nodiscard]] wire::PropertiesView properties() const noexcept {
    return wire::PropertiesView({bytes() + topic_size_, properties_size_});
  }
  [[nodiscard]] std::span<const std::byte> payload() const noexcept {
    return {bytes() + topic_size_ + properties_size_, payload_size_};
  }
  /// Topic, properties and payload, one after the other.
  [[nodiscard]] std::span<const std::byte> contents() const noexcept { return {bytes(), size()}; }
  [[nodiscard]] bool retain() const noexcept { return retain_; }
  [[nodiscard]] TimePoint expires_at() const noexcept { return expires_at_; }
  /// What the message counts against the outbox's bound.
  [[nodiscard]] std::size_t size() const noexcept {
    return std::size_t{topic_size_} + properties_size_ + payload_size_;
  }
  /// What it takes of memory, a pointer to it included.
  [[nodiscard]] std::size_t memory() const noexcept { return sizeof *this + sizeof(void*) + size(); }

  // ---- The network thread's, until done() ----

  /// Place in the order of acceptance; the store's key. From 1. Given by the queue, as it is accepted.
  std::uint64_t sequence = 0;
  /// The QoS in force: as asked, or lowered to the broker's maximum.
  QoS qos;
  /// It was sent more than once: as a replay or anew after a lost session.
  bool repeated = false;
  /// A store was told of it and has to be told how it ends.
  bool journaled = false;
  /// It comes from an earlier process: no Delivery follows it.
  bool recovered = false;
  /// No longer in the outbox, though the outbox may still hold a pointer to it.
  bool left_outbox = false;
  ReasonCode reason_code = ReasonCode::success;
  /// Why it failed; absent for success.
  std::optional<Errc> failure;
  std::unique_ptr<OutcomeDetail> detail;

  // ---- Any thread ----

  [[nodiscard]] bool done() const noexcept { return done_.load(std::memory_order_acquire); }
  /// Makes the outcome above visible to all threads; nothing of the message changes after that.
  void set_done() noexcept { done_.store(true, std::memory_order_release); }
  /// A store has it.
  [[nodiscard]] bool stored() const noexcept { return stored_.load(std::memory_order_acquire); }
  void set_stored() noexcept { stored_.store(true, std::memory_order_release); }

 private:
  OutboundMessage(const Contents& contents) noexcept;
  ~OutboundMessage() = default;
  [[nodiscard]] const std::byte* bytes() const noexcept {
    return reinterpret_cast<const std::byte*>(this + 1);
  }

  std::atomic<std::uint32_t> references_{1};
  std::atomic<bool> done_{false};
  std::atomic<bool> stored_{false};
  const bool retain_;
  const std::uint16_t topic_size_;
  const std::uint32_t properties_size_;
  const std::uint32_t payload_size_;
  const TimePoint expires_at_;
};

inline OutboundMessagePtr::~OutboundMessagePtr() {
  if (message_ != nullptr) message_->remove_reference();
}
inline OutboundMessagePtr::OutboundMessagePtr(const OutboundMessagePtr& other) noexcept
    : message_(other.message_) {
  if (message_ != nullptr) message_->add_reference();
}

}  // namespace holdfast::session
