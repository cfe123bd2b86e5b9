// A RequestQueue with what it needs, and shorter words for what the tests do with it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/request_queue.hpp"
#include "tools.hpp"

namespace holdfast::test {

using Push = client::RequestQueue::Push;
using Messages = std::vector<session::OutboundMessagePtr>;

/// The standard's limits but for one.
template <class Limit, class Value>
BrokerLimits limits_with(Limit BrokerLimits::*limit, Value value) {
  BrokerLimits limits;
  limits.*limit = value;
  return limits;
}

struct QueueUnderTest {
  explicit QueueUnderTest(client::RequestQueue::Bounds bounds = {1000, 1'000'000}, bool lower_qos = false)
      : QueueUnderTest(Options{.outbox_messages_max = bounds.messages,
                               .outbox_bytes_max = bounds.bytes,
                               .lower_qos = lower_qos}) {}
  explicit QueueUnderTest(const Options& options) : queue(options, blocked) {
    blocked.set_pause_wanted(true);  // So that a call that begins to wait rings.
  }

  /// Pushes without waiting for room unless told to.
  Push push(session::OutboundMessagePtr message, std::chrono::milliseconds timeout = {}) {
    std::optional<session::LimitViolation> violation;
    return queue.push(std::move(message), {timeout}, violation);
  }
  Push push(std::string_view payload, std::chrono::milliseconds timeout = {}) {
    return push(outbound(payload), timeout);
  }

  /// Everything that waits, in its order; commands are left out.
  Messages take() {
    Messages messages;
    std::vector<client::Command> commands;
    queue.take_all(messages, commands);
    return messages;
  }
  std::vector<std::string> take_payloads() {
    std::vector<std::string> payloads;
    for (const auto& message : take())
      payloads.push_back(payload_of(message));
    return payloads;
  }

  /// A call on a thread of its own that waits by now, for room or for a flush.
  template <class Call>
  auto begin_waiting(Call&& call) {
    doorbell->declare_sleep();
    auto begun = on_a_thread(std::forward<Call>(call));
    REQUIRE(support::eventually([this] { return is_readable(doorbell->descriptor()); }));
    wake_up(*doorbell);
    return begun;
  }

  const std::shared_ptr<client::Doorbell> doorbell = std::make_shared<client::Doorbell>();
  client::BlockedCalls blocked{doorbell};
  client::RequestQueue queue;
};

}  // namespace holdfast::test
