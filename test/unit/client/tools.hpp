// What the tests of this directory share: messages, calls that wait on a thread of their own, descriptors.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "client/clock.hpp"
#include "client/doorbell.hpp"
#include "session/inbound_message.hpp"
#include "session/outbound_message.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"

namespace holdfast::test {

/// How long what must not happen is watched for.
inline constexpr std::chrono::milliseconds a_while{30};
// For calls that must not wait, and for those that must not wait in vain.
inline constexpr std::chrono::milliseconds no_wait{0};
inline constexpr std::chrono::seconds long_enough{20};

/// How long calls wait that somebody has to wake: longer than tests wait for them, so that a call which only
/// its own deadline ends is found out.
inline constexpr std::chrono::milliseconds unhurried = 2 * support::patience;
inline std::chrono::steady_clock::time_point in_time() {
  return client::after(unhurried);
}
inline std::chrono::steady_clock::time_point at_once() {
  return std::chrono::steady_clock::now();
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// Counts topic and payload against the outbox's bound.
inline session::OutboundMessagePtr outbound(std::string_view payload, QoS qos = QoS::at_least_once,
                                            std::string_view topic = "t") {
  return session::OutboundMessage::make({.topic = topic, .payload = bytes_of(payload), .qos = qos});
}

inline std::string payload_of(const session::OutboundMessagePtr& message) {
  return {reinterpret_cast<const char*>(message->payload().data()), message->payload().size()};
}

/// As it came from the broker; `packet_identifier` counts at QoS 1 and 2.
inline session::InboundMessage::Ptr inbound(std::string_view payload, QoS qos = QoS::at_most_once,
                                            std::uint16_t packet_identifier = 0) {
  wire::Publish publish;
  publish.qos = qos;
  publish.payload = bytes_of(payload);
  return session::InboundMessage::make(publish, "t", {packet_identifier, packet_identifier + 1000U});
}

/// Whether poll(2) would call the descriptor readable now.
inline bool is_readable(int descriptor) {
  pollfd waiting{descriptor, POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 1;
}

/// What the network thread does after poll(2). Whether the doorbell had rung.
inline bool wake_up(client::Doorbell& doorbell) {
  const bool rang = is_readable(doorbell.descriptor());
  if (rang) doorbell.clear();
  doorbell.declare_awake();
  return rang;
}

/// A call on a thread of its own.
template <class Call>
auto on_a_thread(Call&& call) {
  return std::async(std::launch::async, std::forward<Call>(call));
}

template <class Result>
bool has_returned(const std::future<Result>& call) {
  return call.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}
template <class Result>
bool returns(const std::future<Result>& call) {
  return call.wait_for(support::patience) == std::future_status::ready;
}
template <class Result>
bool goes_on_waiting(const std::future<Result>& call) {
  return support::throughout(a_while, [&] { return !has_returned(call); });
}

inline bool mentions(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace holdfast::test
